import { type AdapterConfig, readStatus, type Status, shadowJournalPath, statusExitCode, statusText } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import type { Surroundings } from '../surroundings.ts';
import { type CcOptions, openConfig, slurmOf, withConfig } from './cc-open.ts';

export interface StatusCommandOptions extends CcOptions {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly slurm?: boolean;
  readonly watch?: string | true;
  readonly dryRun?: boolean;
}

/** Runs listed of each kind unless all are wanted. */
const shortList = 20;
const watchSeconds = 5;
const clearScreen = '\x1b[H\x1b[J';

/** Shows what the daemon does; 1 when something needs an administrator, 75 when it does not run. */
export async function runStatus(options: StatusCommandOptions, around: Surroundings): Promise<number> {
  const pauseMs = pauseOf(options);
  const { config: read } = await openConfig(options, around);
  const config = options.dryRun ? { ...read, journalPath: shadowJournalPath(read.journalPath) } : read;
  for (;;) {
    const code = await once(config, options, around);
    if (pauseMs === undefined) return code;
    await around.clock.sleep(pauseMs, around.interrupted);
  }
}

async function once(config: AdapterConfig, options: StatusCommandOptions, around: Surroundings): Promise<number> {
  const status = await readStatus({ config, clock: around.clock });
  const accounted = options.slurm ? await runawayJobs(status, config, around) : undefined;
  const { stdout } = around;
  if (options.json) {
    const beside = accounted ? { accounted: Object.fromEntries(accounted) } : {};
    stdout.write(`${JSON.stringify({ ...status, ...beside, exitCode: statusExitCode(status) })}\n`);
  } else {
    const daemon = options.dryRun ? { dryRun: true, daemon: 'sluice cc daemon --dry-run' } : {};
    const text = withConfig(
      statusText(status, { ...(options.all ? {} : { limit: shortList }), ...(accounted ? { accounted } : {}), ...daemon }),
      options,
    );
    stdout.write(options.watch && stdout.columns !== undefined ? `${clearScreen}${text}` : text);
  }
  return statusExitCode(status);
}

/** Accounting's own list of runaway jobs, by cluster; a text where it could not be asked. */
async function runawayJobs(
  status: Status,
  config: AdapterConfig,
  around: Surroundings,
): Promise<ReadonlyMap<string, readonly number[] | string>> {
  const found = new Map<string, readonly number[] | string>();
  const slurm = slurmOf(config, undefined, around);
  for (const { cluster } of status.clusters) {
    try {
      found.set(cluster, (await slurm.accounting.runawayJobs(cluster)).records);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      found.set(cluster, error.message);
    }
  }
  return found;
}

function pauseOf({ watch }: StatusCommandOptions): number | undefined {
  if (watch === undefined) return undefined;
  const seconds = watch === true ? watchSeconds : Number(watch);
  if (seconds > 0 && seconds <= 86_400) return seconds * 1000;
  throw new SluiceError('usage', `--watch: ${JSON.stringify(watch)} is no number of seconds`);
}
