import { isDeepStrictEqual } from 'node:util';
import type { AdapterConfig } from '../config/adapter-config.ts';

/** What a reload puts in force by itself. */
const reloaded: ReadonlySet<string> = new Set<keyof AdapterConfig>([
  'ccRestJwt',
  'gpuAddresses',
  'ignoreHosts',
  'hostnames',
  'clusterNames',
  'sendScript',
  'sendSlurmInfo',
  'sendComments',
  'sendEnvironment',
]);

/** The keys whose values differ from those of the start and that only a restart puts in force. */
export function changedKeys(atStart: AdapterConfig, now: AdapterConfig): readonly string[] {
  const keys = Object.keys(now) as (keyof AdapterConfig)[];
  return keys.filter((key) => !reloaded.has(key) && !isDeepStrictEqual(atStart[key], now[key]));
}
