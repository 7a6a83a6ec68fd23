import { accessSync, constants, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Processes } from '@sluice/io';
import { type CommandName, commandNames } from '../commands/command.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { type EmulatorPaths, removeFile, writeWhole } from './directory.ts';
import { bashExecutable, shellQuoted } from './executable-bash.ts';

/** Who runs the executables: a bash that can do what they need, or a command of ours ({@link runExecutable}). */
export type Shell = { readonly kind: 'bash'; readonly path: string } | { readonly kind: 'node'; readonly words: readonly string[] };

/** Reads fields that end with NUL (4.4), opens TCP connections, and finds its environment as a file. */
const needs = 'set +o posix; mapfile -t -d "" words </proc/self/environ && [[ $BASH_VERSION ]] && { : </dev/tcp/127.0.0.1/1; } 2>&1';

/** Finds a bash that can ask; undefined where there is none. */
export async function findShell(processes: Processes, searchPath: string): Promise<Shell | undefined> {
  const directories = [...new Set(['/bin', '/usr/bin', ...searchPath.split(delimiter)])];
  for (const directory of directories) {
    const path = join(directory, 'bash');
    if (!directory.startsWith('/') || !isExecutable(path)) continue;
    const program = { name: 'bash', dir: directory, timeoutMs: 5000, inherit: [], env: { LC_ALL: 'C' }, maxOutputBytes: 65_536 };
    const said = await processes.run({ program, args: ['-p', '-c', needs] }).catch(() => null);
    // Port 1 refuses, as a connection; a bash without /dev/tcp finds no such file.
    if (said?.stdout.toString().includes('onnect') && said.stdout.toString().includes('refused')) return { kind: 'bash', path };
  }
  return undefined;
}

/** Writes Slurm's commands into the directory's bin, and removes those that an earlier release of ours had there. */
export function writeExecutables(paths: EmulatorPaths, spec: ClusterSpec, shell: Shell): void {
  mkdirSync(paths.bin, { recursive: true, mode: 0o755 });
  for (const command of commandNames) {
    const text =
      shell.kind === 'bash'
        ? bashExecutable({ command, door: paths.door, bash: shell.path, spec })
        : nodeExecutable(command, paths.door, shell.words, spec);
    writeWhole(join(paths.bin, command), text, 0o755);
  }
  for (const name of readdirSync(paths.bin)) if (name.endsWith('.new')) removeFile(join(paths.bin, name));
}

function nodeExecutable(command: CommandName, door: string, words: readonly string[], spec: ClusterSpec): string {
  const { release, databaseHost, databasePort, controllers } = spec;
  const where = JSON.stringify({ release, databaseHost, databasePort, controllers });
  const line = [...words, command, door, where].map(shellQuoted).join(' ');
  return `#!/bin/sh\n# ${command} of an emulated cluster; written by "sluice emulator up".\nexec ${line} -- "$@"\n`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
