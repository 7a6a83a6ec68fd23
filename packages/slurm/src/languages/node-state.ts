/** State of a node: the base state, and flags beside it. */
export interface NodeState {
  /** IDLE, ALLOCATED, MIXED, DOWN, ERROR, FUTURE, UNKNOWN, or a word of a later release. */
  readonly state: string;
  readonly flags: readonly string[];
}

/** Marks that sinfo and scontrol put behind a state (sinfo(1), NODE STATE CODES). */
const marks: Readonly<Record<string, string>> = {
  '*': 'NOT_RESPONDING',
  '~': 'POWERED_DOWN',
  '#': 'POWERING_UP',
  '!': 'POWER_DOWN',
  '%': 'POWERING_DOWN',
  $: 'MAINTENANCE',
  '@': 'REBOOT_REQUESTED',
  '^': 'REBOOT_ISSUED',
  '-': 'PLANNED',
};

/** Words of sinfo that stand for a base state with flags, long and compact. */
const words: Readonly<Record<string, string>> = {
  ALLOC: 'ALLOCATED',
  BLOCK: 'IDLE+BLOCKED',
  BLOCKED: 'IDLE+BLOCKED',
  COMP: 'IDLE+COMPLETING',
  COMPLETING: 'IDLE+COMPLETING',
  DRAIN: 'IDLE+DRAIN',
  DRAINED: 'IDLE+DRAIN',
  DRAINING: 'ALLOCATED+DRAIN',
  DRNG: 'ALLOCATED+DRAIN',
  ERR: 'ERROR',
  FAIL: 'IDLE+FAIL',
  FAILG: 'ALLOCATED+FAIL',
  FAILING: 'ALLOCATED+FAIL',
  FUTR: 'FUTURE',
  INVAL: 'IDLE+INVALID_REG',
  MAINT: 'IDLE+MAINTENANCE',
  MIX: 'MIXED',
  PLANNED: 'IDLE+PLANNED',
  PLND: 'IDLE+PLANNED',
  POWERED_DOWN: 'IDLE+POWERED_DOWN',
  POWERING_DOWN: 'IDLE+POWERING_DOWN',
  POWERING_UP: 'IDLE+POWERING_UP',
  POW_DN: 'IDLE+POWER_DOWN',
  POW_UP: 'IDLE+POWERING_UP',
  REBOOT_ISSUED: 'IDLE+REBOOT_ISSUED',
  REBOOT_REQUESTED: 'IDLE+REBOOT_REQUESTED',
  RESERVED: 'IDLE+RESERVED',
  RESV: 'IDLE+RESERVED',
  UNK: 'UNKNOWN',
};

/** Flags of which Slurm has two spellings. */
const flagNames: Readonly<Record<string, string>> = { MAINT: 'MAINTENANCE', NOT_RESP: 'NOT_RESPONDING' };

/**
 * The state of a node as scontrol (`MIXED+DRAIN`, `DOWN*+DRAIN`) or sinfo (`mix*`, `idle~`, `drained`, `allocated+`)
 * writes it; one word of sinfo such as `drained` is taken apart into base and flag.
 */
export function parseNodeState(text: string): NodeState | undefined {
  if (text.length > 512) return undefined;
  const flags = new Set<string>();
  let state: string | undefined;
  // sinfo's `allocated+`: of the node's jobs some are completing.
  const completing = text.length > 1 && text.endsWith('+');
  for (const part of (completing ? text.slice(0, -1) : text).split('+')) {
    const match = /^([A-Za-z][A-Za-z0-9_]{0,63})([*~#!%$@^-]?)$/.exec(part);
    if (match === null) return undefined;
    const [, written = '', mark = ''] = match;
    const word = written.toUpperCase();
    if (state === undefined) {
      const [base = word, ...implied] = (words[word] ?? word).split('+');
      state = base;
      for (const flag of implied) flags.add(flag);
    } else flags.add(flagNames[word] ?? word);
    const marked = marks[mark];
    if (marked !== undefined) flags.add(marked);
  }
  if (completing) flags.add('COMPLETING');
  return state === undefined ? undefined : { state, flags: [...flags] };
}

/** `MIXED+DRAIN+NOT_RESPONDING`: words only, no marks. */
export function formatNodeState(state: NodeState): string {
  return [state.state, ...state.flags].join('+');
}
