import type { Call, Processes } from '@sluice/io';
import { type CommandsConnectorOptions, type Connector, commandsConnector } from '@sluice/slurm';
import type { Surroundings } from '../surroundings.ts';
import type { SlurmOptions } from './slurm-command.ts';
import { type SlurmSettings, slurmSettings } from './slurm-settings.ts';

/** The facets that only read. */
export type SlurmReader = Pick<Connector, 'accounting' | 'controller'>;

/** The cluster that the options, the configuration and the environment name, through Slurm's commands. */
export async function openSlurm(options: SlurmOptions, around: Surroundings): Promise<SlurmReader> {
  return connectorOf(await slurmSettings(options, around), around);
}

/** As `openSlurm`, of settings that are known. */
export function connectorOf(
  settings: SlurmSettings,
  around: Surroundings,
  beside: Pick<CommandsConnectorOptions, 'observe' | 'keepUntil'> = {},
): SlurmReader {
  const { slurmBinPath, slurmConf, cluster, slurmTimeout } = settings;
  return commandsConnector({
    processes: interruptible(around.processes, around.interrupted),
    clock: around.clock,
    nonce: around.nonce,
    user: around.userName(),
    ...beside,
    ...(slurmBinPath && { binPath: slurmBinPath.value }),
    ...(slurmConf && { conf: slurmConf.value }),
    ...(cluster && { cluster: cluster.value }),
    ...(slurmTimeout && { timeoutMs: slurmTimeout.value * 1000 }),
  });
}

/** Slurm's commands run in process groups of their own: Ctrl-C in the terminal reaches them only through us. */
function interruptible(processes: Processes, interrupted: AbortSignal): Processes {
  const bound = (call: Call): Call => ({ ...call, signal: call.signal ? AbortSignal.any([call.signal, interrupted]) : interrupted });
  return { run: (call) => processes.run(bound(call)), stream: (call) => processes.stream(bound(call)) };
}
