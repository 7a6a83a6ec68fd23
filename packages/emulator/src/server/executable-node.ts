import type { CommandName } from '../commands/command.ts';
import { unreachableWords } from '../commands/unreachable.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { ask, NobodyThere } from './client.ts';

/** What a command is where there is no bash that could ask: Node, with this module. */
export async function runExecutable(
  command: CommandName,
  door: string,
  where: Pick<ClusterSpec, 'release' | 'databaseHost' | 'databasePort' | 'controllers'>,
): Promise<void> {
  const argv = process.argv.slice(1);
  try {
    process.exitCode = await ask({
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
    const { stdout, stderr, code } = unreachableWords(command, argv, { daemon, how: 'refused' }, where);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = code;
  }
  // A stdin that was asked for would keep the process.
  process.stdin.destroy();
}
