import type { Command, CommandName } from './command.ts';
import { sacct } from './sacct.ts';
import { sinfo } from './sinfo.ts';
import { squeue } from './squeue.ts';

/** Every command by its name. */
export const allCommands: Readonly<Record<CommandName, Command>> = {
  sacct,
  sacctmgr: missing,
  sbatch: missing,
  scancel: missing,
  scontrol: missing,
  sdiag: missing,
  sinfo,
  sprio: missing,
  squeue,
  sreport: missing,
  srun: missing,
  sshare: missing,
};

async function missing({ err }: Parameters<Command>[0]): Promise<number> {
  err('error: the emulator does not have this command yet\n');
  return 1;
}
