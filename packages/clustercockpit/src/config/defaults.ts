/** Where cc-slurm-adapter looks for its configuration when no file is named. */
export const defaultAdapterConfigFile = '/etc/cc-slurm-adapter/config.json';

/** The socket on which its hook and its daemon meet. */
export const defaultSocket = '/run/cc-slurm-adapter/daemon.sock';

/** Where Sluice's hook leaves its events. */
export const defaultSpool = '/var/spool/sluice/clustercockpit';
