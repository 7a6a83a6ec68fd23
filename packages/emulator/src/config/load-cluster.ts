import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { SluiceError } from '@sluice/io';
import { loadConfig, problemLine } from '@sluice/service';
import type { ClusterSpec } from '../model/spec.ts';
import { clusterOfConfig } from './cluster-of-config.ts';
import { emulatorConfigSchema } from './emulator-config.ts';
import { readSlurmConf, type SlurmConf } from './slurm-conf.ts';

export interface LoadClusterOptions {
  /** YAML or JSON. */
  readonly file?: string | undefined;
  /** A slurm.conf; it wins over the one that the file names. */
  readonly slurmConf?: string | undefined;
  readonly release?: string | undefined;
  readonly play?: 'simulated' | 'script' | undefined;
  /** Unknown keys are errors. */
  readonly strict?: boolean;
}

export interface LoadedCluster {
  readonly spec: ClusterSpec;
  /** Of the file; undefined when it does not say. */
  readonly rate: number | undefined;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** Reads what describes a cluster. Errors: `config.invalid`, `config.unreadable`. */
export async function loadCluster({ file, slurmConf, release, play, strict = false }: LoadClusterOptions): Promise<LoadedCluster> {
  const { value, warnings } = await loadConfig(emulatorConfigSchema, file === undefined ? { text: '{}' } : { file, strict });
  const named = slurmConf ?? value.slurmConf;
  const conf = named === undefined ? undefined : confOf(named);
  const spec = clusterOfConfig({ ...value, release: release ?? value.release }, conf);
  return {
    spec: play === undefined ? spec : { ...spec, settings: { ...spec.settings, EmulatedPlay: play } },
    rate: value.rate,
    warnings: [...warnings.map(problemLine), ...(conf?.warnings ?? [])],
  };
}

function confOf(file: string): SlurmConf {
  return readSlurmConf({ file, text: textOf(file), include: (name) => textOf(isAbsolute(name) ? name : join(dirname(file), name)) });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SluiceError('config.unreadable', `${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
