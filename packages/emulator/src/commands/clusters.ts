import type { CommandCall } from './command.ts';

/** Refuses clusters that are not the one there is; its exit code, or undefined when there is nothing to refuse. */
export function refusedCluster(call: CommandCall, command: string, clusters: string | undefined): number | undefined {
  const unknown = clusters?.split(',').find((name) => name !== call.slurm.spec.name && name !== 'all');
  return unknown === undefined ? undefined : sayUnknownCluster(call, command, unknown);
}

export function sayUnknownCluster(call: CommandCall, command: string, cluster: string): 1 {
  call.err(
    `${command}: error: No cluster '${cluster}' known by database.\n` +
      `${command}: error: '${cluster}' can't be reached now, or it is an invalid entry for --cluster.  Use 'sacctmgr list clusters' to see available clusters.\n`,
  );
  return 1;
}
