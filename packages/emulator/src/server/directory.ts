import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SluiceError } from '@sluice/io';
import type { ClusterSpec } from '../model/spec.ts';

/** What lies where in the directory of an emulated cluster. */
export interface EmulatorPaths {
  readonly root: string;
  /** Port and token of the process that holds the cluster, in a line; there while it runs. */
  readonly door: string;
  readonly lock: string;
  readonly state: string;
  /** The cluster as it was configured, for an `up` that names no configuration. */
  readonly cluster: string;
  readonly slurmConf: string;
  /** Slurm's commands, for the front of PATH. */
  readonly bin: string;
  readonly log: string;
  readonly restSocket: string;
  /** HS256 key of the tokens that `scontrol token` gives and slurmrestd takes. */
  readonly jwtKey: string;
}

export function emulatorPaths(directory: string): EmulatorPaths {
  const root = resolve(directory);
  return {
    root,
    door: join(root, 'token'),
    lock: join(root, 'lock'),
    state: join(root, 'state.db'),
    cluster: join(root, 'cluster.json'),
    slurmConf: join(root, 'slurm.conf'),
    bin: join(root, 'bin'),
    log: join(root, 'log'),
    restSocket: join(root, 'slurmrestd.sock'),
    jwtKey: join(root, 'jwt_hs256.key'),
  };
}

/** Makes the directory, or finds it as an `up` has left it. Refuses one that holds other things: nothing there is ours to overwrite. */
export function claimDirectory({ root, cluster, lock, log }: EmulatorPaths): void {
  try {
    makeDirectory(root);
    const ours = existsSync(cluster) || existsSync(lock);
    const found = readdirSync(root).filter((name) => join(root, name) !== log);
    if (!ours && found.length > 0) {
      throw new SluiceError(
        'usage',
        `${root} is not empty and no directory of an emulated cluster: it holds ${found.slice(0, 3).join(', ')}`,
        {
          hint: 'Name a directory that does not exist yet.',
        },
      );
    }
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError('usage', `${root} cannot be used: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** With those above it, one by one: Node's own `recursive` never ends where the kernel answers ENOENT below a directory that is there (/proc, autofs). */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    // Somebody else may have been faster.
    if (!existsSync(path)) throw error;
  }
}

/** The cluster that the directory had before; undefined when it is new. */
export function keptCluster({ cluster }: EmulatorPaths): ClusterSpec | undefined {
  try {
    return JSON.parse(readFileSync(cluster, 'utf8')) as ClusterSpec;
  } catch {
    return undefined;
  }
}

/** Writes a file as a whole: whoever reads it meanwhile sees the old one or the new one. */
export function writeWhole(path: string, text: string, mode: number): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text, { mode });
  // The umask may have taken bits away.
  chmodSync(fresh, mode);
  renameSync(fresh, path);
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}
