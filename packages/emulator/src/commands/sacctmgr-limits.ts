import type { Limits } from '@sluice/slurm';
import { qosFlag } from '../accounting/qos-flags.ts';
import { tresName } from '../accounting/tres-kinds.ts';
import type { AssociationChanges, QosChange } from '../model/slurmdbd.ts';
import { endWith, fail, type SacctmgrCall } from './sacctmgr-call.ts';
import { means, nameList, type Word } from './sacctmgr-words.ts';

type Amounts = Readonly<Record<string, number | null>>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Changes = Writable<AssociationChanges>;
type QosChanges = Writable<QosChange>;

interface Option<C> {
  readonly names: readonly (readonly [word: string, least: number])[];
  read(scene: SacctmgrCall, word: Word, changes: C): void;
}

/** sacctmgr has said what is wrong with a value; the word then counts as unknown. */
export class BadValue extends Error {}

function bad({ call }: SacctmgrCall, text: string): never {
  call.err(text);
  throw new BadValue(text);
}

/** A whole number; -1 takes the limit away. */
function count(scene: SacctmgrCall, name: string, { value }: Word): number | null {
  if (!/^-?\d{1,12}$/.test(value)) return bad(scene, `sacctmgr: error: Invalid value for ${name} (${value})\n`);
  return Number(value) < 0 ? null : Number(value);
}

/** Minutes from `minutes`, `MM:SS`, `HH:MM:SS`, `D-HH[:MM[:SS]]`. */
function minutes(scene: SacctmgrCall, name: string, { value, text }: Word): number | null {
  if (value === '-1' || /^(?:infinite|unlimited)$/i.test(value)) return null;
  const [, days, rest = ''] = /^(?:(\d+)-)?([\d:]+)$/.exec(value) ?? [];
  const parts = rest.split(':').map(Number);
  if (rest === '' || parts.length > 3 || parts.some(Number.isNaN)) return bad(scene, ` Bad ${name} time format: ${text}\n`);
  const [first = 0, second = 0, third = 0] = parts;
  if (days !== undefined) return Number(days) * 1440 + first * 60 + second + Math.ceil(third / 60);
  if (parts.length === 1) return first;
  return parts.length === 2 ? first + Math.ceil(second / 60) : first * 60 + second + Math.ceil(third / 60);
}

/** Powers of 1024, from 0 on for K. */
const letters = ['K', 'M', 'G', 'T', 'P'];

/** `cpu=4,mem=2G,gres/gpu=-1`: memory in MiB, -1 takes a limit away. */
function tres(scene: SacctmgrCall, { value }: Word): Amounts {
  const amounts: Record<string, number | null> = {};
  for (const part of value.split(',').filter((text) => text !== '')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(0, equals)).toLowerCase();
    const known = scene.kinds.find((kind) => tresName(kind) === name || String(kind.id) === name);
    if (known === undefined) return bad(scene, `sacctmgr: error: slurmdb_format_tres_str: no TRES known by type ${name || part}\n`);
    const [, digits, letter = ''] = /^(-?\d{1,15})([KMGTP]?)B?$/i.exec(part.slice(equals + 1)) ?? [];
    if (digits === undefined) return bad(scene, `sacctmgr: error: slurmdb_format_tres_str: invalid value ${part}\n`);
    const isMemory = tresName(known) === 'mem';
    const scale = letter === '' ? 1 : 1024 ** (letters.indexOf(letter.toUpperCase()) + (isMemory ? -1 : 1));
    amounts[tresName(known)] = Number(digits) < 0 ? null : Number(digits) * scale;
  }
  return amounts;
}

/** `qos=a,b`, `qos+=a`, `qos-=a`; also `qos=+a` and `qos=-a`. */
function qosList(scene: SacctmgrCall, { value, how }: Word): { readonly how: '=' | '+' | '-'; readonly names: readonly string[] } {
  const given = nameList(value);
  const sign = /^[+-]/.exec(given[0] ?? '')?.[0] as '+' | '-' | undefined;
  const names = given.map((name) => name.replace(/^[+-]/, ''));
  return { how: how === '=' ? (sign ?? '=') : how, names: knownQos(scene, names) };
}

function knownQos(scene: SacctmgrCall, names: readonly string[]): readonly string[] {
  const all = scene.database.qos();
  for (const name of names) {
    if (all.some((qos) => qos.name === name)) continue;
    const twice =
      scene.major < 2302 &&
      scene.call.argv.some((word) => /^(?:add|create)$/i.test(word)) &&
      scene.call.argv.some((word) => /^users?$/i.test(word));
    const line = `sacctmgr: error: You gave a bad qos '${name}'. Valid QOS's are ${all.map((qos) => qos.name).join()}\n`;
    return bad(scene, twice ? line.repeat(2) : line);
  }
  return names;
}

function one<C>(name: string, least: number, read: Option<C>['read'], ...others: readonly (readonly [string, number])[]): Option<C> {
  return { names: [[name, least], ...others], read };
}

function countOf<K extends string>(key: K, name: string): Option<Record<K, number | null>>['read'] {
  return (scene, word, changes) => {
    changes[key] = count(scene, name, word);
  };
}

function tresOf<K extends string>(key: K, only?: string): Option<Record<K, Amounts>>['read'] {
  return (scene, word, changes) => {
    const read = only === undefined ? tres(scene, word) : { [only]: count(scene, only, word) };
    changes[key] = { ...changes[key], ...read };
  };
}

function minutesOf<K extends string>(key: K, name: string): Option<Record<K, number | null>>['read'] {
  return (scene, word, changes) => {
    changes[key] = minutes(scene, name, word);
  };
}

/** What associations and QOS have in common, one after the other. */
const groupLimits: readonly Option<Pick<Changes, keyof Limits>>[] = [
  one('GrpCPUMins', 7, tresOf('grpTresMins', 'cpu')),
  one('GrpCPURunMins', 7, tresOf('grpTresRunMins', 'cpu')),
  one('GrpCPUs', 7, tresOf('grpTres', 'cpu')),
  one('GrpJobs', 4, countOf('grpJobs', 'GrpJobs')),
  one('GrpMemory', 4, tresOf('grpTres', 'mem')),
  one('GrpNodes', 4, tresOf('grpTres', 'node')),
  one('GrpSubmitJobs', 4, countOf('grpSubmitJobs', 'GrpSubmitJobs')),
  one('GrpTRES', 7, tresOf('grpTres')),
  one('GrpTRESMins', 8, tresOf('grpTresMins')),
  one('GrpTRESRunMins', 8, tresOf('grpTresRunMins')),
  one('GrpWall', 4, minutesOf('grpWall', 'GrpWall')),
  one('MaxCPUMinsPerJob', 7, tresOf('maxTresMinsPerJob', 'cpu')),
  one('MaxCPUsPerJob', 7, tresOf('maxTresPerJob', 'cpu')),
];

/** What can be set on an association (sacctmgr's set_assoc_rec), in the order in which sacctmgr tries it. */
const associationOptions: readonly Option<Changes>[] = [
  one('Comment', 4, (_, { value }, changes) => {
    changes.comment = value;
  }),
  one('DefaultQOS', 8, (scene, { value }, changes) => {
    changes.defaultQos = value === '-1' || value === '' ? null : (knownQos(scene, nameList(value))[0] ?? null);
  }),
  one(
    'FairShare',
    1,
    (scene, word, changes) => {
      changes.fairshare = /^parent$/i.test(word.value) ? 'parent' : (count(scene, 'FairShare', word) ?? 1);
    },
    ['Shares', 1],
  ),
  ...groupLimits,
  one('MaxJobs', 4, countOf('maxJobs', 'MaxJobs')),
  one('MaxNodesPerJob', 4, tresOf('maxTresPerJob', 'node')),
  one('MaxSubmitJobs', 4, countOf('maxSubmitJobs', 'MaxSubmitJobs')),
  one('MaxTRESPerJob', 7, tresOf('maxTresPerJob')),
  one('MaxTRESPerNode', 11, tresOf('maxTresPerNode')),
  one('MaxTRESMinsPerJob', 8, tresOf('maxTresMinsPerJob')),
  one('MaxWallDurationPerJob', 4, minutesOf('maxWallPerJob', 'MaxWall')),
  one('Parent', 4, (_, { value }, changes) => {
    changes.parent = value.toLowerCase();
  }),
  one('Priority', 3, countOf('priority', 'Priority')),
  one('QosLevel', 1, (scene, word, changes) => {
    changes.qos = qosList(scene, word);
  }),
];

/** Reads one word into changes of an association; false when it is none of its options. */
export function readAssociationOption(scene: SacctmgrCall, word: Word, changes: Changes): boolean {
  return readOption(associationOptions, scene, word, changes);
}

function readOption<C>(options: readonly Option<C>[], scene: SacctmgrCall, word: Word, changes: C): boolean {
  if (word.key === '') return false;
  const option = options.find(({ names }) => names.some(([name, least]) => means(word.key, name, least)));
  if (option === undefined) return false;
  option.read(scene, word, changes);
  return true;
}

/** What can be set on a QOS (sacctmgr's qos_functions.c). */
const qosOptions: readonly Option<QosChanges>[] = [
  one('Description', 1, (_, { value }, changes) => {
    changes.description = value.toLowerCase();
  }),
  one('Flags', 2, (scene, word, changes) => {
    changes.flags = flags(scene, word);
  }),
  one('GraceTime', 3, (scene, word, changes) => {
    changes.graceTime = count(scene, 'GraceTime', word) ?? 0;
  }),
  ...groupLimits,
  // Of a QOS, MaxJobs and MaxSubmitJobs are those per user (recorded).
  one('MaxJobsPerUser', 4, countOf('maxJobsPerUser', 'MaxJobsPerUser'), ['MaxJobsPU', 9]),
  one('MaxJobsPerAccount', 11, countOf('maxJobsPerAccount', 'MaxJobsPerAccount'), ['MaxJobsPA', 9]),
  one('MaxNodesPerJob', 4, tresOf('maxTresPerJob', 'node')),
  one('MaxSubmitJobsPerUser', 4, countOf('maxSubmitJobsPerUser', 'MaxSubmitJobsPerUser'), ['MaxSubmitJobsPU', 15], ['MaxSubmitPU', 11]),
  one(
    'MaxSubmitJobsPerAccount',
    17,
    countOf('maxSubmitJobsPerAccount', 'MaxSubmitJobsPerAccount'),
    ['MaxSubmitJobsPA', 15],
    ['MaxSubmitPA', 11],
  ),
  one('MaxTRESPerJob', 7, tresOf('maxTresPerJob')),
  one('MaxTRESPerAccount', 11, tresOf('maxTresPerAccount'), ['MaxTRESPA', 9]),
  one('MaxTRESPerNode', 11, tresOf('maxTresPerNode'), ['MaxTRESPN', 9]),
  one('MaxTRESPerUser', 11, tresOf('maxTresPerUser'), ['MaxTRESPU', 9]),
  one('MaxTRESMinsPerJob', 8, tresOf('maxTresMinsPerJob')),
  one('MaxWallDurationPerJob', 4, minutesOf('maxWallPerJob', 'MaxWall')),
  one('MinTRESPerJob', 7, tresOf('minTresPerJob')),
  one('PreemptMode', 8, () => {}),
  one('Preempt', 7, (scene, word, changes) => {
    changes.preempt = word.value === '' ? [] : knownQos(scene, nameList(word.value));
  }),
  one('Priority', 3, (scene, word, changes) => {
    changes.priority = count(scene, 'Priority', word) ?? 0;
  }),
  one('RawUsage', 7, (scene, word, changes) => {
    changes.rawUsage = rawUsage(scene, word);
  }),
  one('UsageFactor', 6, (scene, { value }, changes) => {
    changes.usageFactor = decimal(scene, 'UsageFactor', value) ?? 1;
  }),
  one('UsageThreshold', 6, (scene, { value }, changes) => {
    changes.usageThreshold = decimal(scene, 'UsageThreshold', value);
  }),
];

export function readQosOption(scene: SacctmgrCall, word: Word, changes: QosChanges): boolean {
  return readOption(qosOptions, scene, word, changes);
}

/** Slurm lets usage be set to nothing but zero. */
export function rawUsage(scene: SacctmgrCall, { value }: Word): 0 {
  return value === '0' ? 0 : fail(scene, 'sacctmgr: error: Raw usage can only be set to 0 (zero)\n');
}

function decimal(scene: SacctmgrCall, name: string, value: string): number | null {
  const number = Number(value);
  if (value === '' || Number.isNaN(number)) return bad(scene, `sacctmgr: error: Invalid value for ${name} (${value})\n`);
  return number < 0 ? null : number;
}

function flags(scene: SacctmgrCall, { value, how }: Word): { readonly how: '=' | '+' | '-'; readonly names: readonly string[] } {
  if (value === '-1' || value === '') return { how: '=', names: [] };
  const names = value.split(',').map((word) => qosFlag(word));
  const known = names.filter((name) => name !== undefined);
  if (known.length === names.length) return { how, names: known };
  return endWith(scene, ` Unknown QOS flag used in:\n  '${value}'\n Valid QOS flags are\n  '${validFlags(scene.major)}'\n`);
}

function validFlags(major: number): string {
  if (major >= 2505) {
    return 'DenyOnLimit,EnforceUsageThreshold,PartitionMinNodes,PartitionMaxNodes,PartitionTimeLimit,RequiresReservation,OverPartQOS,NoReserve,NoDecay,Relative,UsageFactorSafe';
  }
  const relative = major >= 2311 ? 'Relative,' : '';
  return `DenyOnLimit,EnforceUsageThreshold,NoReserve,PartitionMaxNodes,PartitionMinNodes,OverPartQOS,PartitionTimeLimit,RequiresReservation,NoDecay,${relative}UsageFactorSafe`;
}
