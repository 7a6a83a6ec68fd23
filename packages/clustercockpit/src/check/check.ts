import { type Clock, SluiceError } from '@sluice/io';
import { ConfigError, problemLine } from '@sluice/service';
import { type LoadedAdapterConfig, loadAdapterConfig } from '../config/load-adapter-config.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import type { SystemUser } from './access.ts';
import { checkCcBackend } from './cc-backend.ts';
import { checkFiles } from './files.ts';
import { type CheckFinding, type Saying, saying } from './finding.ts';
import { checkHook } from './hook.ts';
import { checkNats } from './nats.ts';
import { checkSlurm } from './slurm.ts';
import { checkTopology } from './topology.ts';

export interface CheckOptions {
  /** The configuration that was named; without it the default one. */
  readonly file?: string | undefined;
  readonly strict?: boolean;
  /** Slurm as a configuration reaches it; the cluster of this host when none is named. */
  readonly connect: (config: LoadedAdapterConfig['config'], cluster: string | undefined) => SlurmReader;
  readonly clock: Clock;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  /** The user that the daemon runs as. */
  readonly user: SystemUser;
  /** Finds a user of the system by name. */
  readonly userOf: (name: string) => Promise<SystemUser | undefined>;
  /** Told of each finding as it is made, group by group. */
  readonly say: (finding: CheckFinding) => void;
}

/** Tests everything that the daemon depends on; changes nothing, and sends no job. */
export async function check(options: CheckOptions): Promise<void> {
  const { clock, env, random, hostname, user, userOf, say } = options;
  const loaded = await configuration(options, saying('configuration', say));
  if (!loaded) return;
  const { config, file, missing } = loaded;
  checkFiles(config, missing ? null : file, user, saying('files', say));
  const connect = (cluster: string | undefined) => options.connect(config, cluster);
  const slurm = await checkSlurm({ config, connect, hostname, userName: user.name }, saying('Slurm', say));
  if (slurm.conf) await checkHook({ config, conf: slurm.conf, user, userOf }, saying('hook', say));
  const clusters = await checkCcBackend({ config, clock, env }, saying('cc-backend', say));
  checkTopology({ config, clusters, nodes: slurm.nodes }, saying('topology', say));
  await checkNats({ config, clock, random, env }, saying('NATS', say));
}

async function configuration({ file, strict = false }: CheckOptions, say: Saying): Promise<LoadedAdapterConfig | undefined> {
  try {
    const loaded = await loadAdapterConfig({ file, strict });
    const name = loaded.missing ? `there is no ${loaded.file}: every key has its default` : loaded.file;
    say.ok('file', name);
    for (const warning of loaded.warnings) say.warn(warning.path === '' ? 'file' : warning.path, problemLine({ ...warning, path: '' }));
    return loaded;
  } catch (error) {
    if (error instanceof ConfigError)
      for (const problem of error.problems) say.error(problem.path === '' ? 'file' : problem.path, problemLine({ ...problem, path: '' }));
    else if (error instanceof SluiceError) say.failed('file', error);
    else throw error;
    return undefined;
  }
}
