import { statSync } from 'node:fs';
import { type Clock, isCode, SluiceError } from '@sluice/io';
import { instanceHolder } from '@sluice/service';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { sinksOf } from '../daemon/sinks-of.ts';
import type { DeliveryState } from '../deliver/delivery.ts';
import { openSpool, type SpoolDepth } from '../hook/spool.ts';
import { openRunJournal, type RunJournal } from '../journal/run-journal.ts';
import type { Gap, SetAside, SinkCounts, SinkName } from '../journal/types.ts';
import type { RunKey } from '../run.ts';
import { type ClusterNote, readStatusNote, type StatusNote, statusNote } from './note.ts';
import { iso } from './words.ts';

export interface StatusOptions {
  readonly config: Pick<AdapterConfig, 'journalPath' | 'spoolPath' | 'ccRestSubmitJobs' | 'natsServer'>;
  readonly clock: Clock;
}

/**
 * Whether the daemon does its work. `never`: there is no journal. `starting`: a process holds the journal that has not noted anything
 * yet, as `sluice cc collect` never does. `stuck`: it holds the journal, and its last note is older than a minute.
 */
export type DaemonState = 'running' | 'starting' | 'stuck' | 'stopped' | 'never';

/** What there is to know of the daemon's work. Times are milliseconds since the epoch where a name ends in `Ms`, else seconds. */
export interface Status {
  readonly atMs: number;
  readonly daemon: { readonly state: DaemonState; readonly pid: number | null };
  /** What the daemon last said of itself; null when it said nothing that is understood. */
  readonly note: StatusNote | null;
  readonly journal: { readonly path: string; readonly bytes: number; readonly runs: number };
  readonly clusters: readonly ClusterStatus[];
  readonly sinks: readonly SinkStatus[];
  readonly setAside: readonly SetAside[];
  /** Spans that were never asked for, with the command that brings them in. */
  readonly gaps: readonly (Gap & { readonly command: string })[];
  /** Jobs that cc-backend has as running and Slurm does not know. */
  readonly strays: readonly RunKey[];
  /** Runs without an end that slurmctld has not known for more than an hour. */
  readonly runaway: readonly (RunKey & { readonly missingMs: number })[];
  /** Runs that go on and that cc-backend shows as ended, by the last comparison. */
  readonly wronglyEnded: readonly RunKey[];
  /** What waits in the hook's spool now; null when it cannot be looked at from here. */
  readonly spool: (SpoolDepth & { readonly fullMs: number | null }) | null;
}

export type ClusterStatus = Partial<ClusterNote> & {
  readonly cluster: string;
  /** Runs whose end is not known. */
  readonly open: number;
  /** Of these, those that slurmctld does not know any more. */
  readonly missing: number;
};

export interface SinkStatus extends SinkCounts {
  readonly sink: SinkName;
  /** Milliseconds that the oldest start or stop waits which could be delivered; what waits for a commit does not count. */
  readonly lagMs: number;
  /** Why nothing is delivered at the moment. */
  readonly trouble: DeliveryState['trouble'];
  /** Delivered since the daemon started. */
  readonly delivered: DeliveryState['delivered'] | null;
  /** Why runs wait although they were tried, the most frequent reasons. */
  readonly reasons: readonly { readonly reason: string; readonly count: number; readonly jobId: number }[];
}

/** The age of a note, in milliseconds, from which on a daemon that runs is not well; it writes one every 15 s. */
const staleMs = 60_000;
const runawayMs = 3_600_000;
const asideAtMost = 100_000;
const reasonsAtMost = 5;

/** Reads journal and spool beside the daemon, and changes nothing. Errors: those of the journal. */
export async function readStatus({ config, clock }: StatusOptions): Promise<Status> {
  const path = config.journalPath;
  if (!exists(path)) return neverRan(path, clock.now());
  const journal = await openJournal(path, config, clock);
  try {
    return statusOf(journal, config, clock);
  } finally {
    journal.close();
  }
}

async function openJournal(path: string, config: StatusOptions['config'], clock: Clock): Promise<RunJournal> {
  try {
    return await openRunJournal(path, { clock, readOnly: true, ...sinksOf(config) });
  } catch (error) {
    if (!isCode(error, 'journal.unusable') || error.hint !== undefined) throw error;
    // Also who only reads takes part in the bookkeeping of SQLite's log, unless the daemon does it.
    throw new SluiceError(error.code, error.message, { cause: error, hint: 'Run it as the user of the daemon, or as root.' });
  }
}

function statusOf(journal: RunJournal, config: StatusOptions['config'], clock: Clock): Status {
  const atMs = clock.now();
  const note = readStatusNote(journal.book.note(statusNote)) ?? null;
  const holder = instanceHolder(`${journal.path}.lock`);
  return {
    atMs,
    daemon: { state: daemonState(note, holder, atMs), pid: holder ?? note?.pid ?? null },
    note,
    journal: { path: journal.path, bytes: journal.bytes(), runs: journal.runs.count() },
    clusters: clustersOf(journal, note),
    sinks: sinksOf(config).sinks.map((sink) => sinkStatus(journal, sink, note, atMs)),
    setAside: journal.deliveries.setAside(asideAtMost),
    gaps: journal.book.gaps().map((gap) => ({ ...gap, command: backfillCommand(gap, journal) })),
    strays: journal.book.strays(),
    runaway: journal.runs.missingSince(atMs - runawayMs),
    wronglyEnded: Object.values(note?.comparisons ?? {}).flatMap(({ wronglyEnded }) => wronglyEnded),
    spool: spoolNow(config.spoolPath, clock),
  };
}

/** `holder` is what `instanceHolder` found; undefined when the kernel does not tell. */
function daemonState(note: StatusNote | null, holder: number | null | undefined, now: number): DaemonState {
  if (holder === null) return 'stopped';
  if (note === null || note.stopped) return holder === undefined || holder === note?.pid ? 'stopped' : 'starting';
  if (now - note.atMs <= staleMs) return holder === undefined || holder === note.pid ? 'running' : 'starting';
  if (holder === undefined) return 'stopped';
  return holder === note.pid ? 'stuck' : 'starting';
}

function clustersOf(journal: RunJournal, note: StatusNote | null): readonly ClusterStatus[] {
  const names = JSON.parse(journal.book.note('clusters') ?? '[]') as readonly string[];
  const noted = new Map((note?.clusters ?? []).map((one) => [one.cluster, one]));
  const all = new Set([...names, ...noted.keys()]);
  return [...all].map((cluster) => ({ ...noted.get(cluster), cluster, ...journal.runs.openCounts(cluster) }));
}

function sinkStatus(journal: RunJournal, sink: SinkName, note: StatusNote | null, now: number): SinkStatus {
  const counts = journal.deliveries.counts(sink);
  const state = note?.sinks[sink];
  return {
    sink,
    ...counts,
    lagMs: counts.oldestMs === null ? 0 : Math.max(0, now - counts.oldestMs),
    trouble: state?.trouble ?? null,
    delivered: state?.delivered ?? null,
    reasons: journal.deliveries.waitingFor(sink, reasonsAtMost),
  };
}

function backfillCommand({ cluster, since, until }: Gap, journal: RunJournal): string {
  const other = cluster === journal.book.note('local') ? '' : ` --cluster ${cluster}`;
  return `sluice cc backfill --since ${iso(since)} --until ${iso(until)}${other}`;
}

function spoolNow(path: string, clock: Clock): Status['spool'] {
  const spool = openSpool({ path, clock });
  const depth = spool.depth();
  return depth.state === 'ready' ? { ...depth, fullMs: spool.fullSince() } : null;
}

function exists(path: string): boolean {
  // What cannot be looked at is said by the journal, with the reason.
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function neverRan(path: string, atMs: number): Status {
  return {
    atMs,
    daemon: { state: 'never', pid: null },
    note: null,
    journal: { path, bytes: 0, runs: 0 },
    clusters: [],
    sinks: [],
    setAside: [],
    gaps: [],
    strays: [],
    runaway: [],
    wronglyEnded: [],
    spool: null,
  };
}
