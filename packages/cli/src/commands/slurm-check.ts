import { SluiceError } from '@sluice/io';
import { showConfig } from '@sluice/service';
import type { Connector } from '@sluice/slurm';
import { configuration } from '../configuration.ts';
import type { Surroundings } from '../surroundings.ts';
import type { SlurmOptions } from './slurm-command.ts';
import { connectorOf, type SlurmReader } from './slurm-connector.ts';
import { isCommonCause, withSlurmHint } from './slurm-hint.ts';
import { type SlurmSettings, slurmSettings } from './slurm-settings.ts';

interface Finding {
  readonly verdict: 'ok' | 'note' | 'fail' | 'skip';
  readonly what: string;
  readonly says: string;
  /** What to do, or what follows. */
  readonly hint?: string;
}

/**
 * `sluice slurm check`: asks everything once; one question's failure hides no other answer, unless its cause is one of
 * all questions, which is said once.
 */
export async function slurmCheck(options: SlurmOptions, around: Surroundings): Promise<number> {
  const settings = await slurmSettings(options, around);
  let failed = false;
  const say = (findings: readonly Finding[]) => {
    for (const finding of findings) {
      failed ||= finding.verdict === 'fail';
      around.stdout.write(options.json ? `${JSON.stringify(finding)}\n` : lineOf(finding));
    }
  };
  say(inForce(settings, around));
  const left = [...questions(connectorOf(settings, around))];
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const { findings, common } = await answer(...next);
    around.interrupted.throwIfAborted();
    say(findings);
    if (!common) continue;
    const what = [next, ...left].map(([name]) => name).join(', ');
    say([{ verdict: 'skip', what, says: 'not asked, for the same reason' }]);
    break;
  }
  return failed ? 69 : 0;
}

type Question = () => Promise<readonly Finding[]>;

/** What a question found; `common` when it failed for a reason that the others share. */
async function answer(what: string, ask: Question): Promise<{ readonly findings: readonly Finding[]; readonly common: boolean }> {
  try {
    return { findings: await ask(), common: false };
  } catch (thrown) {
    const error = withSlurmHint(thrown);
    if (!(error instanceof SluiceError)) throw error;
    const common = isCommonCause(error);
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { findings: [{ verdict: 'fail', what: common ? 'Slurm’s commands' : what, says: error.message, ...hint }], common };
  }
}

function lineOf({ verdict, what, says, hint }: Finding): string {
  const mark = { ok: 'ok  ', note: 'note', fail: 'FAIL', skip: 'skip' }[verdict];
  return `${mark}  ${what}: ${says}\n${hint === undefined ? '' : `      ${hint}\n`}`;
}

function questions({ accounting, controller }: SlurmReader): readonly (readonly [string, Question])[] {
  return [
    ['controllers', () => controllers(controller)],
    ['slurmdbd', () => slurmdbd(accounting)],
    ['release', () => release(accounting)],
    ['clusters', () => clusters(accounting)],
    ['privileges', () => privileges(accounting)],
    ['records waiting for slurmdbd', () => agentQueue(controller)],
    ['memory of ended jobs', () => minJobAge(controller)],
    ['allocations', () => allocations(controller)],
    ['history', () => history(accounting)],
  ];
}

/** Which file was read, and what does not have its default, with where it comes from. */
function inForce({ file, ...settings }: SlurmSettings, { configFile }: Surroundings): readonly Finding[] {
  const given = Object.entries(settings).filter((entry) => entry[1] !== undefined);
  const shown = showConfig(configuration, Object.fromEntries(given.map(([key, one]) => [key, one?.value])));
  const values = Object.entries(shown as Record<string, unknown>).map(([key, value]): Finding => {
    const from = settings[key as keyof typeof settings]?.from;
    return { verdict: 'ok', what: key, says: `${value} (${from})` };
  });
  return [{ verdict: 'ok', what: 'configuration', says: file ?? `none: ${configFile} does not exist` }, ...values];
}

async function controllers(controller: Connector['controller']): Promise<readonly Finding[]> {
  const all = await controller.ping();
  const up = all.filter((one) => one.up);
  const says = all.map((one) => `${one.host} (${one.role}) ${one.up ? 'up' : 'DOWN'}`).join(', ');
  if (up.length === all.length) return [{ verdict: 'ok', what: 'controllers', says }];
  const hint =
    up.length === 0 ? 'No slurmctld answers: see its log on these hosts.' : 'Every question waits MessageTimeout for the one that is down.';
  return [{ verdict: up.length === 0 ? 'fail' : 'note', what: 'controllers', says, hint }];
}

async function slurmdbd(accounting: Connector['accounting']): Promise<readonly Finding[]> {
  const status = await accounting.ping();
  if (status.up) return [{ verdict: 'ok', what: 'slurmdbd', says: `answers in ${Math.round(status.milliseconds)} ms` }];
  if (isCommonCause(status.error)) throw status.error;
  const { message, hint } = status.error;
  return [
    {
      verdict: 'fail',
      what: 'slurmdbd',
      says: message,
      hint: hint ?? 'Without it there is no history: see whether slurmdbd runs, and its log.',
    },
  ];
}

async function release(accounting: Connector['accounting']): Promise<readonly Finding[]> {
  const { release: found } = await accounting.offers();
  const tried = found.major >= 2205 && found.major <= 2605;
  if (tried) return [{ verdict: 'ok', what: 'release', says: `Slurm ${found.text}` }];
  return [{ verdict: 'note', what: 'release', says: `Slurm ${found.text}`, hint: 'Sluice is tested with 22.05 to 26.05.' }];
}

async function clusters(accounting: Connector['accounting']): Promise<readonly Finding[]> {
  const { records } = await accounting.clusters();
  const says = records
    .map(({ name, controlHost }) => (controlHost === '' ? `${name} (no controller registered)` : `${name} (${controlHost})`))
    .join(', ');
  if (records.length > 0) return [{ verdict: 'ok', what: 'clusters', says }];
  return [{ verdict: 'fail', what: 'clusters', says: 'slurmdbd shows none', hint: 'Add it: sacctmgr add cluster NAME' }];
}

async function privileges(accounting: Connector['accounting']): Promise<readonly Finding[]> {
  const { user, adminLevel, privateData } = await accounting.privileges();
  const hidden = [...new Set([...privateData.controller, ...privateData.accounting])];
  const says = `${user} has AdminLevel ${adminLevel}; PrivateData ${hidden.length > 0 ? hidden.join(',') : 'none'}`;
  if (adminLevel !== 'None' || hidden.length === 0) return [{ verdict: 'ok', what: 'privileges', says }];
  const grant = `sacctmgr modify user ${user} set AdminLevel=Operator`;
  return [{ verdict: 'fail', what: 'privileges', says, hint: `What is private of others stays hidden from us. See it all: ${grant}` }];
}

async function agentQueue(controller: Connector['controller']): Promise<readonly Finding[]> {
  const { dbdAgentQueue: waiting } = await controller.diagnostics();
  const what = 'records waiting for slurmdbd';
  if (waiting === null) return [{ verdict: 'note', what, says: 'slurmctld does not say' }];
  if (waiting === 0) return [{ verdict: 'ok', what, says: 'none' }];
  return [
    { verdict: 'note', what, says: String(waiting), hint: 'Accounting is late by these; ends appear there when slurmdbd has taken them.' },
  ];
}

const shortMinJobAge = 120;

async function minJobAge(controller: Connector['controller']): Promise<readonly Finding[]> {
  const { MinJobAge: value = '' } = await controller.config();
  const seconds = Number.parseInt(value, 10);
  const finding = { what: 'memory of ended jobs', says: `MinJobAge ${value}` } as const;
  if (seconds >= shortMinJobAge || Number.isNaN(seconds)) return [{ verdict: 'ok', ...finding }];
  return [
    { verdict: 'note', ...finding, hint: 'slurmctld forgets ended jobs soon; MinJobAge=300 in slurm.conf leaves time to see their end.' },
  ];
}

async function allocations(controller: Connector['controller']): Promise<readonly Finding[]> {
  const { allocations: offered } = await controller.offers();
  if (offered) return [{ verdict: 'ok', what: 'allocations', says: 'CPUs and GRES indices per node of running jobs' }];
  return [{ verdict: 'note', what: 'allocations', says: 'not offered', hint: 'Jobs will name their nodes, not what they hold there.' }];
}

async function history(accounting: Connector['accounting']): Promise<readonly Finding[]> {
  const { missing, batchScript, environment, restarts } = await accounting.offers();
  const stored = (what: string, is: boolean, flag: string): Finding =>
    is
      ? { verdict: 'ok', what, says: 'stored by slurmdbd' }
      : { verdict: 'note', what, says: 'not stored', hint: `To keep them: AccountingStoreFlags=${flag} in slurm.conf` };
  const lacking = [...missing, ...(restarts ? [] : ['restarts'])];
  return [
    stored('batch scripts in history', batchScript, 'job_script'),
    stored('environments in history', environment, 'job_env'),
    lacking.length === 0
      ? { verdict: 'ok', what: 'columns of history', says: 'all' }
      : { verdict: 'note', what: 'columns of history', says: `this release lacks ${[...new Set(lacking)].join(', ')}` },
  ];
}
