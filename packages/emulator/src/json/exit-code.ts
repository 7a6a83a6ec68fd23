import type { ExitCode } from '@sluice/slurm';
import { signalSentence } from '../model/signals.ts';
import type { JsonContext } from './context.ts';
import { type Fields, maybeNumber, type Value } from './value.ts';

/** Signals that Slurm has names for; the others it prints as numbers (recorded: `"11"`, `"53"`). */
const signalNames: Readonly<Record<number, string>> = {
  1: 'HUP',
  2: 'INT',
  3: 'QUIT',
  6: 'ABRT',
  9: 'KILL',
  10: 'USR1',
  12: 'USR2',
  14: 'ALRM',
  15: 'TERM',
  18: 'CONT',
  19: 'STOP',
  20: 'TSTP',
  21: 'TTIN',
  22: 'TTOU',
  23: 'URG',
  24: 'XCPU',
  28: 'WINCH',
};

/** An exit code of slurmctld: a wait status in v0.0.38, a wrapped one in v0.0.39, an object later. */
export function controllerExitCode(exit: ExitCode, context: JsonContext): Value {
  if (context.dialect >= 40) return exitCodeObject(exit);
  const status = waitStatus(exit);
  return context.dialect === 39 ? maybeNumber(status) : status;
}

/** The wait status that Slurm keeps: a signal in the low bits, the code above. */
export function waitStatus({ code, signal }: ExitCode): number {
  return signal === 0 ? code << 8 : signal & 0x7f;
}

/** An exit code of slurmdbd; null while there is none. */
export function accountedExitCode(exit: ExitCode | null, context: JsonContext, options?: { readonly derived?: boolean }): Value {
  if (context.dialect >= 40) return exit === null ? pendingObject() : exitCodeObject(exit);
  if (exit === null) return { status: 'PENDING', return_code: null };
  const { code, signal } = exit;
  if (signal !== 0 && !options?.derived) {
    return { status: 'SIGNALED', return_code: null, signal: { signal_id: signal, name: signalSentence(signal) } };
  }
  // 22.05 shows the code of a failed job as a success: it reads the code as a wait status and takes its upper bits (recorded).
  return context.dialect < 39 || code === 0 ? { status: 'SUCCESS', return_code: code >> 8 } : { status: 'ERROR', return_code: code };
}

function exitCodeObject({ code, signal }: ExitCode): Fields {
  if (signal !== 0) {
    return {
      status: ['SIGNALED'],
      return_code: maybeNumber(null),
      signal: { id: maybeNumber(signal), name: signalNames[signal] ?? `${signal}` },
    };
  }
  return {
    status: [code === 0 ? 'SUCCESS' : 'ERROR'],
    return_code: maybeNumber(code),
    signal: { id: maybeNumber(null), name: '' },
  };
}

function pendingObject(): Fields {
  return { status: ['PENDING'], return_code: maybeNumber(null), signal: { id: maybeNumber(null), name: '' } };
}
