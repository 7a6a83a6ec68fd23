import {
  type AdapterConfig,
  type CcBackendClient,
  ccBackendClient,
  type LoadedAdapterConfig,
  loadAdapterConfig,
} from '@sluice/clustercockpit';
import { type HttpClient, httpClient, readSecret, SluiceError } from '@sluice/io';
import { type LogLevel, levelOfName, problemLine } from '@sluice/service';
import type { CommandsConnectorOptions } from '@sluice/slurm';
import type { Surroundings } from '../surroundings.ts';
import { connectorOf, type SlurmReader } from './slurm-connector.ts';

/** The options by which the commands of this door find the daemon's configuration. */
export interface CcOptions {
  readonly config?: string;
  readonly strict?: boolean;
}

/** Reads the configuration, and says on stderr what the administrator should know of it. */
export async function openConfig(options: CcOptions, around: Surroundings): Promise<LoadedAdapterConfig> {
  const loaded = await loadAdapterConfig({ file: options.config, strict: options.strict ?? false });
  for (const warning of loaded.warnings) around.stderr.write(`sluice: ${problemLine(warning)}\n`);
  return loaded;
}

/** A text whose commands of this door run as they are printed: with the configuration that was named here. */
export function withConfig(text: string, { config }: CcOptions): string {
  if (config === undefined) return text;
  const file = /^[\w./-]+$/.test(config) ? config : `'${config.replaceAll("'", "'\\''")}'`;
  return text.replaceAll(/\bsluice cc (?:daemon|hook|backfill|status|check|retry)\b/g, (command) => `${command} --config ${file}`);
}

/** Slurm as the configuration reaches it; the local cluster when no other is named. */
export function slurmOf(
  config: Pick<AdapterConfig, 'slurmBinPath' | 'slurmConf' | 'slurmTimeout'>,
  cluster: string | undefined,
  around: Surroundings,
  beside: Pick<CommandsConnectorOptions, 'observe' | 'keepUntil'> = {},
): SlurmReader {
  const given = <T>(value: T | null | undefined) => (value === null || value === undefined ? undefined : { value, from: '' });
  const settings = {
    file: undefined,
    slurmBinPath: given(config.slurmBinPath),
    slurmConf: given(config.slurmConf),
    cluster: given(cluster),
    slurmTimeout: given(config.slurmTimeout),
  };
  return connectorOf(settings, around, beside);
}

/** cc-backend as the configuration reaches it. Close `http` afterwards. Errors: `config.invalid` when it names none. */
export function ccBackendOf(config: AdapterConfig, around: Surroundings): { readonly client: CcBackendClient; readonly http: HttpClient } {
  if (config.ccRestUrl === null || config.ccRestJwt === null) {
    throw new SluiceError('config.invalid', 'the configuration names no cc-backend', { hint: 'It needs ccRestUrl and ccRestJwt.' });
  }
  const { secret } = readSecret('ccRestJwt', config.ccRestJwt, around.env);
  const http = httpClient({
    baseUrl: config.ccRestUrl,
    timeoutMs: config.ccRestTimeout * 1000,
    ...(config.ccRestCaFile === null ? {} : { caFile: config.ccRestCaFile }),
    env: around.env,
    signal: endOfRequests(around),
  });
  return { http, client: ccBackendClient(http, () => secret.reveal(), { now: () => around.clock.now() }) };
}

/** Ends requests at once when the user interrupts, and not at their time-out; what became of a write is unknown then, and looked up. */
export function endOfRequests({ interrupted }: Surroundings): AbortSignal {
  const ending = new AbortController();
  const end = () => ending.abort(new SluiceError('http.dropped', 'it was interrupted before cc-backend had answered'));
  if (interrupted.aborted) end();
  else interrupted.addEventListener('abort', end, { once: true });
  return ending.signal;
}

export function logLevelOf(text: string | undefined, otherwise: LogLevel): LogLevel {
  if (text === undefined) return otherwise;
  const level = levelOfName(text);
  if (level) return level;
  throw new SluiceError('usage', `--log-level: ${JSON.stringify(text)} is no level; use trace, debug, info, warn, error, fatal or 0 to 5`);
}
