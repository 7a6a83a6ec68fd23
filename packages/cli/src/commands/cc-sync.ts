import {
  type CcBackendClient,
  type ClusterSyncReport,
  ccBackendClient,
  loadSyncConfig,
  outcomesOf,
  type SyncConfig,
  type SyncOutcome,
  type SyncProgress,
  type SyncResult,
  syncCluster,
  syncExitCode,
} from '@sluice/clustercockpit';
import { type Call, describeError, type HttpClient, httpClient, type Processes, readSecret, SluiceError } from '@sluice/io';
import { problemLine } from '@sluice/service';
import { progressLine } from '../progress.ts';
import type { Surroundings } from '../surroundings.ts';
import { oneLine } from '../table.ts';
import { formatEpoch } from '../time.ts';
import { slurmOf } from './cc-open.ts';

export interface SyncCommandOptions {
  readonly config: string;
  readonly jobid?: string;
  readonly limit: string;
  readonly direction: 'both' | 'start' | 'stop';
  readonly debug?: boolean;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Brings cc-backend in step with Slurm once; the exit code is that of {@link syncExitCode}. */
export async function runSync(options: SyncCommandOptions, around: Surroundings): Promise<number> {
  const limit = wholeNumber('--limit', options.limit);
  const jobId = options.jobid === undefined ? undefined : wholeNumber('--jobid', options.jobid);
  const { config, warnings } = await loadSyncConfig({ file: options.config, strict: options.strict ?? false });
  for (const warning of warnings) warn(around, problemLine(warning));
  const { client, http } = ccBackendOf(config, around);
  const bar = progressLine(around.stderr);
  const tell = (outcome: SyncOutcome) => {
    bar.clear();
    around.stderr.write(`${outcomeLine(outcome)}\n`);
  };
  let report: ClusterSyncReport;
  try {
    const slurm = slurmOf(config, config.slurmCluster ?? undefined, { ...around, processes: withOthers(around.processes, config) });
    report = await syncCluster({
      config,
      slurm,
      client,
      direction: options.direction,
      limit,
      jobId,
      dryRun: options.dryRun ?? false,
      progress: (progress) => bar.show(progressText(progress)),
      ...(options.debug ? { told: tell } : {}),
      signal: around.interrupted,
    });
  } finally {
    bar.clear();
    await http.close();
  }
  around.stdout.write(options.json ? jsonOf(report) : reportText(report));
  if (report.trouble) warn(around, describeError(report.trouble).join('\n  '));
  return syncExitCode(report);
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  throw new SluiceError('usage', `${option}: ${JSON.stringify(text)} is no whole number above 0`);
}

function warn({ stderr }: Surroundings, text: string): void {
  stderr.write(`sluice: ${text}\n`);
}

/** Runs those of Slurm's commands that have a place or a name of their own from there. */
function withOthers(processes: Processes, { otherCommands }: SyncConfig): Processes {
  const placed = (call: Call): Call => {
    const other = otherCommands.get(call.program.name);
    return other ? { ...call, program: { ...call.program, ...other } } : call;
  };
  return { run: (call) => processes.run(placed(call)), stream: (call) => processes.stream(placed(call)) };
}

function ccBackendOf(config: SyncConfig, around: Surroundings): { readonly client: CcBackendClient; readonly http: HttpClient } {
  const { secret, findings } = readSecret('cc-backend.apikey', config.ccRestJwt, around.env);
  for (const finding of findings) warn(around, finding);
  const http = httpClient({
    baseUrl: config.ccRestUrl,
    timeoutMs: config.ccRestTimeout * 1000,
    connections: 6,
    ...(config.ccRestCaFile === null ? {} : { caFile: config.ccRestCaFile }),
    env: around.env,
  });
  return { http, client: ccBackendClient(http, () => secret.reveal(), { now: () => around.clock.now() }) };
}

function progressText({ step, done, of }: SyncProgress): string {
  if (of === 0) return `${step} …`;
  const width = 20;
  const filled = Math.round((Math.min(done, of) / of) * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${step}: ${done} of ${of}`;
}

function outcomeLine({ what, run, result, reason }: SyncOutcome): string {
  return `${what} of job ${run.jobId}, begun ${formatEpoch(run.start)}: ${result}${reason === undefined ? '' : `: ${oneLine(reason, 300)}`}`;
}

function jsonOf(report: ClusterSyncReport): string {
  const { trouble, ...rest } = report;
  const error = trouble === null ? null : { code: trouble.code, message: trouble.message, hint: trouble.hint ?? null };
  return `${JSON.stringify({ ...rest, trouble: error, exitCode: syncExitCode(report) })}\n`;
}

/** Rows of runs of which somebody should know more than how many they are. */
const shownAtMost = 20;

function reportText(report: ClusterSyncReport): string {
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
  if (rejects > 0) lines.push(`${rejects} rows of Slurm could not be read.`);
  return `${lines.join('\n')}\n`;
}

/** One row for each reason. */
function reasonsOf(report: ClusterSyncReport, result: SyncResult): readonly (readonly [number, string])[] {
  const counts = new Map<string, number>();
  for (const { reason = '' } of outcomesOf(report, result)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].slice(0, shownAtMost).map(([reason, count]) => [count, `${result}: ${oneLine(reason, 300)}`]);
}
