import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from './errors.ts';
import { Secret } from './redact.ts';

/** Where a secret stands; exactly one of the three. */
export interface SecretSource {
  readonly value?: string | undefined;
  /** Path of a file that holds nothing else. */
  readonly file?: string | undefined;
  /** Name of a systemd credential (`LoadCredential=`), which lies in `$CREDENTIALS_DIRECTORY`. */
  readonly credential?: string | undefined;
}

export interface ReadSecret {
  readonly secret: Secret;
  /** What the administrator should know, one sentence each, e.g. that others can read the file. */
  readonly findings: readonly string[];
}

const largest = 64 * 1024;

/**
 * Reads a secret; one newline at its end is not part of it. `what` names it in messages, e.g. `clustercockpit.token`.
 * Errors: `config.unreadable` when the file cannot be read, `config.invalid` when the source is not one, or is empty.
 */
export function readSecret(what: string, source: SecretSource, env: Readonly<Record<string, string | undefined>>): ReadSecret {
  const { value, file, credential } = source;
  if ([value, file, credential].filter((given) => given !== undefined).length !== 1) {
    throw new SluiceError('config.invalid', `${what} needs exactly one of: the value, a file, a credential`);
  }
  if (value !== undefined) return { secret: nonEmpty(what, value, 'its value'), findings: [] };
  if (file !== undefined) return readFrom(what, file);
  return { ...readFrom(what, credentialPath(what, credential ?? '', env)), findings: [] };
}

function credentialPath(what: string, name: string, env: Readonly<Record<string, string | undefined>>): string {
  const directory = env['CREDENTIALS_DIRECTORY'];
  if (!/^[\w.@:-]{1,255}$/.test(name) || /^\.\.?$/.test(name)) {
    throw new SluiceError('config.invalid', `${JSON.stringify(name)} is no name of a systemd credential (${what})`);
  }
  if (directory) return join(directory, name);
  throw new SluiceError('config.unreadable', `${what} names the credential ${name}, and CREDENTIALS_DIRECTORY is not set`, {
    hint: `In a systemd unit the line LoadCredential sets it. In a shell, as root, set it to the directory in which the file lies as ${name}.`,
  });
}

function readFrom(what: string, path: string): ReadSecret {
  const { text, mode } = readWithMode(what, path);
  const open = (mode & 0o077) !== 0;
  const finding = `${path} (${what}) can be read by others than its owner (mode ${(mode & 0o777).toString(8).padStart(4, '0')}): chmod 600 it`;
  return { secret: nonEmpty(what, text.replace(/\r?\n$/, ''), path), findings: open ? [finding] : [] };
}

function readWithMode(what: string, path: string): { readonly text: string; readonly mode: number } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const { mode, size } = fstatSync(descriptor);
    if (size > largest) throw new Error(`it has ${size} bytes, which no secret has`);
    return { text: readFileSync(descriptor, 'utf8'), mode };
  } catch (cause) {
    throw new SluiceError('config.unreadable', `${what} names ${path}, which cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: 'The file must exist and the user of the service must be allowed to read it.',
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function nonEmpty(what: string, text: string, where: string): Secret {
  if (text === '') throw new SluiceError('config.invalid', `${what} is empty (${where})`);
  return new Secret(text);
}
