import type { SetAside } from '../journal/types.ts';
import type { RunKey } from '../run.ts';
import { type Attention, attentionOf } from './attention.ts';
import type { PastProblem } from './note.ts';
import type { ClusterStatus, SinkStatus, Status } from './status.ts';
import { bytes, counted, moment, plain, span } from './words.ts';

export interface StatusTextOptions {
  /** Runs listed of each kind; all by default. */
  readonly limit?: number;
  /** What accounting itself takes for runaway, by cluster, where it was asked. */
  readonly accounted?: ReadonlyMap<string, readonly number[] | string>;
  /** Of a dry run, which delivers nothing. */
  readonly dryRun?: boolean;
  /** What starts the daemon. */
  readonly daemon?: string;
}

/** The status as a person reads it; all times are UTC. */
export function statusText(status: Status, options: StatusTextOptions = {}): string {
  const {
    limit = Number.POSITIVE_INFINITY,
    accounted = new Map(),
    dryRun = false,
    daemon = 'sluice cc daemon, or its systemd unit',
  } = options;
  if (status.daemon.state === 'never') {
    return `The daemon has never run with this configuration: there is no ${status.journal.path}.\n  Start it: ${daemon}\n`;
  }
  const lines = [
    ...daemonLines(status, daemon),
    ...section(
      'Observed',
      status.clusters.flatMap((one) => clusterLines(one, status)),
    ),
    ...section(
      dryRun ? 'Would be delivered (dry run: nothing is sent)' : 'Delivered',
      status.sinks.flatMap((one) => sinkLines(one, status)),
    ),
    ...section('Set aside', asideLines(status.setAside, limit)),
    ...section('Ended for cc-backend though they run', runLines(status.wronglyEnded, limit)),
    ...section('Running for cc-backend alone', runLines(status.strays, limit)),
    ...section('Without an end, and unknown to slurmctld for more than an hour', runLines(status.runaway, limit)),
    ...section(
      'Runaway by accounting',
      [...accounted].flatMap(([cluster, found]) => accountedLines(cluster, found, limit)),
    ),
    ...section('Was wrong, and is not any more', (status.note?.over ?? []).map(pastLine)),
    ...section('Needs somebody', attentionOf(status).flatMap(attentionLines)),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function daemonLines({ daemon, note, journal, atMs, spool }: Status, start: string): readonly string[] {
  return [
    daemonLine({ daemon, note, atMs }, start),
    `  journal ${journal.path}: ${counted(journal.runs, 'run')}, ${bytes(journal.bytes)}`,
    ...(spool ? [`  spool: ${spoolWords(spool, atMs)}`] : []),
    ...(note && note.eventsWaiting > 0 ? [`  ${counted(note.eventsWaiting, 'job')} of events to be asked about`] : []),
  ];
}

function daemonLine({ daemon, note, atMs }: Pick<Status, 'daemon' | 'note' | 'atMs'>, start: string): string {
  const release = note === null ? 'Sluice' : `Sluice ${note.version}`;
  switch (daemon.state) {
    case 'running': {
      const role = note?.acting === false ? '; another controller acts, and its daemon delivers' : '';
      return `${release} runs as process ${daemon.pid} since ${moment(note?.startedMs ?? null)} (${span(atMs - (note?.startedMs ?? atMs))})${role}`;
    }
    case 'starting':
      return `The daemon is starting, or sluice cc collect stands in for it: process ${daemon.pid} holds the journal. If it stays so, its log says why`;
    case 'stuck':
      return `The daemon is STUCK: process ${daemon.pid} has noted nothing for ${span(atMs - (note?.atMs ?? atMs))}. Its log says why`;
    default: {
      const how = note === null ? '' : note.stopped ? `; it stopped at ${moment(note.atMs)}` : `; it was last seen at ${moment(note.atMs)}`;
      return `The daemon does NOT RUN${how}. Start it: ${start}`;
    }
  }
}

function spoolWords({ files, bytes: size, oldestMs }: NonNullable<Status['spool']>, now: number): string {
  if (files === 0) return 'empty';
  return `${counted(files, 'event')}, ${bytes(size)}${oldestMs === null ? '' : `, the oldest ${span(now - oldestMs)} old`}`;
}

function clusterLines(one: ClusterStatus, { daemon, atMs: now }: Status): readonly string[] {
  const { cluster, slurm, running, open, missing, watermark, controller, accounting } = one;
  const release = slurm == null ? '' : ` (Slurm ${slurm})`;
  // What a daemon sees it notes when it starts, before it has looked, and every 15 seconds from then on.
  const begins = daemon.state === 'running' && controller?.failure == null;
  const first = begins ? 'the daemon has just started and notes its first look within 15 s' : 'not looked at yet';
  const look = running == null ? first : `${running} running at the last look`;
  const lines = [
    `${cluster}${release}: ${look}; ${counted(open, 'run')} without an end${missing > 0 ? `, ${missing} of them missing` : ''}`,
    `  accounting read up to ${moment(watermark == null ? null : watermark * 1000)}`,
  ];
  for (const [name, loop] of Object.entries({ slurmctld: controller, accounting })) {
    if (loop?.failure == null) continue;
    lines.push(
      `  ${name} does not answer: ${plain(loop.failure)}; it last did ${loop.doneMs === null ? 'never' : `${span(now - loop.doneMs)} ago`}`,
    );
  }
  return lines;
}

function sinkLines(one: SinkStatus, { note, atMs }: Status): readonly string[] {
  const { startsWaiting, stopsWaiting, awaitingCommit, aside, unsent, lagMs, trouble, delivered, reasons } = one;
  const waiting = [counted(startsWaiting, 'start'), counted(stopsWaiting - awaitingCommit, 'stop')].join(' and ');
  const commit = awaitingCommit > 0 ? `; ${counted(awaitingCommit, 'stop')} waiting for commit` : '';
  const lines = [
    `${nameOf(one, note)}: ${waiting} waiting${commit}; lag ${span(lagMs)}`,
    `  ${aside} set aside, ${unsent} not sent by policy${delivered ? `; since its start ${counted(delivered.start, 'start')} and ${counted(delivered.stop, 'stop')} delivered` : ''}`,
  ];
  if (trouble) lines.push(`  takes NOTHING since ${moment(trouble.sinceMs)} (${span(atMs - trouble.sinceMs)}): ${plain(trouble.message)}`);
  for (const { reason, count, jobId } of reasons) lines.push(`  ${counted(count, 'run')} tried (job ${jobId}): ${plain(reason)}`);
  return lines;
}

function nameOf({ sink }: SinkStatus, note: Status['note']): string {
  if (sink === 'nats') return 'NATS';
  const server = note?.server;
  return server ? `cc-backend ${server.text ?? server.version}` : 'cc-backend';
}

function asideLines(runs: readonly SetAside[], limit: number): readonly string[] {
  const line = (run: SetAside) =>
    `${keyWords(run)}: ${run.what} refused by ${run.sink === 'rest' ? 'cc-backend' : 'NATS'}: ${plain(run.reason)}`;
  return atMost(runs, limit, line);
}

function runLines(runs: readonly RunKey[], limit: number): readonly string[] {
  return atMost(runs, limit, keyWords);
}

function accountedLines(cluster: string, found: readonly number[] | string, limit: number): readonly string[] {
  if (typeof found === 'string') return [`${cluster} could not be asked: ${plain(found)}`];
  if (found.length === 0) return [`${cluster}: none`];
  return atMost(found, limit, (jobId) => `${cluster}: job ${jobId}`);
}

function atMost<T>(items: readonly T[], limit: number, line: (item: T) => string): readonly string[] {
  const lines = items.slice(0, limit).map(line);
  if (items.length > limit) lines.push(`and ${items.length - limit} more: --all lists them`);
  return lines;
}

function keyWords(key: RunKey): string {
  return `job ${key.jobId} of ${key.cluster}, started ${moment(key.start * 1000)}`;
}

function pastLine({ message, since, endedMs, count }: PastProblem): string {
  return `${moment(since)} to ${moment(endedMs)}, ${counted(count, 'time')}: ${plain(message)}`;
}

function attentionLines({ what, mend }: Attention): readonly string[] {
  return mend === undefined ? [what] : [what, `  ${mend}`];
}
