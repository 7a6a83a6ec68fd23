import type { Command, CommandName } from './command.ts';
import { sacct } from './sacct.ts';
import { sacctmgr } from './sacctmgr.ts';
import { scontrol } from './scontrol.ts';
import { sdiag } from './sdiag.ts';
import { sinfo } from './sinfo.ts';
import { sprio } from './sprio.ts';
import { squeue } from './squeue.ts';
import { sreport } from './sreport.ts';
import { sshare } from './sshare.ts';

/** Every command by its name. */
export const allCommands: Readonly<Record<CommandName, Command>> = {
  sacct,
  sacctmgr,
  sbatch: missing,
  scancel: missing,
  scontrol,
  sdiag,
  sinfo,
  sprio,
  squeue,
  sreport,
  srun: missing,
  sshare,
};

async function missing({ err }: Parameters<Command>[0]): Promise<number> {
  err('error: the emulator does not have this command yet\n');
  return 1;
}
