import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hookScript, installHook } from '@sluice/clustercockpit';
import { type Clock, systemClock } from '@sluice/io';
import {
  type CcBackend,
  type Exchange,
  type Fault,
  type FaultRequest,
  generateKeys,
  labCluster,
  mintToken,
  startCcBackend,
} from '@sluice/standins';
import type { Lab } from '../lab/lab.ts';
import { DaemonProcess } from './daemon-process.ts';
import { type JournalSays, readJournal } from './journal-view.ts';
import { type SlurmCommands, slurmCommands } from './slurm-commands.ts';
import { type SlurmRun, slurmRuns } from './slurm-says.ts';
import { StopGuard } from './stop-guard.ts';

/** Where the hook's script and spool lie, below a directory that exists before the lab. */
export interface Hooks {
  readonly script: string;
  readonly spool: string;
}

/** Writes the hook; `slurmUid` is the uid of SlurmUser, who runs it. */
export function prepareHooks(dir: string, slurmUid: number): Hooks {
  const spool = join(dir, 'spool');
  mkdirSync(spool, { recursive: true });
  chownSync(spool, slurmUid, -1);
  const script = join(dir, 'hook.sh');
  installHook({ path: script, script: hookScript({ spool }), spool, force: true });
  return { script, spool };
}

/** cc-backend that can be stopped and started again with what it had. */
export class Backend {
  readonly #clock: Clock = systemClock();
  readonly #keys = generateKeys();
  readonly #database: string;
  readonly commitIntervalMs: number;
  readonly guard = new StopGuard();
  /** Asked before each request. */
  fault: (request: FaultRequest) => Fault | undefined = () => undefined;
  /** Told of each request that was answered. */
  observe: (exchange: Exchange) => void = () => {};
  #running: CcBackend | undefined;
  #port = 0;

  constructor(dir: string, commitIntervalMs: number) {
    this.#database = join(dir, 'cc-backend.db');
    this.commitIntervalMs = commitIntervalMs;
  }

  async start(): Promise<void> {
    this.#running = await startCcBackend({
      clusters: [labCluster()],
      publicKey: this.#keys.publicKey,
      clock: this.#clock,
      database: this.#database,
      commitIntervalMs: this.commitIntervalMs,
      listen: { host: '127.0.0.1', port: this.#port },
      fault: (request) => this.fault(request),
      observe: (exchange) => {
        this.guard.take(exchange, this.#clock.now());
        this.observe(exchange);
      },
    });
    this.#port = Number(new URL(this.#running.url).port);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  get is(): CcBackend {
    if (!this.#running) throw new Error('cc-backend is down');
    return this.#running;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  token(): string {
    return mintToken(this.#keys, { name: 'sluice', roles: ['api'] }, Math.floor(this.#clock.now() / 1000));
  }
}

/** One daemon with all that is its own. */
export interface DaemonBed {
  readonly daemon: DaemonProcess;
  readonly commands: SlurmCommands;
  readonly journalPath: string;
  readonly journal: () => JournalSays | undefined;
}

export function daemonBed(dir: string, lab: Lab, backend: Backend, settings: Readonly<Record<string, unknown>>): DaemonBed {
  mkdirSync(dir, { recursive: true });
  const commands = slurmCommands(lab, join(dir, 'slurm'));
  const journalPath = String(settings['journalPath'] ?? join(dir, 'journal.db'));
  const config = {
    pidFilePath: join(dir, 'daemon.pid'),
    prepSockListenPath: '',
    lastRunPath: join(dir, 'lastrun'),
    journalPath,
    slurmPollInterval: 1,
    slurmQueryDelay: 1,
    ccPollInterval: 20,
    ccRestUrl: backend.url,
    ccRestJwt: backend.token(),
    ccRestTimeout: 2,
    ccCommitInterval: Math.ceil(backend.commitIntervalMs / 1000),
    spoolPath: join(dir, 'no-spool'),
    slurmBinPath: commands.dir,
    slurmConf: lab.conf,
    clusters: ['labcluster'],
    ...settings,
  };
  const file = join(dir, 'config.json');
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  const daemon = new DaemonProcess(dir, file, { PATH: lab.env['PATH'] ?? '', LANG: 'C.UTF-8' });
  return { daemon, commands, journalPath, journal: () => readJournal(journalPath) };
}

/** Starts the daemon and waits until it says that it delivers. */
export async function startToWork({ daemon, journal }: DaemonBed): Promise<void> {
  daemon.start();
  while (journal()?.acting !== true) {
    if (!daemon.runs) throw new Error(`the daemon does not start:\n${daemon.logTail()}`);
    await sleep(200);
  }
}

/**
 * Waits until accounting knows every end and the daemon has read all of it and says that nothing waits. Returns Slurm's runs,
 * and what kept the daemon from it if it did not come to that in time.
 */
export async function settled(lab: Lab, bed: DaemonBed, withinMs: number): Promise<{ runs: readonly SlurmRun[]; waits: string | null }> {
  const end = performance.now() + withinMs;
  for (;;) {
    const runs = await slurmRuns(lab);
    const running = runs.filter((run) => run.end === null).length;
    const lastEnd = Math.max(0, ...runs.map((run) => run.end ?? 0));
    const says = bed.journal();
    const done = says && says.open === 0 && says.waiting === 0 && says.watermark > lastEnd && running === 0;
    if (done) return { runs, waits: null };
    if (performance.now() > end)
      return { runs, waits: `${running} run in Slurm, the last ended at ${lastEnd}; the journal: ${JSON.stringify(says)}` };
    await sleep(500);
  }
}
