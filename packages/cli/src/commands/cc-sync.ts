import {
  type CcBackendClient,
  type ClusterSyncReport,
  ccBackendClient,
  loadSyncConfig,
  type SyncConfig,
  type SyncOutcome,
  syncCluster,
  syncExitCode,
} from '@sluice/clustercockpit';
import { type Call, describeError, type HttpClient, httpClient, type Processes, readSecret, SluiceError } from '@sluice/io';
import { problemLine } from '@sluice/service';
import { progressLine } from '../progress.ts';
import type { Surroundings } from '../surroundings.ts';
import { endOfRequests, slurmOf } from './cc-open.ts';
import { jsonOf, outcomeLine, progressText, reportText } from './cc-sync-report.ts';

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
    signal: endOfRequests(around),
  });
  return { http, client: ccBackendClient(http, () => secret.reveal(), { now: () => around.clock.now() }) };
}
