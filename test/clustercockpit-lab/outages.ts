import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { Backend, type DaemonBed, daemonBed, type Hooks, settled, startToWork } from './bed.ts';
import { completions } from './completions.ts';
import { type PlannedJob, planMix } from './job-kinds.ts';
import { endDaemon, withSlurmsWord } from './jobs-trial.ts';
import { judge } from './judge.ts';
import { MixRunner } from './mix-runner.ts';
import type { Choices } from './random.ts';
import { knowable, type SlurmRun, sampledAllocations, withLost } from './slurm-says.ts';

/** What fails, and how it comes back. */
interface Outage {
  readonly name: string;
  readonly begin: (scene: Scene) => Promise<void> | void;
  readonly end: (scene: Scene) => Promise<void> | void;
  /** Whether jobs are submitted meanwhile: not where sbatch would only wait for slurmctld. */
  readonly load: boolean;
  /** Needs a disk that is soon full. */
  readonly disk?: true;
  /** slurmctld writes its state seconds after a change; what began since is truly forgotten by one that is killed. */
  readonly quietMs?: number;
  /** Whether starts and ends are to reach cc-backend meanwhile as fast as ever. */
  readonly unhurt?: true;
  /**
   * Whether nothing that slurmctld has reaches the journal: a run of then whose start accounting loses nobody can tell of. 22.05
   * does when a job is requeued before slurmdbd has heard of its start: the row has an end and nodes, and `None` as its start.
   */
  readonly blind?: true;
}

interface Scene {
  readonly lab: Lab;
  readonly bed: DaemonBed;
  readonly backend: Backend;
  readonly hooks: Hooks | undefined;
  readonly journalDir: string;
}

const filler = (scene: Scene) => join(scene.journalDir, 'filler');

const outages: readonly Outage[] = [
  {
    name: 'slurmctld frozen',
    load: false,
    begin: ({ lab }) => lab.daemons.slurmctld.freeze(),
    end: ({ lab }) => lab.daemons.slurmctld.thaw(),
  },
  {
    name: 'slurmctld stopped',
    load: false,
    begin: ({ lab }) => lab.daemons.slurmctld.stop(),
    end: ({ lab }) => lab.daemons.slurmctld.start(),
  },
  {
    name: 'slurmctld killed',
    load: false,
    quietMs: 10_000,
    begin: ({ lab }) => lab.daemons.slurmctld.kill(),
    end: ({ lab }) => lab.daemons.slurmctld.start(),
  },
  {
    name: 'squeue says nothing',
    load: true,
    blind: true,
    begin: ({ bed }) => bed.commands.silence('squeue'),
    end: ({ bed }) => bed.commands.restore(),
  },
  {
    name: 'squeue and scontrol say nothing',
    load: true,
    blind: true,
    begin({ bed }) {
      bed.commands.silence('squeue');
      bed.commands.silence('scontrol');
    },
    end: ({ bed }) => bed.commands.restore(),
  },
  {
    name: 'slurmdbd stopped',
    load: true,
    unhurt: true,
    begin: ({ lab }) => lab.daemons.slurmdbd.stop(),
    end: ({ lab }) => lab.daemons.slurmdbd.start(),
  },
  { name: 'cc-backend down', load: true, begin: ({ backend }) => backend.stop(), end: ({ backend }) => backend.start() },
  {
    name: 'the spool missing',
    load: true,
    begin: ({ hooks }) => hooks && renameSync(hooks.spool, `${hooks.spool}.away`),
    end: ({ hooks }) => hooks && renameSync(`${hooks.spool}.away`, hooks.spool),
  },
  {
    name: 'the disk of the journal full',
    load: true,
    blind: true,
    disk: true,
    begin(scene) {
      try {
        writeFileSync(filler(scene), Buffer.alloc(64 << 20));
      } catch {
        // Full is what it is to be.
      }
    },
    end: (scene) => rmSync(filler(scene)),
  },
];

/** What can be made to fail. */
export const outageNames: readonly string[] = outages.map(({ name }) => name);

export interface OutagesTrial {
  readonly lab: Lab;
  readonly dir: string;
  readonly choices: Choices;
  readonly hooks?: Hooks | undefined;
  /** Length of each outage in milliseconds. */
  readonly lastsMs: number;
  /** Milliseconds between two submissions under load. */
  readonly everyMs: number;
  readonly only?: readonly string[];
  readonly progress: (line: string) => void;
}

export interface OutagesResult {
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** Milliseconds from an event of Slurm to cc-backend: Slurm's times are whole seconds, so a second of it may be none. */
interface Lags {
  readonly usual: number[];
  readonly unhurt: number[];
}

interface Span {
  readonly outage: Outage;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

const standing = 4;

/** Lets one thing after the other fail while jobs run, and judges all that was ever sent. */
export async function outagesTrial(trial: OutagesTrial): Promise<OutagesResult> {
  const { lab, dir, choices, progress, hooks } = trial;
  const journalDir = join(dir, 'journal');
  mkdirSync(journalDir, { recursive: true });
  const small = mountSmall(journalDir);
  if (!small) progress('a disk that fills cannot be had on this machine; left out');
  const backend = new Backend(dir, 1000);
  await backend.start();
  const settings = { journalPath: join(journalDir, 'journal.db'), ...(hooks ? { spoolPath: hooks.spool } : {}) };
  const bed = daemonBed(dir, lab, backend, settings);
  const runner = new MixRunner(lab);
  const scene = { lab, bed, backend, hooks, journalDir };
  const figures: Record<string, number> = {};
  try {
    await startToWork(bed);
    const long = await runner.submitLong(standing);
    await sleep(3000);
    for (const jobId of long) backend.guard.standing.add(jobId);
    const faults: string[] = [];
    const spans: Span[] = [];
    for (const outage of outages.filter(({ name, disk }) => (trial.only?.includes(name) ?? true) && (small || !disk))) {
      const [from, stopsBefore] = [Date.now(), backend.guard.stops.length];
      await runner.submitAll(someJobs(choices), 50);
      await sleep(outage.quietMs ?? 0);
      await outage.begin(scene);
      const until = performance.now() + trial.lastsMs;
      while (performance.now() < until) {
        if (outage.load) await runner.submit(choices.one(someJobs(choices)));
        await sleep(Math.max(0, Math.min(trial.everyMs, until - performance.now())));
      }
      spans.push({ outage, from, to: Date.now() });
      await outage.end(scene);
      progress(`${outage.name}: ${backend.guard.stops.length - stopsBefore} stops meanwhile, ${runner.submitted.length} jobs in all`);
      if (!bed.daemon.runs) faults.push(`the daemon has ended while ${outage.name}`);
      await resumeNodes(lab);
      await sleep(3000);
    }
    const stopsUnderLong = backend.guard.stops.length;
    backend.guard.standing.clear();
    for (const jobId of long) await lab.ask('scancel', [String(jobId)]);
    await runner.allEnded(60_000);
    const { runs: accounted, waits } = await settled(lab, bed, 120_000);
    const allocations = sampledAllocations(lab);
    await sleep(2 * backend.commitIntervalMs);
    const rows = backend.is.rows('job');
    const isBlind = ({ start }: SlurmRun) => spans.some(({ outage, from, to }) => outage.blind && start * 1000 > from && start * 1000 < to);
    const runs = knowable(withLost(accounted, allocations, completions(lab)), rows, isBlind);
    const verdict = judge({
      runs,
      rows,
      allocations,
      requeuedJobs: 'keep-first',
      wholeFrom: Number.POSITIVE_INFINITY,
      threadsFrom: Number.POSITIVE_INFINITY,
    });
    faults.push(
      ...(waits === null ? [] : [`the daemon does not come to rest: ${waits}`]),
      ...(bed.journal()?.aside ?? []).map((fault) => `set aside: ${fault}`),
      ...verdict.faults,
      ...backend.guard.faults(runs),
    );
    Object.assign(figures, {
      outages: spans.length,
      stopsChecked: backend.guard.stops.length,
      stopsDuring: stopsUnderLong,
      ...verdict.figures,
    });
    const lags: Lags = { usual: [], unhurt: [] };
    for (const { jobId, start, atMs } of backend.guard.starts) {
      const span = spans.find(({ from, to }) => atMs >= from && atMs <= to);
      if (!span) lags.usual.push(atMs - start * 1000);
      else if (span.outage.unhurt && start * 1000 > span.from + 1000 && runs.some((run) => run.jobId === jobId))
        lags.unhurt.push(atMs - start * 1000);
    }
    Object.assign(figures, { startLagUsualMs: Math.round(median(lags.usual)), startLagWithoutSlurmdbdMs: Math.round(median(lags.unhurt)) });
    return { faults: await withSlurmsWord(lab, faults), figures };
  } finally {
    await lab.daemons.slurmctld.thaw().catch(() => {});
    await lab.daemons.slurmctld.start().catch(() => {});
    await lab.daemons.slurmdbd.start().catch(() => {});
    await runner.stop();
    await endDaemon(bed);
    await backend.stop();
    if (small) execFileSync('/usr/bin/umount', ['-l', journalDir]);
  }
}

function mountSmall(dir: string): boolean {
  try {
    execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * A handful of jobs without those that need slurmctld's help or a node of others; and without resized ones, for without
 * slurmdbd slurmctld 22.05 loses the row after the resize: accounting has the job running for ever.
 */
function someJobs(choices: Choices): readonly PlannedJob[] {
  const mix = planMix(1, choices, ['timedOut', 'nodeFail', 'burst', 'suspended', 'resized']);
  return choices.shuffled(mix).slice(0, 5);
}

/** slurmctld drains nodes whose jobs it lost sight of; then nothing would begin or end any more. */
async function resumeNodes(lab: Lab): Promise<void> {
  await sleep(1000);
  const drained = await lab.ask('sinfo', ['-h', '-N', '-t', 'drain,down', '-o', '%N']);
  const names = [...new Set(drained.split('\n'))].filter((name) => name !== '');
  if (names.length > 0) await lab.run('scontrol', ['update', `nodename=${names.join(',')}`, 'state=resume']);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
