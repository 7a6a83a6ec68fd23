import { SluiceError } from '@sluice/io';

/** What a finding is about, in the order in which it is looked at. */
export const checkGroups = ['configuration', 'files', 'Slurm', 'hook', 'cc-backend', 'topology', 'NATS'] as const;

export type CheckGroup = (typeof checkGroups)[number];

/** One thing that was looked at. */
export interface CheckFinding {
  readonly group: CheckGroup;
  /** `error`: the daemon cannot do its work. `warning`: it can, and something will be missing, late or doubtful. */
  readonly verdict: 'ok' | 'warning' | 'error';
  readonly what: string;
  /** What was found, one sentence or the value. */
  readonly says: string;
  /** The command or the line that mends it, or what follows. */
  readonly mend?: string;
  /** Of an error: the exit code that it stands for (sysexits.h). */
  readonly exit?: number;
}

/** Says findings of one group, in few words. */
export interface Saying {
  ok(what: string, says: string): void;
  warn(what: string, says: string, mend?: string): void;
  /** 78, a fault of the configuration, unless said otherwise. */
  error(what: string, says: string, mend?: string, exit?: number): void;
  /** An error that was raised on purpose; any other is thrown again. */
  failed(what: string, error: unknown, mend?: string): void;
}

export function saying(group: CheckGroup, say: (finding: CheckFinding) => void): Saying {
  const mended = (mend: string | undefined) => (mend === undefined ? {} : { mend });
  return {
    ok: (what, says) => say({ group, verdict: 'ok', what, says }),
    warn: (what, says, mend) => say({ group, verdict: 'warning', what, says, ...mended(mend) }),
    error: (what, says, mend, exit = configuration) => say({ group, verdict: 'error', what, says, ...mended(mend), exit }),
    failed(what, error, mend) {
      if (!(error instanceof SluiceError)) throw error;
      say({ group, verdict: 'error', what, says: error.message, ...mended(mend ?? error.hint), exit: error.exitCode });
    },
  };
}

const configuration = 78;
/** The worst first: what no waiting mends, then what somebody else must grant, then what may be up again in a minute. */
const worstFirst = [configuration, 77, 76, 73, 69];

/** The exit code of all findings: 0 without errors, else that of the worst. */
export function checkExitCode(findings: readonly CheckFinding[]): number {
  const codes = new Set(findings.flatMap(({ verdict, exit }) => (verdict === 'error' ? [exit ?? configuration] : [])));
  return worstFirst.find((code) => codes.has(code)) ?? [...codes][0] ?? 0;
}
