import type { AdapterConfig } from '../config/adapter-config.ts';
import type { DecideSettings } from '../decide/context.ts';

/** What deciding takes from the configuration. */
export function decideSettings(config: AdapterConfig): DecideSettings {
  return {
    gpuAddresses: config.gpuAddresses,
    ignoreHosts: config.ignoreHosts,
    hostnames: config.hostnames,
    clusterNames: config.clusterNames,
    privacy: {
      script: config.sendScript,
      slurmInfo: config.sendSlurmInfo,
      environment: config.sendEnvironment,
      comments: config.sendComments,
    },
    startTag: config.startTag,
  };
}
