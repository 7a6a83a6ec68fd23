import { type AdapterConfig, type BackfillProgress, type BackfillReport, backfill } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import { createLog } from '@sluice/service';
import { progressLine } from '../progress.ts';
import type { Surroundings } from '../surroundings.ts';
import { formatEpoch, parseMoment } from '../time.ts';
import { type CcOptions, ccBackendOf, openConfig, slurmOf } from './cc-open.ts';
import { tellDaemon } from './cc-retry.ts';

export interface BackfillCommandOptions extends CcOptions {
  readonly since: string;
  readonly until?: string;
  readonly cluster?: string;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

/** Brings history into cc-backend; the exit code is 65 when runs were refused for good, and 75 when it was interrupted. */
export async function runBackfill(options: BackfillCommandOptions, around: Surroundings): Promise<number> {
  const { config } = await openConfig(options, around);
  const now = Math.floor(around.clock.now() / 1000);
  const since = moment(options.since, '--since', now);
  const until = options.until === undefined ? now : moment(options.until, '--until', now);
  if (since >= until) throw new SluiceError('usage', '--since must be before --until');
  const slurm = slurmOf(config, options.cluster, around);
  const cluster = options.cluster ?? (await localCluster(slurm));
  const { client, http } = ccBackendOf(config, around);
  const bar = progressLine(around.stderr, { clock: around.clock, everyMs: 60_000 });
  let report: BackfillReport;
  try {
    report = await backfill({
      config,
      cluster,
      since,
      until,
      connector: slurm,
      client,
      clock: around.clock,
      random: Math.random,
      log: createLog({ name: 'backfill', level: 'warn' }),
      pid: process.pid,
      fresh: options.fresh ?? false,
      progress: (progress) => bar.show(progressText(progress, since, until)),
      signal: around.interrupted,
    });
  } finally {
    bar.clear();
    await http.close();
  }
  around.stdout.write(
    options.json ? `${JSON.stringify({ cluster, since, until, ...report })}\n` : reportText(report, cluster, since, until),
  );
  if (!report.whole) return 75;
  await tellFilled(config, { cluster, since, until }, around);
  return report.aside.length > 0 ? 65 : 0;
}

function moment(text: string, option: string, now: number): number {
  const seconds = parseMoment(text, now);
  if (seconds !== undefined) return seconds;
  throw new SluiceError(
    'usage',
    `${option}: ${JSON.stringify(text)} is no time; use 2026-11-01, 2026-11-01T12:00:00Z, 7d or seconds since 1970`,
  );
}

async function localCluster({ controller }: ReturnType<typeof slurmOf>): Promise<string> {
  const name = (await controller.config())['ClusterName'];
  if (name) return name;
  throw new SluiceError('slurm.unparsable', 'slurmctld names no cluster', { hint: 'Name it with --cluster.' });
}

/** The daemon's status names the gap no longer; that it runs under another user must not spoil the work. */
async function tellFilled(
  config: AdapterConfig,
  span: { cluster: string; since: number; until: number },
  around: Surroundings,
): Promise<void> {
  try {
    await tellDaemon(config, { kind: 'filled', ...span }, around);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    around.stderr.write(`sluice: the daemon could not be told that the gap is filled: ${error.message}\n`);
  }
}

function progressText({ read, runs, counts, trouble }: BackfillProgress, since: number, until: number): string {
  const part = Math.min(1, Math.max(0, (read - since) / (until - since)));
  const width = 20;
  const filled = Math.round(part * width);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
  const waiting = `${counts.startsWaiting} starts and ${counts.stopsWaiting} stops wait, ${counts.awaitingCommit} of them for a commit`;
  return `${bar} read up to ${formatEpoch(read)}, runs: ${runs}; ${trouble ?? waiting}`;
}

function reportText({ runs, sent, unsent, aside, whole }: BackfillReport, cluster: string, since: number, until: number): string {
  const lines = [
    `${cluster}, ${formatEpoch(since)} to ${formatEpoch(until)} UTC, runs: ${runs}`,
    `  ${sent} brought to cc-backend`,
    `  ${runs - sent - unsent - aside.length} stood there${whole ? '' : ' or wait'}`,
    `  ${unsent} not sent, by policy or configuration`,
    `  ${aside.length} refused by cc-backend`,
  ];
  for (const { jobId, start, reason } of aside.slice(0, 20)) lines.push(`    job ${jobId}, started ${formatEpoch(start)}: ${reason}`);
  if (aside.length > 20) lines.push(`    and ${aside.length - 20} more; --json has them all`);
  if (!whole) lines.push(`It was interrupted. To go on from here, name the same span: --since ${iso(since)} --until ${iso(until)}`);
  return `${lines.join('\n')}\n`;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
