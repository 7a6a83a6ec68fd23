import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { Backend, type DaemonBed, daemonBed, type Hooks, settled, startToWork } from './bed.ts';
import { completions } from './completions.ts';
import { type FaultCounts, faulty } from './faults.ts';
import type { PlannedJob } from './job-kinds.ts';
import { judge, type Verdict } from './judge.ts';
import { Killer } from './killer.ts';
import { MixRunner } from './mix-runner.ts';
import type { Choices } from './random.ts';
import { knowable, sampledAllocations, withLost } from './slurm-says.ts';

/** Of the kills that are asked for, this share is to be near a request, a commit or an event. */
const nearShare = 0.75;

export interface JobsTrial {
  readonly lab: Lab;
  /** A directory of its own. */
  readonly dir: string;
  readonly jobs: readonly PlannedJob[];
  readonly choices: Choices;
  /** Milliseconds between two submissions. */
  readonly everyMs: number;
  /** How often the daemon is killed while the jobs come and go. */
  readonly kills: number;
  /** The share of calls to cc-backend that go wrong. */
  readonly faultShare: number;
  readonly hooks?: Hooks | undefined;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly progress: (line: string) => void;
}

export interface JobsTrialResult {
  readonly verdict: Verdict;
  /** Broken promises; empty when all is well. */
  readonly faults: readonly string[];
  readonly kills: Killer['kills'] | null;
  readonly requests: FaultCounts;
  readonly stops: number;
  readonly starts: number;
  readonly settledMs: number;
}

/** Lets jobs run while a daemon delivers them, hurts both, and judges what stands in cc-backend in the end. */
export async function jobsTrial(trial: JobsTrial): Promise<JobsTrialResult> {
  const { lab, dir, jobs, choices, progress, hooks, kills } = trial;
  mkdirSync(dir, { recursive: true });
  const backend = new Backend(dir, 1000);
  const wrong = faulty(trial.faultShare, choices);
  if (trial.faultShare > 0) backend.fault = wrong.fault;
  await backend.start();
  const bed = daemonBed(dir, lab, backend, { ...(hooks ? { spoolPath: hooks.spool } : {}), ...trial.settings });
  const killer = kills > 0 ? new Killer({ bed, backend, choices, ...(hooks ? { spool: hooks.spool } : {}) }) : undefined;
  const runner = new MixRunner(lab, () => {
    if (!hooks) killer?.saw('event');
  });
  try {
    // Without kills all that a job holds is to be known, so somebody has to be there when the first one begins.
    if (killer) bed.daemon.start();
    else await startToWork(bed);
    const submitting = runner.submitAll(jobs, trial.everyMs);
    let jobsCome = true;
    const over = () => {
      jobsCome = false;
    };
    submitting.then(over, over);
    if (killer) await killRepeatedly(killer, kills, () => jobsCome, progress);
    await submitting;
    progress(`${runner.submitted.length} submissions, ${runner.refusals.length} refusals`);
    await runner.allEnded(180_000);
    backend.fault = () => undefined;
    const began = performance.now();
    const { runs: accounted, waits } = await settled(lab, bed, 120_000);
    const allocations = sampledAllocations(lab);
    // One commit more, so that what is cached stands.
    await sleep(2 * backend.commitIntervalMs);
    const rows = backend.is.rows('job');
    // A daemon that is killed may be dead for as long as a run lasts.
    const runs = knowable(withLost(accounted, allocations, completions(lab)), rows, () => kills > 0);
    const verdict = judge({
      runs,
      rows,
      allocations,
      requeuedJobs: 'keep-first',
      wholeFrom: kills > 0 ? Number.POSITIVE_INFINITY : hooks ? 5 : 8,
      threadsFrom: 0,
    });
    const kindOf = new Map(runner.submitted.map((job) => [String(job.jobId), job.kind]));
    const named = (fault: string) => `${kindOf.get(jobOf(fault) ?? '') ?? 'part of another'}: ${fault}`;
    const faults = [
      ...(waits === null ? [] : [`the daemon does not come to rest: ${waits}`]),
      ...(bed.journal()?.aside ?? []).map((fault) => `set aside: ${named(fault)}`),
      ...[...verdict.faults, ...backend.guard.faults(runs)].map(named),
    ];
    return {
      verdict,
      faults: await withSlurmsWord(lab, faults),
      kills: killer?.kills ?? null,
      requests: wrong.counts,
      stops: backend.guard.stops.length,
      starts: backend.guard.starts.length,
      settledMs: performance.now() - began,
    };
  } finally {
    killer?.close();
    await runner.stop();
    await endDaemon(bed);
    await backend.stop();
  }
}

function jobOf(fault: string): string | undefined {
  return /\b(\d+)\/\d/.exec(fault)?.[1];
}

/** Faults with all that accounting has of their jobs, for whoever reads a failure. */
export async function withSlurmsWord(lab: Lab, faults: readonly string[]): Promise<readonly string[]> {
  const doubtful = [...new Set(faults.flatMap((fault) => jobOf(fault) ?? []))];
  return doubtful.length === 0 ? faults : [...faults, `what Slurm says: ${await rowsOf(lab, doubtful)}`];
}

function rowsOf(lab: Lab, jobIds: readonly string[]): Promise<string> {
  const fields = 'JobIDRaw,Submit,Start,End,State,NodeList';
  const args = ['-n', '-D', '-X', '-P', '-j', jobIds.join(','), `--format=${fields}`];
  return lab.ask('sacct', args, { env: { SLURM_TIME_FORMAT: '%s' } });
}

/** So many, and more where a slow machine lets too few of them come near anything, while there is something to be near to. */
async function killRepeatedly(killer: Killer, kills: number, jobsCome: () => boolean, progress: (line: string) => void): Promise<void> {
  while (killer.total < kills || (killer.near < kills * nearShare && jobsCome())) {
    await killer.once();
    if (killer.total % 20 === 0) progress(`${killer.total} kills: ${JSON.stringify(killer.kills)}`);
  }
}

/** In order, and by force when that does not come to an end. */
export async function endDaemon({ daemon }: DaemonBed): Promise<void> {
  const late = new AbortController();
  void sleep(15_000, undefined, { signal: late.signal })
    .then(() => daemon.signal('SIGKILL'))
    .catch(() => {});
  await daemon.signal('SIGTERM');
  late.abort();
}
