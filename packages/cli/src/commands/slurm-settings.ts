import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { SluiceError } from '@sluice/io';
import { configuration } from '../configuration.ts';
import { readConfiguration } from '../read-configuration.ts';
import type { Surroundings } from '../surroundings.ts';
import type { SlurmOptions } from './slurm-command.ts';

/** A value in force and where it comes from; no value when nobody says anything. */
export type Setting<T> = { readonly value: T; readonly from: string } | undefined;

/** How to reach Slurm. */
export interface SlurmSettings {
  /** The configuration file that was read, if any. */
  readonly file: string | undefined;
  readonly slurmBinPath: Setting<string>;
  readonly slurmConf: Setting<string>;
  readonly cluster: Setting<string>;
  /** Seconds. */
  readonly slurmTimeout: Setting<number>;
}

/**
 * Options of the command line win over the configuration file, and that over SLURM_CONF. Errors: `usage`, `config.…`; a
 * slurm.conf or directory of commands that is not there is `config.unreadable` at once, where Slurm would try for a minute.
 */
export async function slurmSettings(options: SlurmOptions, around: Surroundings): Promise<SlurmSettings> {
  const { slurmTimeout, cluster } = configuration.shape;
  const fromLine = {
    cluster: checked(cluster, '--cluster', options.cluster),
    slurmTimeout: checked(slurmTimeout, '--timeout', asNumber(options.timeout)),
  };
  const { value, file } = await readConfiguration(options.config, options, around);
  const inFile = file ?? '';
  const settings: SlurmSettings = {
    file,
    slurmBinPath: first(setting(options.binPath, '--bin-path'), setting(value.slurmBinPath, inFile)),
    slurmConf: first(
      setting(options.conf, '--conf'),
      setting(value.slurmConf, inFile),
      setting(around.env['SLURM_CONF'] || undefined, 'SLURM_CONF'),
    ),
    cluster: first(setting(fromLine.cluster, '--cluster'), setting(value.cluster, inFile)),
    slurmTimeout: first(setting(fromLine.slurmTimeout, '--timeout'), setting(value.slurmTimeout, inFile)),
  };
  await reachable(settings.slurmBinPath, 'slurmBinPath', '--bin-path');
  await reachable(settings.slurmConf, 'slurmConf', '--conf');
  return settings;
}

/** Looks whether the directory of commands may be searched and slurm.conf be read. */
async function reachable(given: Setting<string>, key: 'slurmBinPath' | 'slurmConf', option: string): Promise<void> {
  if (given === undefined) return;
  const { value, from } = given;
  const wrong = await wrongWith(value, key === 'slurmBinPath');
  if (wrong === undefined) return;
  const said = from === option || from === 'SLURM_CONF' ? from : `${key} of ${from}`;
  throw new SluiceError('config.unreadable', `${said}: ${value === '' ? 'the name' : value} ${wrong}`, {
    hint: `Mend that, or name another with ${option} or the key ${key} of the configuration.`,
  });
}

async function wrongWith(path: string, directory: boolean): Promise<string | undefined> {
  if (path === '') return 'is empty';
  try {
    if ((await stat(path)).isDirectory() !== directory) return directory ? 'is no directory' : 'is a directory';
    await access(path, directory ? constants.X_OK : constants.R_OK);
    return undefined;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
    if (code === 'EACCES') return 'may not be read by this user';
    return `cannot be read: ${code}`;
  }
}

function setting<T>(value: T | undefined, from: string): Setting<T> {
  return value === undefined ? undefined : { value, from };
}

function first<T>(...settings: readonly Setting<T>[]): Setting<T> {
  return settings.find((one) => one !== undefined);
}

/** An option means what the key of the configuration means, and is held to the same. */
function checked<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly { message: string }[] } } },
  option: string,
  value: string | number | undefined,
): T | undefined {
  if (value === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const expected = result.error.issues[0]?.message.replace(/^expected /, '') ?? 'another value';
  throw new SluiceError('usage', `${option} ${value}: expected ${expected}`);
}

function asNumber(text: string | undefined): string | number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
