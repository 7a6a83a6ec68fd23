import { labSpec } from '../config/lab-spec.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';
import { openEmulator } from '../open-emulator.ts';
import { allCommands } from './all-commands.ts';
import { type CommandCall, type CommandName, Unreachable } from './command.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Asking {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly as?: Identity;
  readonly signal?: AbortSignal;
  readonly runThere?: NonNullable<CommandCall['runThere']>;
  /** Hears what the command says while it says it. */
  readonly onOut?: (text: string) => void;
}

export const alice: Identity = { uid: 1001, gid: 1001, user: 'alice', group: 'alice' };
export const bob: Identity = { uid: 1002, gid: 1002, user: 'bob', group: 'bob' };

/** The lab's cluster in memory, whose time stands still at a winter noon until it is moved. */
export function stillCluster(settings: Readonly<Record<string, string>> = {}): EmulatedSlurm {
  const spec = labSpec();
  return openEmulator({ spec: { ...spec, settings: { ...spec.settings, ...settings } }, file: ':memory:', start: 1_796_040_000, rate: 0 });
}

/** Runs one command to its end. */
export async function say(slurm: EmulatedSlurm, command: CommandName, argv: readonly string[], asking: Asking = {}): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const { env = {}, stdin = '', cwd = '/home/alice', as = alice, signal = new AbortController().signal, runThere, onOut } = asking;
  const code = await allCommands[command]({
    slurm,
    argv,
    env: { TZ: 'UTC', ...env },
    cwd,
    as,
    stdin: bytesOf(stdin),
    signal,
    ...(runThere ? { runThere } : {}),
    out: (bytes) => {
      const text = Buffer.from(bytes as string).toString('utf8');
      out.push(text);
      onOut?.(text);
    },
    err: (text) => err.push(text),
    controller: () => reached(slurm, 'slurmctld').then(() => slurm.controller),
    database: () => reached(slurm, 'slurmdbd').then(() => slurm.database),
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

async function reached({ faults }: EmulatedSlurm, daemon: 'slurmctld' | 'slurmdbd'): Promise<void> {
  if (faults[daemon] === 'down') throw new Unreachable(daemon, 'refused');
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
}
