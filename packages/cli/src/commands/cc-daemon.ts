import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type AdapterConfig, CcDaemon, loadAdapterConfig } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import {
  createHealth,
  createLog,
  createMetrics,
  type LogLevel,
  levelOfName,
  type OperationsServer,
  problemLine,
  runProgram,
  serveOperations,
  systemdNotifier,
} from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import type { DaemonOptions } from './cc-command.ts';
import { connectorOf, type SlurmReader } from './slurm-connector.ts';

/** Runs the daemon until it is ended, and gives its exit code. */
export async function runCcDaemon(options: DaemonOptions, around: Surroundings): Promise<number> {
  const log = createLog({ name: 'clustercockpit', level: levelOf(options.logLevel), journaldPriority: 'JOURNAL_STREAM' in around.env });
  const { config, file, warnings, missing } = await loadAdapterConfig({ file: options.config, strict: options.strict ?? false });
  for (const warning of warnings) log.warn(problemLine(warning));
  if (missing) log.info(`there is no ${file}: every key has its default`);
  const health = createHealth(around.clock);
  const metrics = config.operationsListen === null ? undefined : createMetrics({ prefix: 'sluice_cc_' });
  const daemon = new CcDaemon({
    config,
    connect: (cluster) => connectTo(config, cluster, around),
    clock: around.clock,
    random: Math.random,
    log,
    ...(metrics ? { metrics } : {}),
    health,
    env: around.env,
    hostname: hostname(),
    pid: process.pid,
    version: version(),
  });
  let operations: OperationsServer | undefined;
  const serve = {
    name: 'operations',
    async start() {
      if (config.operationsListen === null) return;
      operations = await serveOperations({ listen: config.operationsListen, health, ...(metrics ? { metrics } : {}) });
      log.info(`metrics and health on ${operations.address}`);
    },
    stop: () => operations?.close(),
  };
  around.leaveSignals();
  return runProgram({
    name: 'clustercockpit',
    parts: [...daemon.parts, serve],
    log,
    clock: around.clock,
    host: process,
    notifier: systemdNotifier({ env: around.env, processes: around.processes, log, pid: process.pid }),
    health,
    reload: () => daemon.readSecrets(),
  });
}

function levelOf(text: string | undefined): LogLevel {
  if (text === undefined) return 'info';
  const level = levelOfName(text);
  if (level) return level;
  throw new SluiceError('usage', `--log-level: ${JSON.stringify(text)} is no level; use trace, debug, info, warn, error, fatal or 0 to 5`);
}

function connectTo(
  { slurmBinPath, slurmConf, slurmTimeout }: AdapterConfig,
  cluster: string | undefined,
  around: Surroundings,
): SlurmReader {
  const given = <T>(value: T | null | undefined) => (value === null || value === undefined ? undefined : { value, from: '' });
  const settings = {
    file: undefined,
    slurmBinPath: given(slurmBinPath),
    slurmConf: given(slurmConf),
    cluster: given(cluster),
    slurmTimeout: given(slurmTimeout),
  };
  return connectorOf(settings, around);
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
