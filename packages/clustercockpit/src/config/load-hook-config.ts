import { readFile } from 'node:fs/promises';
import { SluiceError } from '@sluice/io';
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
 * Reads the two keys that the hook needs, in a few milliseconds when the file is JSON; nothing else in the file can disturb it.
 * The hook runs as Slurm's user, who may not be allowed to read the daemon's file with its token: when no file is named and the
 * default one cannot be read, the defaults hold. Errors: `config.unreadable` for a file that is named, `config.invalid`.
 */
export async function loadHookConfig(named: string | undefined, defaultFile: string = defaultAdapterConfigFile): Promise<HookConfig> {
  const file = named ?? defaultFile;
  const keys = await readFile(file, 'utf8').then(
    (text) => keysOf(text, file),
    (cause: NodeJS.ErrnoException) => {
      if (named === undefined) return {};
      throw new SluiceError('config.unreadable', `${file} cannot be read (${cause.code})`, { cause });
    },
  );
  const socket = textOf(keys, 'prepSockConnectPath', file) ?? defaultSocket;
  const connect = socket === '' ? null : parseHookAddress(socket);
  if (typeof connect === 'string') throw new SluiceError('config.invalid', `${file}: prepSockConnectPath: ${connect}`);
  return { connect, spoolPath: textOf(keys, 'spoolPath', file) ?? defaultSpool };
}

async function keysOf(text: string, file: string): Promise<object> {
  const value = json(text) ?? (await yaml(text));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new SluiceError('config.invalid', `${file} is no mapping in JSON or YAML`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

/** The daemon's reader, which takes longer to load, for a file that is not JSON. */
async function yaml(text: string): Promise<unknown> {
  const [{ readConfig }, z] = await Promise.all([import('@sluice/service'), import('zod')]);
  const { value } = await readConfig(z.looseObject({}), { text, format: 'yaml' });
  return value;
}

/** Keys in any case, of several the last, as Go reads them. */
function textOf(keys: object, name: string, file: string): string | undefined {
  const [, value] = Object.entries(keys).findLast(([key]) => key.toLowerCase() === name.toLowerCase()) ?? [];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new SluiceError('config.invalid', `${file}: ${name} is not a text`);
}
