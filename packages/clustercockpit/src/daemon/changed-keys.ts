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
  'startTag',
]);

/** The keys whose values differ and that only a restart puts in force. */
export function changedKeys(before: AdapterConfig, after: AdapterConfig): readonly string[] {
  const keys = Object.keys(after) as (keyof AdapterConfig)[];
  return keys.filter((key) => !reloaded.has(key) && !isDeepStrictEqual(before[key], after[key]));
}
