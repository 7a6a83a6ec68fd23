import { SluiceError } from '@sluice/io';
import { ask, NobodyThere, NotForUs } from './client.ts';
import { emulatorPaths } from './directory.ts';
import { type EmulatorStatus, type OwnAnswer, type OwnRequest, ownCommand } from './own-requests.ts';

/**
 * Asks the process that holds the cluster of a directory. Undefined when nobody does; throws `data.invalid` for a question that it refuses,
 * `slurm.denied` when the cluster is another user's.
 */
export async function askHolder(directory: string, request: OwnRequest): Promise<EmulatorStatus | undefined> {
  const parts: Buffer[] = [];
  try {
    await ask({
      door: emulatorPaths(directory).door,
      command: ownCommand,
      argv: [JSON.stringify(request)],
      env: {},
      cwd: '/',
      uid: 0,
      gid: 0,
      out: (bytes) => parts.push(bytes),
      err: () => {},
    });
  } catch (error) {
    if (error instanceof NotForUs) {
      throw new SluiceError('slurm.denied', `the cluster of ${emulatorPaths(directory).root} is another user's`, {
        cause: error,
        hint: 'Whoever started it can share it: sluice emulator up --shared.',
      });
    }
    if (error instanceof NobodyThere) return undefined;
    throw error;
  }
  const answer = JSON.parse(Buffer.concat(parts).toString('utf8')) as OwnAnswer;
  if ('error' in answer) throw new SluiceError('data.invalid', answer.error);
  return answer.status;
}
