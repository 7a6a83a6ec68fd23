import type { JobState } from '../records.ts';
import { parseUint32 } from './text.ts';

/** Base states in which a job has ended (squeue(1), JOB STATE CODES), for sacct(1) `-s`. */
export const endedStates: readonly string[] = [
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'TIMEOUT',
];

/** States of the rows that accounting gives an end: {@link endedStates} and those of runs that a requeue or a resize ended. */
export const accountedEndStates: readonly string[] = [...endedStates, 'REQUEUED', 'RESIZING', 'REVOKED'];

const activeStates: readonly string[] = ['PENDING', 'RUNNING', 'SUSPENDED'];
const bases: ReadonlySet<string> = new Set([...endedStates, ...activeStates]);

/**
 * Words that Slurm writes in place of a base state while something goes on, with the base that they imply. COMPLETING,
 * STAGE_OUT and the failures to start hide how the job ended, or whether it will be requeued: until Slurm says, it
 * counts as running, so that nothing is taken for ended.
 */
const impliedBase: Readonly<Record<string, string>> = {
  COMPLETING: 'RUNNING',
  CONFIGURING: 'RUNNING',
  LAUNCH_FAILED: 'RUNNING',
  POWER_UP_NODE: 'RUNNING',
  RECONFIG_FAIL: 'RUNNING',
  REQUEUED: 'PENDING',
  REQUEUE_FED: 'PENDING',
  REQUEUE_HOLD: 'PENDING',
  RESIZING: 'RUNNING',
  RESV_DEL_HOLD: 'PENDING',
  REVOKED: 'CANCELLED',
  SIGNALING: 'RUNNING',
  SPECIAL_EXIT: 'PENDING',
  STAGE_OUT: 'RUNNING',
  STOPPED: 'RUNNING',
  UPDATE_DB: 'PENDING',
};

/** squeue's compact forms (`%t`). */
const compactForms: Readonly<Record<string, string>> = {
  BF: 'BOOT_FAIL',
  CA: 'CANCELLED',
  CD: 'COMPLETED',
  CF: 'CONFIGURING',
  CG: 'COMPLETING',
  DL: 'DEADLINE',
  F: 'FAILED',
  LF: 'LAUNCH_FAILED',
  NF: 'NODE_FAIL',
  OOM: 'OUT_OF_MEMORY',
  PD: 'PENDING',
  PR: 'PREEMPTED',
  R: 'RUNNING',
  RD: 'RESV_DEL_HOLD',
  RF: 'REQUEUE_FED',
  RH: 'REQUEUE_HOLD',
  RQ: 'REQUEUED',
  RS: 'RESIZING',
  RV: 'REVOKED',
  S: 'SUSPENDED',
  SE: 'SPECIAL_EXIT',
  SI: 'SIGNALING',
  SO: 'STAGE_OUT',
  ST: 'STOPPED',
  TO: 'TIMEOUT',
};

const longWords: readonly string[] = [...bases, ...Object.keys(impliedBase)];

/**
 * The state of a job: a long word, a compact form (`PD`), a word cut at the edge of a column (`OUT_OF_ME+`), a base with
 * flags (`PENDING,UPDATE_DB`, `RUNNING+COMPLETING`), `CANCELLED by 1000`. A word that is not known is kept, as the base
 * when there is no other.
 */
export function parseState(text: string): JobState | undefined {
  if (text.length > 512) return undefined;
  const by = / by ([0-9]{1,10})$/.exec(text);
  const cancelledBy = by === null ? null : parseUint32(by[1] ?? '');
  if (cancelledBy === undefined) return undefined;
  const words = splitWords(by === null ? text : text.slice(0, by.index));
  if (words === undefined) return undefined;

  const named = words.find((word) => bases.has(word));
  const implied = words.map((word) => impliedBase[word]).find((word) => word !== undefined);
  const base = named ?? implied ?? words[0] ?? '';
  const flags = words.filter((word) => word !== base);
  if (flags.some((word) => bases.has(word))) return undefined;
  if (cancelledBy !== null && base !== 'CANCELLED') return undefined;
  return { base, flags: [...new Set(flags)], cancelledBy };
}

function splitWords(text: string): readonly string[] | undefined {
  if (text.endsWith('+')) {
    const stem = text.slice(0, -1);
    const whole = longWords.filter((word) => word.startsWith(stem));
    const [only] = whole.includes(stem) ? [stem] : whole;
    return only !== undefined && stem !== '' && (whole.length === 1 || only === stem) ? [only] : undefined;
  }
  const words = text.split(/[+,]/);
  return words.every((word) => /^[A-Z][A-Z0-9_]{0,63}$/.test(word)) ? words.map((word) => compactForms[word] ?? word) : undefined;
}

/** `RUNNING+COMPLETING`, `CANCELLED by 1000`; what {@link parseState} reads. */
export function formatState(state: JobState): string {
  const by = state.cancelledBy === null ? '' : ` by ${state.cancelledBy}`;
  return [state.base, ...state.flags].join('+') + by;
}

/** Whether the base state is one in which a job has ended; its nodes may still be cleaning up (COMPLETING). */
export function isEnded(state: JobState): boolean {
  return endedStates.includes(state.base);
}

/** Whether the job pends, runs or is suspended. A state that is neither ended nor active is not known to us. */
export function isActive(state: JobState): boolean {
  return activeStates.includes(state.base);
}
