import { type Connector, commandsConnector } from '@sluice/slurm';
import type { Surroundings } from '../surroundings.ts';
import type { SlurmOptions } from './slurm-command.ts';

/** The cluster that the options and the environment name, through Slurm's commands. */
export function openSlurm(options: SlurmOptions, around: Surroundings): Pick<Connector, 'accounting' | 'controller'> {
  return commandsConnector({
    processes: around.processes,
    clock: around.clock,
    nonce: around.nonce,
    user: around.userName(),
    ...(options.binPath === undefined ? {} : { binPath: options.binPath }),
    ...slurmConf(options.conf ?? around.env['SLURM_CONF']),
  });
}

function slurmConf(conf: string | undefined): { readonly conf?: string } {
  return conf === undefined || conf === '' ? {} : { conf };
}
