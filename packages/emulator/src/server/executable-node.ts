import type { CommandName } from '../commands/command.ts';
import { unreachableWords } from '../commands/unreachable.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { ask, NobodyThere } from './client.ts';

type Where = Pick<ClusterSpec, 'release' | 'databaseHost' | 'databasePort' | 'controllers'>;

/**
 * What a command is where there is no bash that could ask. `where` is JSON: what of the cluster the words about a daemon that does not
 * answer name.
 */
export async function runExecutable(name: string, door: string, where: string, argv: readonly string[]): Promise<number> {
  const command = name as CommandName;
  try {
    return await ask({
      door,
      command,
      argv,
      env: process.env,
      cwd: process.cwd(),
      uid: process.geteuid?.() ?? 0,
      gid: process.getegid?.() ?? 0,
      terminals: `${process.stdin.isTTY ? 0 : ''}${process.stdout.isTTY ? 1 : ''}`,
      stdin: process.stdin,
      out: (bytes) => process.stdout.write(bytes),
      err: (bytes) => process.stderr.write(bytes),
    });
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error;
    const daemon = command === 'sacct' || command === 'sacctmgr' || command === 'sreport' ? 'slurmdbd' : 'slurmctld';
    const { stdout, stderr, code } = unreachableWords(command, argv, { daemon, how: 'refused' }, JSON.parse(where) as Where);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    return code;
  } finally {
    // A stdin that was asked for would keep the process.
    process.stdin.destroy();
  }
}
