import { readFileSync } from 'node:fs';
import { type HookAddress, parseHookAddress } from '../hook/address.ts';
import { defaultAdapterConfigFile, defaultSocket, defaultSpool } from './defaults.ts';

/** What the hook takes from the daemon's configuration. */
export interface HookConfig {
  /** `prepSockConnectPath`; null when it is blank. */
  readonly connect: HookAddress | null;
  /** `spoolPath`; it need not exist. */
  readonly spoolPath: string;
}

/**
 * Reads the two keys that the hook needs; nothing else in the file can disturb it. slurmctld waits for the hook: libraries are
 * loaded for a file that is not JSON only. The hook runs as Slurm's user, who may not be allowed to read the daemon's file with
 * its token: when no file is named and the default one cannot be read, the defaults hold. Gives a sentence that says what is
 * wrong when a named file cannot be read or one of the keys cannot be used.
 */
export async function loadHookConfig(
  named: string | undefined,
  defaultFile: string = defaultAdapterConfigFile,
): Promise<HookConfig | string> {
  const file = named ?? defaultFile;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (named !== undefined) return `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`;
    text = '{}';
  }
  const keys = json(text) ?? (await yaml(text));
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) return `${file} is no mapping in JSON or YAML`;
  const { prepSockConnectPath = defaultSocket, spoolPath = defaultSpool } = hookKeys(keys);
  if (typeof spoolPath !== 'string') return `${file}: spoolPath is not a text`;
  if (typeof prepSockConnectPath !== 'string') return `${file}: prepSockConnectPath is not a text`;
  const connect = prepSockConnectPath === '' ? null : parseHookAddress(prepSockConnectPath);
  return typeof connect === 'string' ? `${file}: prepSockConnectPath: ${connect}` : { connect, spoolPath };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

async function yaml(text: string): Promise<unknown> {
  const [{ readConfig }, { anyKeys }] = await Promise.all([import('@sluice/service'), import('./any-keys.ts')]);
  const { value } = await readConfig(anyKeys, { text, format: 'yaml' });
  return value;
}

const names = ['prepSockConnectPath', 'spoolPath'] as const;

/** Keys in any case, of several the last, without those that are null: as Go reads them. */
function hookKeys(written: object): Partial<Record<(typeof names)[number], unknown>> {
  const keys: Partial<Record<(typeof names)[number], unknown>> = {};
  for (const [key, value] of Object.entries(written)) {
    const name = names.find((known) => known.toLowerCase() === key.toLowerCase());
    if (name !== undefined && value !== null) keys[name] = value;
  }
  return keys;
}
