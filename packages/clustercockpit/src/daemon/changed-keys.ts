import { isDeepStrictEqual } from 'node:util';
import type { AdapterConfig } from '../config/adapter-config.ts';
import type { DecideSettings } from '../decide/context.ts';
import { decideSettings } from './decide-settings.ts';

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

/** What decides of runs after a reload. */
export function reloadedSettings(atStart: AdapterConfig, now: AdapterConfig): DecideSettings {
  // How long a stop waits rests on whether starts are tagged: a tag comes and goes with a restart, or a stop could hit another job (W1).
  return decideSettings({ ...now, startTag: atStart.startTag });
}

/** Whether the token is for the server that is asked until the restart. */
export function takesToken(atStart: AdapterConfig, now: AdapterConfig): boolean {
  return now.ccRestUrl === atStart.ccRestUrl;
}

/** The keys whose values differ from those of the start and that only a restart puts in force. */
export function changedKeys(atStart: AdapterConfig, now: AdapterConfig): readonly string[] {
  const keys = Object.keys(now) as (keyof AdapterConfig)[];
  const waits = (key: keyof AdapterConfig) => !reloaded.has(key) || (key === 'ccRestJwt' && !takesToken(atStart, now));
  return keys.filter((key) => waits(key) && !isDeepStrictEqual(atStart[key], now[key]));
}
