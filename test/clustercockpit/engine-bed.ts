import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AdapterConfig,
  ask,
  CcDaemon,
  type CcDaemonOptions,
  loadAdapterConfig,
  type Request,
  type StartPayload,
  writeSpoolEvent,
} from '@sluice/clustercockpit';
import { type ManualClock, manualClock } from '@sluice/io';
import { createLog } from '@sluice/service';
import {
  type CcBackend,
  type CcBackendOptions,
  type Exchange,
  generateKeys,
  type JobRow,
  labCluster,
  mintToken,
  startCcBackend,
} from '@sluice/standins';
import { type ScriptedSlurm, scriptedSlurm } from './scripted-slurm.ts';

/** Unix seconds at which these tests begin. */
export const t0 = 1_795_000_000;
const keys = generateKeys();
/** Milliseconds of the clock that pass in one step, and of the machine that it is given to do what falls due. */
const stepMs = 250;

export interface EngineOptions {
  /** Over the configuration of these tests. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly backend?: Partial<CcBackendOptions>;
  /** Nothing listens at ccRestUrl until {@link Engine.startBackend}. */
  readonly down?: boolean;
  readonly token?: string;
  /** Our name among the controllers. */
  readonly host?: string;
}

/**
 * Time for what was sent to arrive and to be answered: a moment of the machine, and turns of the event loop, of which a
 * moment has only one when the machine is busy elsewhere.
 */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  await sleep(1);
}

/** The daemon's engine between a scripted Slurm and the stand-in of cc-backend, on a clock that the test moves on. */
export class Engine {
  readonly clock: ManualClock = manualClock(t0 * 1000);
  readonly slurm: ScriptedSlurm = scriptedSlurm();
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-engine-'));
  /** Lines of the daemon's log. */
  readonly said: string[] = [];
  /** What cc-backend was asked and answered. */
  readonly exchanges: Exchange[] = [];
  backend: CcBackend | undefined;
  /** What shall go wrong with a request; may be set at any time. */
  fault: NonNullable<CcBackendOptions['fault']> = () => undefined;
  readonly #options: EngineOptions;
  #port = 0;
  #hooks = 0;
  #daemon: { readonly parts: CcDaemon['parts']; readonly stopping: AbortController; readonly failed: unknown[] } | undefined;

  private constructor(options: EngineOptions) {
    this.#options = options;
  }

  static async start(options: EngineOptions = {}): Promise<Engine> {
    const engine = new Engine(options);
    await engine.startBackend();
    if (options.down) await engine.stopBackend();
    return engine;
  }

  get now(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  get lastRunPath(): string {
    return join(this.directory, 'lastrun');
  }

  async startBackend(changes: Partial<CcBackendOptions> = {}): Promise<void> {
    this.backend = await startCcBackend({
      clusters: [labCluster()],
      publicKey: keys.publicKey,
      clock: this.clock,
      database: join(this.directory, 'cc.db'),
      listen: { host: '127.0.0.1', port: this.#port },
      fault: (request) => this.fault(request),
      observe: (exchange) => this.exchanges.push(exchange),
      ...this.#options.backend,
      ...changes,
    });
    this.#port = Number(new URL(this.backend.url).port);
  }

  async stopBackend(): Promise<void> {
    await this.backend?.stop();
    this.backend = undefined;
  }

  /** Starts the daemon on the directory of this test; again after {@link stopDaemon}, as a restart would. */
  async startDaemon(changes: Readonly<Record<string, unknown>> = {}, more: Partial<CcDaemonOptions> = {}): Promise<CcDaemon> {
    const config = await this.#config(changes);
    const daemon = new CcDaemon({
      config,
      connect: () => this.slurm,
      clock: this.clock,
      random: () => 0.5,
      log: createLog({ name: 'engine', form: 'json', destination: { write: (line) => void this.said.push(line) } }),
      env: {},
      hostname: this.#options.host ?? 'head',
      pid: process.pid,
      version: '0.0.0-test',
      ...more,
    });
    const stopping = new AbortController();
    const failed: unknown[] = [];
    const { parts } = daemon;
    this.#daemon = { parts, stopping, failed };
    for (const part of parts) await part.start?.({ stopping: stopping.signal, fail: (error) => void failed.push(error) });
    return daemon;
  }

  async #config(changes: Readonly<Record<string, unknown>>, firstTime = true): Promise<AdapterConfig> {
    const file = join(this.directory, 'config.json');
    if (firstTime) this.putToken(this.#options.token ?? goodToken());
    const settings = {
      pidFilePath: join(this.directory, 'pid'),
      prepSockListenPath: '',
      prepSockConnectPath: '',
      lastRunPath: this.lastRunPath,
      journalPath: join(this.directory, 'journal.db'),
      spoolPath: join(this.directory, 'spool'),
      ccRestUrl: `http://127.0.0.1:${this.#port}`,
      ccRestJwt: { file: join(this.directory, 'token') },
      ccCommitInterval: 10,
      slurmPollInterval: 10,
      ...this.#options.config,
      ...changes,
    };
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
    return (await loadAdapterConfig({ file, strict: false })).config;
  }

  /** A new token, as an administrator would put it there. */
  putToken(token: string): void {
    writeFileSync(join(this.directory, 'token'), token, { mode: 0o600 });
  }

  /** What an administrator asks of the running daemon. */
  async request(request: Request): Promise<void> {
    const journalPath = join(this.directory, 'journal.db');
    const { clock } = this;
    this.#hooks++;
    await ask(journalPath, request, { clock, pid: process.pid, sinks: ['rest'], first: 'rest', name: `request-${this.#hooks}` });
  }

  /** SIGHUP, after the configuration may have been changed. */
  async reload(daemon: CcDaemon, changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    daemon.reload(await this.#config(changes, false));
  }

  /** The hook of slurmctld for one job. */
  hook(kind: 'start' | 'end', jobId: number, cluster = 'labcluster'): void {
    const environment = {
      SLURM_SCRIPT_CONTEXT: kind === 'start' ? 'prolog_slurmctld' : 'epilog_slurmctld',
      SLURM_JOB_ID: String(jobId),
      SLURM_CLUSTER_NAME: cluster,
    };
    this.#hooks++;
    const spool = join(this.directory, 'spool');
    mkdirSync(spool, { recursive: true });
    if (!writeSpoolEvent({ spool, environment, nowMs: this.clock.now(), pid: this.#hooks })) throw new Error('the hook wrote nothing');
  }

  /** A job begins, and stands in cc-backend. */
  async started(jobId: number, start = this.now): Promise<number> {
    this.slurm.begin({ jobId, start });
    this.hook('start', jobId);
    await this.until(`job ${jobId} started`, () => this.row(jobId, start) !== undefined);
    return start;
  }

  /** A job ends in Slurm, and the hook says so. */
  ended(jobId: number, start: number, end = this.now, state = 'COMPLETED'): void {
    this.slurm.end({ jobId, start, end, state });
    this.hook('end', jobId);
  }

  /** Lets time pass, and what falls due meanwhile be done. */
  async pass(seconds: number): Promise<void> {
    const until = this.clock.now() + seconds * 1000;
    // Long spans in long steps: what falls due in between is still woken in its order.
    const step = Math.max(stepMs, seconds * 4);
    while (this.clock.now() < until) {
      await this.clock.advance(Math.min(step, until - this.clock.now()));
      await turns();
    }
  }

  /** Lets time pass until something is so; fails after so many seconds of the clock, when what has begun by then had time to end. */
  async until(what: string, isSo: () => boolean, seconds = 60): Promise<void> {
    const last = this.clock.now() + seconds * 1000;
    for (let stillFor = 0; !isSo(); ) {
      if (this.clock.now() <= last) await this.clock.advance(seconds > 100 ? stepMs : 25);
      else if (stillFor++ > 2000) throw new Error(`not within ${seconds} s: ${what}\n${this.said.slice(-12).join('')}`);
      await turns();
    }
  }

  /** The row of a run in cc-backend. */
  row(jobId: number, start: number): (JobRow & { readonly table: string }) | undefined {
    return this.backend?.job('labcluster', jobId, start);
  }

  stateOf(jobId: number, start: number): string | undefined {
    return this.row(jobId, start)?.job_state;
  }

  /** Writes of one kind that cc-backend answered, by job id. */
  writes(what: 'start_job' | 'stop_job' | 'delete_job', jobId?: number): readonly Exchange[] {
    return this.exchanges.filter(
      ({ method, path, requestBody }) =>
        method !== 'GET' && path === `/api/jobs/${what}/` && (jobId === undefined || payloadOf(requestBody).jobId === jobId),
    );
  }

  /** Lines of the log with a text in them. */
  lines(text: string): readonly string[] {
    return this.said.filter((line) => line.includes(text));
  }

  /** Rows of the journal. */
  journal(sql: string): readonly Record<string, unknown>[] {
    const database = new DatabaseSync(join(this.directory, 'journal.db'), { readOnly: true });
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }

  /** Changes a note of the journal while no daemon runs. */
  setNote(name: string, value: string): void {
    const database = new DatabaseSync(join(this.directory, 'journal.db'));
    database.prepare('UPDATE note SET value = ? WHERE name = ?').run(value, name);
    database.close();
  }

  /** Ends the daemon as SIGTERM does, and says which of its parts failed before. */
  async stopDaemon(): Promise<readonly unknown[]> {
    const running = this.#daemon;
    if (!running) return [];
    this.#daemon = undefined;
    running.stopping.abort();
    const deadline = new AbortController().signal;
    for (const part of running.parts.toReversed()) await this.#while(part.stop?.(deadline));
    return running.failed;
  }

  async #while(work: Promise<void> | void): Promise<void> {
    let done = false;
    const ended = Promise.resolve(work).finally(() => {
      done = true;
    });
    while (!done) {
      await this.clock.advance(25);
      await turns();
    }
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopDaemon();
    await this.stopBackend();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function goodToken(claims: Readonly<Record<string, unknown>> = {}): string {
  return mintToken(keys, { name: 'sluice', roles: ['api'] }, t0, claims);
}

export function payloadOf(body: string): StartPayload {
  return JSON.parse(body) as StartPayload;
}
