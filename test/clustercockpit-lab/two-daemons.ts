import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { Backend, type DaemonBed, daemonBed, settled } from './bed.ts';
import { planMix } from './job-kinds.ts';
import { endDaemon, withSlurmsWord } from './jobs-trial.ts';
import { judge } from './judge.ts';
import { MixRunner } from './mix-runner.ts';
import type { Choices } from './random.ts';
import { sampledAllocations } from './slurm-says.ts';

export interface TwoDaemonsTrial {
  readonly lab: Lab;
  readonly dir: string;
  readonly choices: Choices;
  /** How often the other controller takes over. */
  readonly takeovers: number;
  /** Milliseconds between a takeover and the next. */
  readonly lastsMs: number;
  readonly progress: (line: string) => void;
}

export interface TwoDaemonsResult {
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

const hosts = ['ctl1', 'ctl2'] as const;
/** Within this time the other daemon is to deliver (issue: 60 s). */
const takeoverMs = 60_000;

/**
 * Two controllers, a daemon beside each, and one cc-backend. Which controller is up `scontrol ping` says. Every other takeover is
 * that of a machine that dies with its daemon; otherwise both daemons live on, and one of them stands back.
 */
export async function twoDaemonsTrial({ lab, dir, choices, takeovers, lastsMs, progress }: TwoDaemonsTrial): Promise<TwoDaemonsResult> {
  mkdirSync(dir, { recursive: true });
  const backend = new Backend(dir, 1000);
  await backend.start();
  const beds = hosts.map((host) => daemonBed(join(dir, host), lab, backend, { controllerHost: host })) as [DaemonBed, DaemonBed];
  const says = (primaryUp: boolean) => {
    const text = `Slurmctld(primary) at ctl1 is ${primaryUp ? 'UP' : 'DOWN'}\nSlurmctld(backup) at ctl2 is UP\n`;
    for (const { commands } of beds) commands.ping(text);
  };
  const runner = new MixRunner(lab);
  const stop = new AbortController();
  const faults: string[] = [];
  const took: number[] = [];
  try {
    says(true);
    for (const { daemon } of beds) daemon.start();
    const load = underLoad(runner, choices, stop.signal);
    await sleep(lastsMs);
    for (let n = 0; n < takeovers; n++) {
      const acts = (n + 1) % 2;
      const dies = n % 2 === 0;
      const [from, to] = [beds[1 - acts], beds[acts]];
      if (!to || !from) break;
      if (!to.daemon.runs) to.daemon.start();
      if (dies) await from.daemon.signal('SIGKILL');
      says(acts === 0);
      const began = performance.now();
      const stands = await deliversAlone(backend, from, to);
      const ms = performance.now() - began;
      took.push(ms);
      if (!stands) faults.push(`after ${Math.round(ms / 1000)} s the daemon of ${hosts[acts]} does not deliver`);
      progress(`${hosts[acts]} took over${dies ? ' from a dead machine' : ''} after ${(ms / 1000).toFixed(1)} s`);
      await sleep(lastsMs);
    }
    stop.abort();
    await load;
    await runner.allEnded(120_000);
    const last = beds[takeovers % 2] ?? beds[0];
    const { runs, waits } = await settled(lab, last, 120_000);
    await sleep(2 * backend.commitIntervalMs);
    const allocations = sampledAllocations(lab);
    const rows = backend.is.rows('job');
    const verdict = judge({ runs, rows, allocations, requeuedJobs: 'keep-first', wholeFrom: Number.POSITIVE_INFINITY, threadsFrom: 0 });
    if (waits !== null) faults.push(`the daemon does not come to rest: ${waits}`);
    faults.push(...(last.journal()?.aside ?? []).map((fault) => `set aside: ${fault}`), ...verdict.faults, ...backend.guard.faults(runs));
    const slowest = Math.round(Math.max(0, ...took));
    return {
      faults: await withSlurmsWord(lab, faults),
      figures: { takeovers, slowestTakeoverMs: slowest, stopsChecked: backend.guard.stops.length, ...verdict.figures },
    };
  } finally {
    stop.abort();
    await runner.stop();
    for (const bed of beds) await endDaemon(bed);
    await backend.stop();
  }
}

async function underLoad(runner: MixRunner, choices: Choices, signal: AbortSignal): Promise<void> {
  const jobs = planMix(1, choices, ['timedOut', 'nodeFail', 'burst', 'suspended', 'requeued']);
  while (!signal.aborted) {
    await runner.submit(choices.one(jobs));
    await sleep(500);
  }
}

/** Waits until the one that is to deliver says that it does, the other that it does not or is dead, and jobs arrive. */
async function deliversAlone(backend: Backend, from: DaemonBed, to: DaemonBed): Promise<boolean> {
  const end = performance.now() + takeoverMs;
  let arrived: number | undefined;
  while (performance.now() < end) {
    const alone = to.journal()?.acting === true && (!from.daemon.runs || from.journal()?.acting === false);
    if (alone && arrived === undefined) arrived = backend.guard.starts.length;
    if (arrived !== undefined && backend.guard.starts.length > arrived) return true;
    await sleep(200);
  }
  return false;
}
