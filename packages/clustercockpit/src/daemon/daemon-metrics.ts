import type { Clock, HttpObservation } from '@sluice/io';
import type { Metrics } from '@sluice/service';
import type { Attempt } from '../deliver/delivery.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import type { Recorded, SinkName } from '../journal/types.ts';

/** What the daemon counts. No label holds a job, a user or a host. */
export interface DaemonMetrics {
  heard(heard: { readonly recorded: Recorded; readonly rejects: number }): void;
  attempt(sink: SinkName, attempt: Attempt): void;
  http(observation: HttpObservation): void;
  slurm(observation: SlurmObservation): void;
  hook(what: 'spool' | 'socket' | 'refused' | 'foreign'): void;
  /** The journal was written, as it is every 15 seconds whatever happens. */
  noted(): void;
}

/** One command of Slurm. */
export interface SlurmObservation {
  readonly command: string;
  readonly milliseconds: number;
  readonly result: string;
}

export interface DaemonMetricsOptions {
  readonly metrics: Metrics | undefined;
  /** The journal once it is open. */
  readonly journal: () => RunJournal | undefined;
  readonly sinks: readonly SinkName[];
  /** When slurmctld was last looked at in whole, that of the cluster that has waited longest, in milliseconds since the epoch; null before. */
  readonly looked: () => number | null;
  /** When the token expires, in Unix seconds; null when it does not, or there is none. */
  readonly tokenExpires: () => number | null;
  readonly clock: Clock;
}

const httpNames = 20;
const slurmCommands = ['squeue', 'scontrol', 'sacct', 'sacctmgr', 'sinfo', 'sdiag'] as const;
const httpResults = 60;
const lagBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

/** Without metrics nothing is counted. */
export function daemonMetrics({ metrics, journal, sinks, looked, tokenExpires, clock }: DaemonMetricsOptions): DaemonMetrics {
  if (!metrics) return { heard() {}, attempt() {}, http() {}, slurm() {}, hook() {}, noted() {} };
  const what = ['start', 'stop'] as const;
  const runs = metrics.counter({ name: 'runs_observed_total', help: 'Starts and ends of runs that were recorded', labels: { what } });
  const rejects = metrics.counter({ name: 'slurm_rejects_total', help: 'Records of Slurm that could not be read' });
  const attempts = metrics.counter({
    name: 'deliveries_total',
    help: 'Attempts to deliver a start or a stop, by what they came to',
    labels: { sink: sinks, what, result: ['stands', 'missing', 'aside', 'unsent', 'later', 'error'] },
  });
  const lag = metrics.histogram({
    name: 'lag_seconds',
    help: 'Time from the start or end of a run to its delivery',
    labels: { sink: sinks, what },
    buckets: lagBuckets,
  });
  const http = metrics.counter({
    name: 'http_requests_total',
    help: 'Requests to cc-backend, by status or error',
    labels: { name: httpNames, result: httpResults },
  });
  const httpSeconds = metrics.histogram({
    name: 'http_request_seconds',
    help: 'Time of requests to cc-backend',
    labels: { name: httpNames },
  });
  const slurmSeconds = metrics.histogram({
    name: 'slurm_question_seconds',
    help: 'Time of questions to Slurm',
    labels: { command: slurmCommands, result: ['ok', 'failed'] },
  });
  const hooks = metrics.counter({
    name: 'hook_events_total',
    help: 'Events of the hooks, by where they came from or why they were dropped',
    labels: { what: ['spool', 'socket', 'refused', 'foreign'] },
  });
  metrics.gauge({ name: 'runs_open', help: 'Runs whose end is not known', read: () => journal()?.runs.openCounts().open ?? 0 });
  metrics.gauge({
    name: 'runs_missing',
    help: 'Open runs that slurmctld does not know any more',
    read: () => journal()?.runs.openCounts().missing ?? 0,
  });
  metrics.gauge({ name: 'journal_bytes', help: 'Size of the journal', read: () => journal()?.bytes() ?? 0 });
  let notedMs = 0;
  metrics.gauge({
    name: 'journal_written_timestamp_seconds',
    help: 'When the journal was last written, as it is every 15 s; 0 before the first time',
    read: () => notedMs / 1000,
  });
  metrics.gauge({
    name: 'slurmctld_answered_timestamp_seconds',
    help: 'When slurmctld was last looked at in whole; of several clusters, the one that waits longest; 0 before the first time',
    read: () => (looked() ?? 0) / 1000,
  });
  metrics.gauge({
    name: 'token_expires_timestamp_seconds',
    help: 'When the token of cc-backend expires; 0 when it does not',
    read: () => tokenExpires() ?? 0,
  });
  for (const sink of sinks) {
    const counts = onceASecond(() => journal()?.deliveries.counts(sink), clock);
    metrics.gauge({
      name: `${sink}_waiting`,
      help: 'Starts and stops that wait, without those that wait for a commit of the server',
      read() {
        const now = counts();
        return now ? now.startsWaiting + now.stopsWaiting - now.awaitingCommit : 0;
      },
    });
    metrics.gauge({
      name: `${sink}_awaiting_commit`,
      help: 'Stops that wait until the start is committed',
      read: () => counts()?.awaitingCommit ?? 0,
    });
    metrics.gauge({ name: `${sink}_set_aside`, help: 'Runs that were refused for good', read: () => counts()?.aside ?? 0 });
    metrics.gauge({
      name: `${sink}_oldest_waiting_seconds`,
      help: 'Age of the oldest start or stop that could be delivered and is not',
      read() {
        const oldest = counts()?.oldestMs ?? null;
        return oldest === null ? 0 : Math.max(0, (clock.now() - oldest) / 1000);
      },
    });
  }
  return {
    heard({ recorded, rejects: rejected }) {
      if (recorded.started > 0) runs.add(recorded.started, { what: 'start' });
      if (recorded.ended > 0) runs.add(recorded.ended, { what: 'stop' });
      if (rejected > 0) rejects.add(rejected);
    },
    attempt(sink, { what: of, result, lag: seconds }) {
      attempts.inc({ sink, what: of, result });
      if (result === 'stands') lag.observe(Math.max(0, seconds), { sink, what: of });
    },
    http({ name, result, durationMs }) {
      http.inc({ name, result: String(result) });
      httpSeconds.observe(durationMs / 1000, { name });
    },
    slurm({ command, milliseconds, result }) {
      slurmSeconds.observe(milliseconds / 1000, { command, result: result === 'ok' ? 'ok' : 'failed' });
    },
    hook: (of) => hooks.inc({ what: of }),
    noted() {
      notedMs = clock.now();
    },
  };
}

/** Asks once for all gauges of an exposition: with 100,000 waiting runs an answer takes 60 ms, in which nothing else is done. */
function onceASecond<T>(ask: () => T, clock: Clock): () => T {
  let last: { readonly at: number; readonly answer: T } | undefined;
  return () => {
    const at = clock.monotonic();
    if (last === undefined || at - last.at > 1000) last = { at, answer: ask() };
    return last.answer;
  };
}
