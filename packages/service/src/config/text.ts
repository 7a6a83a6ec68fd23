import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SluiceError } from '@sluice/io';

/** No configuration of the field comes near; a larger file is not one. */
const maxConfigBytes = 4 * 1024 * 1024;

/**
 * The text of a configuration file. Errors: `config.unreadable` when there is no such file, it may not be read or is
 * none; `config.invalid` when it is too large or not UTF-8. A byte order mark is left out.
 */
export async function readConfigText(file: string): Promise<ConfigText> {
  const { bytes, mode } = await readBytes(file);
  return { text: decodeConfig(bytes, file), mode };
}

export interface ConfigText {
  readonly text: string;
  /** Permission bits of the file; 0 when there is none. */
  readonly mode: number;
}

async function readBytes(file: string): Promise<{ readonly bytes: Buffer; readonly mode: number }> {
  try {
    // O_NONBLOCK: a named pipe without a writer must not hold the program at its start.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile())
        throw new SluiceError('config.unreadable', `${file} is ${stat.isDirectory() ? 'a directory' : 'no regular file'}`);
      if (stat.size > maxConfigBytes) throw tooLarge(file);
      return { bytes: await handle.readFile(), mode: stat.mode };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw unreadable(file, error);
  }
}

function decodeConfig(bytes: Buffer, file: string): string {
  if (bytes.length > maxConfigBytes) throw tooLarge(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SluiceError('config.invalid', `${file} is not UTF-8 text`, { cause: error, hint: 'Save the file with UTF-8 encoding.' });
  }
}

function tooLarge(file: string): SluiceError {
  return new SluiceError('config.invalid', `${file} is larger than ${maxConfigBytes / 1024 / 1024} MiB: this is no configuration`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is no directory',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ELOOP: 'is a symbolic link that leads in a circle',
};

function unreadable(file: string, cause: unknown): SluiceError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new SluiceError('config.unreadable', `${file} ${reasons[code] ?? `cannot be read (${code})`}`, { cause });
}
