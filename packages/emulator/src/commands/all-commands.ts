import type { Command, CommandName } from './command.ts';
import { repeated } from './repeated.ts';
import { sacct } from './sacct.ts';
import { sacctmgr } from './sacctmgr.ts';
import { sbatch } from './sbatch.ts';
import { scancel } from './scancel.ts';
import { scontrol } from './scontrol.ts';
import { sdiag } from './sdiag.ts';
import { sinfo, optionsOf as sinfoOptions } from './sinfo.ts';
import { sprio } from './sprio.ts';
import { squeue, optionsOf as squeueOptions } from './squeue.ts';
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
  sinfo: repeated('sinfo', sinfo, sinfoOptions),
  sprio,
  squeue: repeated('squeue', squeue, squeueOptions),
  sreport,
  srun,
  sshare,
};
