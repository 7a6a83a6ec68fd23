import type { EmulatedJob } from '../model/job.ts';
import type { EmulatedNode } from '../model/slurmctld.ts';

/** A job's state as it is shown: the first flag of these that it has, else its base state; with the compact form (squeue(1), JOB STATE CODES). */
const shownFlags: readonly (readonly [flag: string, compact: string])[] = [
  ['COMPLETING', 'CG'],
  ['STAGE_OUT', 'SO'],
  ['CONFIGURING', 'CF'],
  ['RESIZING', 'RS'],
  ['REQUEUED', 'RQ'],
  ['REQUEUE_FED', 'RF'],
  ['REQUEUE_HOLD', 'RH'],
  ['SPECIAL_EXIT', 'SE'],
  ['STOPPED', 'ST'],
  ['REVOKED', 'RV'],
  ['RESV_DEL_HOLD', 'RD'],
  ['SIGNALING', 'SI'],
];

const baseStates: readonly (readonly [state: string, compact: string])[] = [
  ['PENDING', 'PD'],
  ['RUNNING', 'R'],
  ['SUSPENDED', 'S'],
  ['COMPLETED', 'CD'],
  ['CANCELLED', 'CA'],
  ['FAILED', 'F'],
  ['TIMEOUT', 'TO'],
  ['NODE_FAIL', 'NF'],
  ['PREEMPTED', 'PR'],
  ['BOOT_FAIL', 'BF'],
  ['DEADLINE', 'DL'],
  ['OUT_OF_MEMORY', 'OOM'],
];

const compacts: ReadonlyMap<string, string> = new Map([...shownFlags, ...baseStates]);

type Stated = Pick<EmulatedJob, 'state' | 'flags'>;

/** `RUNNING`, `COMPLETING`, … */
export function jobStateWord(job: Stated): string {
  if (job.flags.length === 0) return job.state;
  return shownFlags.find(([flag]) => job.flags.includes(flag))?.[0] ?? job.state;
}

/** `R`, `CG`, … */
export function compactJobState(word: string): string {
  return compacts.get(word) ?? '?';
}

/** The state of a word that a user gave, long or compact, whatever its case; undefined when there is none. `isFlag`: one that comes beside a base state. */
export function readJobState(text: string): { readonly state: string; readonly isFlag: boolean } | undefined {
  const word = text.toUpperCase();
  const state = [...compacts].find(([long, compact]) => long === word || compact === word)?.[0];
  if (state === undefined) return undefined;
  return { state, isFlag: shownFlags.some(([flag]) => flag === state) };
}

/** All base states, in the order of their numbers. */
export const jobBaseStates: readonly string[] = baseStates.map(([state]) => state);

type NodeStated = Pick<EmulatedNode, 'state' | 'flags'>;

/** Flags of a node in the order in which scontrol lists them. */
const nodeFlags: readonly string[] = [
  ...['RESERVED', 'UNDRAIN', 'CLOUD', 'RESUME', 'DRAIN', 'COMPLETING', 'NOT_RESPONDING', 'POWERED_DOWN', 'FAIL', 'POWERING_UP'],
  ...[
    'MAINTENANCE',
    'REBOOT_REQUESTED',
    'REBOOT_ISSUED',
    'POWERING_DOWN',
    'DYNAMIC_FUTURE',
    'POWER_DOWN',
    'PLANNED',
    'INVALID_REG',
    'BLOCKED',
  ],
];

/** `MIXED+DRAIN`: the base state with all its flags. */
export function completeNodeState({ state, flags }: NodeStated): string {
  return [state, ...nodeFlags.filter((flag) => flags.includes(flag)), ...flags.filter((flag) => !nodeFlags.includes(flag))].join('+');
}

/** What sinfo puts behind a state, in the order in which it looks for a reason to. */
const marks: readonly (readonly [flag: string, mark: string])[] = [
  ['MAINTENANCE', '$'],
  ['REBOOT_ISSUED', '^'],
  ['REBOOT_REQUESTED', '@'],
  ['POWERING_UP', '#'],
  ['POWERING_DOWN', '%'],
  ['POWERED_DOWN', '~'],
  ['POWER_DOWN', '!'],
  ['NOT_RESPONDING', '*'],
];

/** `mixed`, `drained`, `down*`: one word for a node, as sinfo's long state, in capitals. */
export function nodeStateWord({ state, flags }: NodeStated): string {
  const has = (flag: string) => flags.includes(flag);
  const isBusy = state === 'ALLOCATED' || state === 'MIXED';
  const mark = marks.find(([flag]) => has(flag))?.[1] ?? '';
  const noAnswer = has('NOT_RESPONDING') ? '*' : '';
  if (has('INVALID_REG')) return 'INVAL';
  if (has('MAINTENANCE') && !has('DRAIN') && !isBusy && state !== 'DOWN') return `MAINT${noAnswer}`;
  if ((has('REBOOT_ISSUED') || has('REBOOT_REQUESTED')) && !isBusy) return has('REBOOT_ISSUED') ? 'REBOOT^' : `REBOOT${noAnswer}`;
  if (has('DRAIN')) return `${isBusy || has('COMPLETING') ? 'DRAINING' : 'DRAINED'}${mark}`;
  if (has('FAIL')) return `${isBusy || has('COMPLETING') ? 'FAILING' : 'FAIL'}${noAnswer}`;
  if (state === 'DOWN') return `DOWN${mark}`;
  if (state === 'ALLOCATED') return mark === '' && has('COMPLETING') ? 'ALLOCATED+' : `ALLOCATED${mark}`;
  if (has('COMPLETING')) return `COMPLETING${mark}`;
  if (mark !== '') return `${state}${mark}`;
  if (state === 'IDLE') return has('RESERVED') ? 'RESERVED' : has('BLOCKED') ? 'BLOCKED' : has('PLANNED') ? 'PLANNED' : 'IDLE';
  return state === 'MIXED' && has('PLANNED') ? 'MIXED-' : state;
}

const compactNodeStates: Readonly<Record<string, string>> = {
  ALLOCATED: 'ALLOC',
  BLOCKED: 'BLOCK',
  COMPLETING: 'COMP',
  DRAINED: 'DRAIN',
  DRAINING: 'DRNG',
  FAILING: 'FAILG',
  FUTURE: 'FUTR',
  MIXED: 'MIX',
  PLANNED: 'PLND',
  REBOOT: 'BOOT',
  RESERVED: 'RESV',
  UNKNOWN: 'UNK',
};

/** `MIX`, `DRAIN`, `DOWN*`: sinfo's short state, in capitals. */
export function compactNodeState(node: NodeStated): string {
  const [, word = '', mark = ''] = /^([A-Z_]+)(.*)$/.exec(nodeStateWord(node)) ?? [];
  return `${compactNodeStates[word] ?? word}${mark}`;
}
