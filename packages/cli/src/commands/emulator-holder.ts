import { askHolder, type EmulatorStatus, emulatorPaths, type OwnRequest } from '@sluice/emulator';
import { SluiceError } from '@sluice/io';

/** The answer of the process that holds a cluster; an error when nobody does. */
export async function askRunning(directory: string, request: OwnRequest): Promise<EmulatorStatus> {
  const status = await askHolder(directory, request);
  if (status !== undefined) return status;
  throw new SluiceError('slurm.unreachable', `no emulated cluster runs in ${emulatorPaths(directory).root}`, {
    hint: `Start it with: sluice emulator up --dir ${directory}`,
  });
}

/** What the executables of a cluster call where there is no bash: `sluice emulator ask`. */
export function executableWords(): readonly string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'emulator', 'ask'];
}
