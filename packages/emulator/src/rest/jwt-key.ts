import { readFileSync, writeFileSync } from 'node:fs';

/** Path of the cluster's HS256 key, `AuthAltParameters=jwt_key=PATH` of slurm.conf(5); null when it has none. */
export function jwtKeyPath(settings: Readonly<Record<string, string>>): string | null {
  const [, path = null] = /(?:^|,)jwt_key=([^,]+)/.exec(settings['AuthAltParameters'] ?? '') ?? [];
  return path;
}

/** The key in a file, which is made, readable by its owner alone, when it is not there. */
export function keptJwtKey(path: string, randomBytes: (count: number) => Uint8Array): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  writeFileSync(path, randomBytes(32), { mode: 0o600, flag: 'wx' });
  return readFileSync(path);
}
