import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { CcDaemon, loadAdapterConfig } from '@sluice/clustercockpit';
import {
  createHealth,
  createLog,
  createMetrics,
  type OperationsServer,
  problemLine,
  runProgram,
  serveOperations,
  systemdNotifier,
} from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import type { DaemonOptions } from './cc-command.ts';
import { logLevelOf, slurmOf } from './cc-open.ts';
import { shadowOf } from './cc-shadow.ts';
import { garbageCollector } from './garbage-collector.ts';

/** Runs the daemon until it is ended, and gives its exit code. */
export async function runCcDaemon(options: DaemonOptions, around: Surroundings): Promise<number> {
  // Without the middle one of V8's compilers. It compiles much that runs seldom, and what it leaves behind in malloc's heap is 12 MB of holes
  // after a first reading of 10,000 jobs; a request costs the same without it (bench/cc-client, A/B).
  setFlagsFromString('--no-maglev');
  // What reads HTTP's answers is WebAssembly; compiling it with TurboFan, too, takes 14 to 20 MB for a while, and no request is
  // cheaper for it (bench/clustercockpit, A/B).
  setFlagsFromString('--liftoff-only');
  const log = createLog({
    name: 'clustercockpit',
    level: logLevelOf(options.logLevel, 'info'),
    journaldPriority: 'JOURNAL_STREAM' in around.env,
  });
  const { config, file, warnings, missing } = await loadAdapterConfig({ file: options.config, strict: options.strict ?? false });
  for (const warning of warnings) log.warn(problemLine(warning));
  log.info(`Sluice ${version()}, configuration ${missing ? `${file}, which does not exist: every key has its default` : file}`);
  // A dry run serves none: the daemon that it runs beside may have the address.
  const operationsListen = options.dryRun ? null : config.operationsListen;
  const health = createHealth(around.clock);
  const metrics = operationsListen === null ? undefined : createMetrics({ prefix: 'sluice_cc_' });
  let delivering = false;
  const daemon = new CcDaemon({
    config,
    connect: (cluster, observe, ending) => slurmOf(config, cluster, { ...around, interrupted: ending }, { observe, keepUntil: ending }),
    clock: around.clock,
    random: Math.random,
    log,
    ...(metrics ? { metrics } : {}),
    health,
    env: around.env,
    hostname: hostname(),
    pid: process.pid,
    version: version(),
    // Garbage is collected sooner from now on. As a flag at the start it would cost 40 ms there, for V8 then throws away what Node has
    // compiled of itself, and a seventh of the speed while there is most to do.
    caughtUp: () => setFlagsFromString('--optimize-for-size'),
    looked: garbageCollector(around.clock),
    // V8's count is meant for what Maglev has compiled before; with this one a request costs a seventh less. Reading history would cost a sixth
    // more with it, for that is over before what was compiled pays (bench/clustercockpit/catch-up.ts, A/B): hence not at the start.
    delivered() {
      if (!delivering) setFlagsFromString('--invocation-count-for-turbofan=500');
      delivering = true;
    },
    ...(options.dryRun ? { shadow: shadowOf(options, around) } : {}),
  });
  let operations: OperationsServer | undefined;
  const serve = {
    name: 'operationsListen',
    async start() {
      if (operationsListen === null) return;
      operations = await serveOperations({ listen: operationsListen, health, ...(metrics ? { metrics } : {}) });
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
    async reload() {
      const next = await loadAdapterConfig({ file: options.config, strict: options.strict ?? false });
      for (const warning of next.warnings) log.warn(problemLine(warning));
      daemon.reload(next.config);
    },
  });
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
