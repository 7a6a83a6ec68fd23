import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program is found on the PATH. */
export function hasProgram(name: string, path = process.env['PATH'] ?? ''): boolean {
  return path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a program to its end and returns its stdout. @throws Error with its output when it fails. */
export function runProgram(command: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { status, signal, error, stdout, stderr } = spawnSync(command, [...args], {
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    encoding: 'utf8',
  });
  if (error) throw new Error(`${command} could not be run: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${command} ended with ${signal ?? status}:\n${stdout}${stderr}`.trimEnd());
  return stdout;
}
