import {
  type AskedJob,
  type ClusterSyncReport,
  outcomesOf,
  type SyncOutcome,
  type SyncProgress,
  type SyncResult,
  syncExitCode,
} from '@sluice/clustercockpit';
import { oneLine } from '../table.ts';
import { formatEpoch } from '../time.ts';

/** What is being done, with a bar where it is known how much there is. */
export function progressText({ step, done, of }: SyncProgress): string {
  if (of === 0) return `${step} …`;
  const width = 20;
  const filled = Math.round((Math.min(done, of) / of) * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${step}: ${done} of ${of}`;
}

/** What became of one run, in one line. */
export function outcomeLine({ what, run, result, reason }: SyncOutcome): string {
  return `${what} of job ${run.jobId}, begun ${formatEpoch(run.start)}: ${result}${reason === undefined ? '' : `: ${oneLine(reason, 300)}`}`;
}

/** The report for programs, with the exit code that follows from it. */
export function jsonOf(report: ClusterSyncReport): string {
  const { trouble, ...rest } = report;
  const error = trouble === null ? null : { code: trouble.code, message: trouble.message, hint: trouble.hint ?? null };
  return `${JSON.stringify({ ...rest, trouble: error, exitCode: syncExitCode(report) })}\n`;
}

/** Rows of runs of which somebody should know more than how many they are. */
const shownAtMost = 20;

/** The report for people: how many there were, what is left out and why, and each run that somebody should know of. */
export function reportText(report: ClusterSyncReport): string {
  const { cluster, ccCluster, dryRun, running, listed, limited, rejects } = report;
  const rows: (readonly [number, string])[] = [
    [running, 'running in Slurm'],
    [listed, 'running in cc-backend before'],
    [outcomesOf(report, 'sent', 'stop').length, dryRun ? 'to be stopped' : 'stopped'],
    [outcomesOf(report, 'sent', 'start').length, dryRun ? 'to be started' : 'started'],
    [outcomesOf(report, 'there').length, 'there already'],
    ...(['left out', 'refused', 'stray', 'waits'] as const).flatMap((result) => reasonsOf(report, result)),
  ];
  const width = Math.max(...rows.map(([count]) => String(count).length));
  const named = cluster === ccCluster ? cluster : `${cluster} (${ccCluster} in cc-backend)`;
  const lines = [`${named}${dryRun ? ': a dry run, nothing was sent' : ''}`];
  lines.push(...rows.map(([count, text]) => `  ${String(count).padStart(width)}  ${text}`));
  const known = report.outcomes.filter(({ result }) => result === 'refused' || result === 'stray' || result === 'waits');
  lines.push(...known.slice(0, shownAtMost).map(outcomeLine));
  if (known.length > shownAtMost) lines.push(`and ${known.length - shownAtMost} more; --json has them all`);
  if (limited.length > 0) lines.push(`The limit was reached at: ${limited.join(', ')}. The next sync goes on.`);
  if (report.asked) lines.push(askedText(report.asked));
  if (rejects > 0) lines.push(`${rejects} rows of Slurm could not be read.`);
  return `${lines.join('\n')}\n`;
}

function askedText({ jobId, is, reason = '' }: AskedJob): string {
  switch (is) {
    case 'running':
      return `Job ${jobId} runs; nothing was to be done about it.`;
    case 'waiting':
      return `Job ${jobId} waits in the queue; there is nothing to tell cc-backend of yet.`;
    case 'ended':
      return `Job ${jobId} has ended, and cc-backend does not have it as running. If it is missing there: sluice cc backfill.`;
    case 'unknown':
      return `Slurm knows no job ${jobId}: neither slurmctld nor accounting does. A task of an array has an id of its own (sacct: JobIDRaw).`;
    case 'unasked':
      return `Job ${jobId} does not run, and whether Slurm knows it could not be asked: ${oneLine(reason, 300)}`;
  }
}

/** One row for each reason. */
function reasonsOf(report: ClusterSyncReport, result: SyncResult): readonly (readonly [number, string])[] {
  const counts = new Map<string, number>();
  for (const { reason = '' } of outcomesOf(report, result)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].slice(0, shownAtMost).map(([reason, count]) => [count, `${result}: ${oneLine(reason, 300)}`]);
}
