import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type AdapterConfig, CcDaemon, hookScript, installHook, loadAdapterConfig, readStatus, type Status } from '@sluice/clustercockpit';
import { allCommands, labSpec, openEmulator, type RunningEmulator, startEmulator } from '@sluice/emulator';
import { createLog, type Log, type Part } from '@sluice/service';
import { type CcBackend, type CcBackendOptions, generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';
import { slurmOf } from '../commands/cc-open.ts';
import { executableWords } from '../commands/emulator-holder.ts';
import type { Surroundings } from '../surroundings.ts';

export interface StageOptions {
  /** Everything lies below it; it exists and is empty. */
  readonly dir: string;
  /** The release of Slurm to answer as. */
  readonly release: string;
  readonly random: () => number;
  /** Asked before each request to the stand-in of cc-backend what shall go wrong with it. */
  readonly fault?: CcBackendOptions['fault'];
}

/** The commit-job-worker of cc-backend runs every minute or two; here every second, so that nothing waits for it. */
const commitIntervalMs = 1000;

/** All that the demo runs, one after the other started and in the opposite order stopped. */
export class Stage {
  readonly #options: StageOptions;
  readonly #around: Surroundings;
  readonly #log: Log;
  readonly #logFile: number;
  readonly #ending = new AbortController();
  readonly #undo: (() => Promise<unknown> | unknown)[] = [];
  /** What ended a part of the daemon that was to go on. */
  readonly failed: unknown[] = [];
  #emulator: RunningEmulator | undefined;
  #backend: CcBackend | undefined;
  #config: AdapterConfig | undefined;

  private constructor(options: StageOptions, around: Surroundings) {
    this.#options = options;
    this.#around = around;
    this.#logFile = openSync(this.logPath, 'a');
    this.#log = createLog({ name: 'demo', form: 'json', destination: { write: (line) => void writeSync(this.#logFile, line) } });
  }

  /** Starts everything; what was started is stopped again when something fails. */
  static async start(options: StageOptions, around: Surroundings): Promise<Stage> {
    const stage = new Stage(options, around);
    try {
      await stage.#startBackend();
      await stage.#startSlurm();
      await stage.#startDaemon();
    } catch (error) {
      await stage.stop();
      throw error;
    }
    return stage;
  }

  get logPath(): string {
    return join(this.#options.dir, 'log');
  }

  get emulator(): RunningEmulator {
    if (!this.#emulator) throw new Error('the cluster has not been started');
    return this.#emulator;
  }

  get backend(): CcBackend {
    if (!this.#backend) throw new Error('the stand-in has not been started');
    return this.#backend;
  }

  /** What the daemon says of itself, read beside it. */
  status(): Promise<Status> {
    if (!this.#config) throw new Error('the daemon has not been started');
    return readStatus({ config: this.#config, clock: this.#around.clock });
  }

  /** The configuration that the daemon runs with, as an administrator would write it. */
  get configPath(): string {
    return join(this.#options.dir, 'config.json');
  }

  async #startBackend(): Promise<void> {
    const { clock } = this.#around;
    const { dir, fault } = this.#options;
    const keys = generateKeys();
    this.#backend = await startCcBackend({
      clusters: [labCluster()],
      publicKey: keys.publicKey,
      clock,
      commitIntervalMs,
      ...(fault ? { fault } : {}),
    });
    this.#undo.push(() => this.#backend?.stop());
    const token = mintToken(keys, { name: 'sluice', roles: ['api'] }, Math.floor(clock.now() / 1000));
    writeFileSync(join(dir, 'token'), `${token}\n`, { mode: 0o600 });
  }

  async #startSlurm(): Promise<void> {
    const { dir, release, random } = this.#options;
    const { clock, processes, env } = this.#around;
    const spool = join(dir, 'spool');
    mkdirSync(spool);
    const hook = join(dir, 'hook.sh');
    installHook({ path: hook, script: hookScript({ spool }), spool });
    const spec = labSpec(release);
    const cluster = { ...spec, settings: { ...spec.settings, PrologSlurmctld: hook, EpilogSlurmctld: hook } };
    this.#emulator = await startEmulator({
      directory: join(dir, 'slurm'),
      newSpec: cluster,
      open: (opened, file) =>
        openEmulator({ spec: opened, file, clock, random, processes, log: (line) => this.#log.info({ part: 'slurm' }, line) }),
      commands: allCommands,
      clock,
      processes,
      random,
      env,
      pid: process.pid,
      client: executableWords(),
      onFault: (error, command) => this.#log.error({ err: error, part: 'slurm' }, `${command} failed`),
    });
    this.#undo.push(() => this.#emulator?.stop());
  }

  async #startDaemon(): Promise<void> {
    const { dir, random } = this.#options;
    const around = this.#around;
    const { paths } = this.emulator;
    const settings = {
      ccRestUrl: this.backend.url,
      ccRestJwt: { file: join(dir, 'token') },
      ccCommitInterval: commitIntervalMs / 1000,
      ccPollInterval: 60,
      slurmPollInterval: 10,
      slurmBinPath: paths.bin,
      slurmConf: paths.slurmConf,
      spoolPath: join(dir, 'spool'),
      journalPath: join(dir, 'journal.db'),
      lastRunPath: join(dir, 'lastrun'),
      pidFilePath: join(dir, 'daemon.pid'),
      prepSockListenPath: '',
    };
    writeFileSync(this.configPath, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
    const { config } = await loadAdapterConfig({ file: this.configPath, strict: true });
    this.#config = config;
    const daemon = new CcDaemon({
      config,
      connect: (cluster, observe, ending) => slurmOf(config, cluster, { ...around, interrupted: ending }, { observe, keepUntil: ending }),
      clock: around.clock,
      random,
      log: this.#log,
      env: around.env,
      hostname: this.emulator.slurm.spec.controllers[0]?.host ?? 'localhost',
      pid: process.pid,
      version: 'demo',
    });
    for (const part of daemon.parts) await this.#startPart(part);
  }

  async #startPart(part: Part): Promise<void> {
    this.#undo.push(() => part.stop?.(AbortSignal.timeout(5000)));
    await part.start?.({ stopping: this.#ending.signal, fail: (error) => void this.failed.push(error) });
  }

  /** Stops what runs. Whatever fails meanwhile, the rest is stopped too. */
  async stop(): Promise<void> {
    this.#ending.abort();
    for (const undo of this.#undo.splice(0).toReversed()) {
      try {
        await undo();
      } catch (error) {
        this.#log.error({ err: error }, 'a part could not be stopped');
      }
    }
    closeSync(this.#logFile);
  }
}
