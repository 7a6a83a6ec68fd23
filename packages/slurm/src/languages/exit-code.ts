import type { ExitCode } from '../records.ts';
import { parseUint32 } from './text.ts';

/** `3:0` (exit code, then signal) as in scontrol's and sacct's ExitCode. */
export function parseExitCode(text: string): ExitCode | undefined {
  const colon = text.indexOf(':');
  const code = parseUint32(text.slice(0, Math.max(colon, 0)));
  const signal = parseUint32(text.slice(colon + 1));
  return code === undefined || signal === undefined ? undefined : { code, signal };
}

/** `3:0`. */
export function formatExitCode(exitCode: ExitCode): string {
  return `${exitCode.code}:${exitCode.signal}`;
}

/**
 * From the status that wait(2) gives, as in SLURM_JOB_EXIT_CODE of the EpilogSlurmctld: the signal is in the low seven
 * bits, the exit code in the byte above (bit 7 says that there was a core dump).
 */
export function exitCodeFromWaitStatus(status: number): ExitCode {
  const bits = Number.isFinite(status) ? Math.trunc(status) & 0xffff : 0;
  const signal = bits & 0x7f;
  return { code: signal === 0 ? (bits >> 8) & 0xff : 0, signal };
}
