import { SluiceError } from '@sluice/io';
import type { LimitChanges, QosChanges } from '../facets.ts';

type TresChange = Readonly<Record<string, number | null>>;

/** What sacctmgr takes for "no limit". */
const cleared = '-1';

/**
 * `key=name` for an account, user, cluster, partition or QOS. Refused is what sacctmgr would take for a list, a range, a
 * quotation or another word, and what would not survive its own output.
 */
export function nameWord(key: string, name: string): string {
  if (name === '' || name.length > 255 || name.startsWith('-') || /[\s,=|"'`[\](){}\\\p{Cc}]/u.test(name)) {
    throw new SluiceError('data.invalid', `${JSON.stringify(name)} cannot be the ${key} of anything in Slurm`, {
      hint: 'A name does not begin with "-" and holds no blank, comma, quote, bracket, "=", "|" or control character.',
    });
  }
  return `${key}=${name}`;
}

/**
 * `key=text` for a free text. sacctmgr takes a quote at the beginning for its own and stores the others as `` ` ``; here
 * all become so. Control characters are refused: a newline would break sacctmgr's own output.
 */
export function setting(key: string, text: string): string {
  if (text.length > 4096 || /\p{Cc}/u.test(text)) {
    throw new SluiceError('data.invalid', `the ${key} ${JSON.stringify(text.slice(0, 200))} holds a control character or is too long`);
  }
  return `${key}=${text.replace(/["']/g, '`')}`;
}

export function limitSettings(changes: LimitChanges): readonly string[] {
  const { fairshare, qos, defaultQos } = changes;
  return [
    ...(fairshare === undefined ? [] : [fairshare === 'parent' ? 'fairshare=parent' : count('fairshare', fairshare)]),
    ...tres('grptres', changes.grpTres),
    ...tres('grptresmins', changes.grpTresMins),
    ...tres('grptresrunmins', changes.grpTresRunMins),
    ...tres('maxtresperjob', changes.maxTresPerJob),
    ...tres('maxtresminsperjob', changes.maxTresMinsPerJob),
    ...limit('grpjobs', changes.grpJobs),
    ...limit('grpsubmitjobs', changes.grpSubmitJobs),
    ...limit('maxjobs', changes.maxJobs),
    ...limit('maxsubmitjobs', changes.maxSubmitJobs),
    ...limit('maxwall', changes.maxWallPerJob),
    ...limit('grpwall', changes.grpWall),
    ...(qos === undefined ? [] : [`qos=${qos.map((name) => nameWord('qos', name).slice(4)).join(',')}`]),
    ...(defaultQos === undefined ? [] : [defaultQos === null ? `defaultqos=${cleared}` : nameWord('defaultqos', defaultQos)]),
  ];
}

export function qosSettings(changes: QosChanges): readonly string[] {
  const { description, priority, flags, usageFactor } = changes;
  return [
    ...(description === undefined ? [] : [setting('description', description)]),
    ...(priority === undefined ? [] : [count('priority', priority)]),
    ...(flags === undefined
      ? []
      : [`flags=${flags.length === 0 ? cleared : flags.map((flag) => nameWord('flag', flag).slice(5)).join(',')}`]),
    ...(usageFactor === undefined ? [] : [`usagefactor=${finite('usagefactor', usageFactor)}`]),
    ...tres('grptres', changes.grpTres),
    ...tres('grptresmins', changes.grpTresMins),
    ...tres('maxtresperjob', changes.maxTresPerJob),
    ...tres('maxtresperuser', changes.maxTresPerUser),
    ...tres('maxtresperaccount', changes.maxTresPerAccount),
    ...limit('maxjobsperuser', changes.maxJobsPerUser),
    ...limit('maxsubmitjobsperuser', changes.maxSubmitJobsPerUser),
    ...limit('maxwall', changes.maxWallPerJob),
  ];
}

/** `grptres=cpu=3,mem=-1`; nothing when there is nothing to change. */
function tres(key: string, changes: TresChange | undefined): readonly string[] {
  const entries = Object.entries(changes ?? {});
  if (entries.length === 0) return [];
  const parts = entries.map(([name, value]) => {
    if (!/^[A-Za-z][A-Za-z0-9_/:.+-]{0,254}$/.test(name)) throw new SluiceError('data.invalid', `${JSON.stringify(name)} is no TRES`);
    return value === null ? `${name}=${cleared}` : count(name, value);
  });
  return [`${key}=${parts.join(',')}`];
}

function limit(key: string, value: number | null | undefined): readonly string[] {
  if (value === undefined) return [];
  return [value === null ? `${key}=${cleared}` : count(key, value)];
}

function count(key: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new SluiceError('data.invalid', `${key} is ${value} and not a whole number from 0 on`);
  return `${key}=${value}`;
}

function finite(key: string, value: number): number {
  if (!Number.isFinite(value) || value < 0) throw new SluiceError('data.invalid', `${key} is ${value} and not a number from 0 on`);
  return value;
}
