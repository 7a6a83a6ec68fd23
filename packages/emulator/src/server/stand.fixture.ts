import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemProcesses } from '@sluice/io';
import type { Command, CommandName } from '../commands/command.ts';
import { commandNames } from '../commands/command.ts';
import { labSpec } from '../config/lab-spec.ts';
import type { Faults } from '../model/emulated-slurm.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { openEmulator } from '../open-emulator.ts';
import type { Commands } from './commands.ts';
import { type RunningEmulator, startEmulator } from './start-emulator.ts';

const client = `
const [command, door, where, , ...argv] = process.argv.slice(1);
import(${JSON.stringify(new URL('executable-node.ts', import.meta.url).href)}).then((m) => m.runExecutable(command, door, where, argv)).then((code) => { process.exitCode = code; });
`;

export interface Stand {
  readonly emulator: RunningEmulator;
  setFaults(changes: Partial<Faults>): void;
  /** Runs an executable to its end. */
  run(command: CommandName, argv: readonly (string | Buffer)[], options?: RunOptions): Promise<Outcome>;
  path(command: CommandName): string;
  close(): Promise<void>;
}

/** The lab's cluster, whose commands wait a second for a daemon that is silent. */
function impatientLab(): ClusterSpec {
  const spec = labSpec();
  return { ...spec, settings: { ...spec.settings, MessageTimeout: '1' } };
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer;
  readonly cwd?: string;
}

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Executables of a directory before a cluster; each command is `command`. */
export async function openStand(command: Command, options: { readonly shell?: 'node' } = {}): Promise<Stand> {
  const directory = mkdtempSync(join(tmpdir(), "sluice emulator's "));
  const emulator = await startEmulator({
    ...options,
    directory,
    newSpec: impatientLab(),
    open: (spec, file) => openEmulator({ spec, file }),
    commands: Object.fromEntries(commandNames.map((name) => [name, command])) as Commands,
    clock: systemClock(),
    processes: systemProcesses(process.env),
    random: () => 0.5,
    env: process.env,
    pid: process.pid,
    rest: null,
    client: [process.execPath, '--conditions=@sluice/source', '-e', client, '--'],
    onFault: (error) => {
      throw error;
    },
  });
  const path = (name: CommandName) => join(emulator.paths.bin, name);
  return {
    emulator,
    setFaults: (changes) => emulator.slurm.setFaults(changes),
    path,
    run: (name, argv, { env = {}, stdin, cwd } = {}) => finished(path(name), argv, { env, stdin, cwd }),
    close: async () => {
      await emulator.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Spawned {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | Buffer | undefined;
  readonly cwd: string | undefined;
}

/** Through a shell, because Node itself takes words as text alone. */
async function finished(file: string, argv: readonly (string | Buffer)[], { env, stdin, cwd = '/tmp' }: Spawned): Promise<Outcome> {
  const words = [cwd, file, ...argv].map((word) => (typeof word === 'string' ? Buffer.from(word) : word));
  const named = words.map((word) => `$'${Array.from(word, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}'`);
  const program = { name: 'bash', timeoutMs: 60_000, inherit: ['PATH'], env, maxOutputBytes: 64 * 1024 * 1024 };
  const script = `cd ${named[0]}; exec ${named.slice(1).join(' ')}`;
  return systemProcesses(process.env).run({ program, args: ['--norc', '-c', script], ...(stdin === undefined ? {} : { stdin }) });
}
