import type { Command, CommandName } from './command.ts';
import { sacct } from './sacct.ts';
import { sacctmgr } from './sacctmgr.ts';
import { sbatch } from './sbatch.ts';
import { scancel } from './scancel.ts';
import { scontrol } from './scontrol.ts';
import { sdiag } from './sdiag.ts';
import { sinfo } from './sinfo.ts';
import { sprio } from './sprio.ts';
import { squeue } from './squeue.ts';
import { sreport } from './sreport.ts';
import { srun } from './srun.ts';
import { sshare } from './sshare.ts';

/** Every command by its name. */
export const allCommands: Readonly<Record<CommandName, Command>> = {
  sacct,
  sacctmgr,
  sbatch,
  scancel,
  scontrol,
  sdiag,
  sinfo,
  sprio,
  squeue,
  sreport,
  srun,
  sshare,
};
