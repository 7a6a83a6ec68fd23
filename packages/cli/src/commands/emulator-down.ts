import { emulatorPaths } from '@sluice/emulator';
import { SluiceError } from '@sluice/io';
import { instanceHolder } from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import type { DirectoryOptions } from './emulator-command.ts';

/** Milliseconds that the process has to write what it holds. */
const stopMs = 35_000;
const lookMs = 25;

/** `sluice emulator down`: ends the process that holds the lock of the directory, and no other. */
export async function emulatorDown({ dir }: DirectoryOptions, around: Surroundings): Promise<void> {
  const { root, lock } = emulatorPaths(dir);
  const pid = instanceHolder(lock);
  if (pid === undefined) throw new SluiceError('internal', `the kernel does not say which process holds ${lock}`);
  if (pid === null) {
    around.stdout.write(`${root}: no process holds the cluster\n`);
    return;
  }
  askToEnd(pid, root);
  for (const end = around.clock.monotonic() + stopMs; around.clock.monotonic() < end; ) {
    if (instanceHolder(lock) !== pid) {
      around.stdout.write(`${root}: stopped; the state of the cluster stays there\n`);
      return;
    }
    await around.clock.sleep(lookMs, around.interrupted);
  }
  throw new SluiceError('process.timeout', `process ${pid}, which holds the cluster of ${root}, has not ended within ${stopMs / 1000} s`);
}

function askToEnd(pid: number, root: string): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    // It has ended by itself meanwhile.
    if (code === 'ESRCH') return;
    throw new SluiceError('process.denied', `process ${pid}, which holds the cluster of ${root}, is another user’s`, {
      hint: 'Only the user who started it, or root, can stop it.',
      cause,
    });
  }
}
