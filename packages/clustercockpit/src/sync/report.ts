import { errorTable, type SluiceError } from '@sluice/io';
import type { RunKey } from '../run.ts';
import type { AskedJob } from './asked-job.ts';

/**
 * What became of one run:
 * - `sent`: cc-backend took it; in a dry run: it would be sent;
 * - `there`: it stood there already, though no list shows it yet;
 * - `left out`: not sent, by the configuration or by a policy, or because it is not time yet;
 * - `refused`: cc-backend will not take it as it is;
 * - `waits`: it could not be told or asked now; the next sync tries again;
 * - `stray`: cc-backend has it as running, and Slurm knows nothing of it.
 */
export type SyncResult = 'sent' | 'there' | 'left out' | 'refused' | 'waits' | 'stray';

export interface SyncOutcome {
  readonly what: 'start' | 'stop';
  /** With Slurm's name of the cluster. */
  readonly run: RunKey;
  readonly result: SyncResult;
  /** Of everything that was not simply sent: why. Reasons are alike for alike runs, so that they can be counted. */
  readonly reason?: string;
}

/** What one sync found and did. */
export interface ClusterSyncReport {
  /** Slurm's name of the cluster, and cc-backend's. */
  readonly cluster: string;
  readonly ccCluster: string;
  readonly dryRun: boolean;
  /** Runs that go on, by slurmctld. */
  readonly running: number;
  /** Jobs that cc-backend listed as running before anything was sent. */
  readonly listed: number;
  /** One for each run that is not the same on both sides. */
  readonly outcomes: readonly SyncOutcome[];
  /** Directions in which the limit left something over for the next sync. */
  readonly limited: readonly SyncOutcome['what'][];
  /** Records of Slurm that could not be read. */
  readonly rejects: number;
  /** Why it ended before all was done; null when it did not. */
  readonly trouble: SluiceError | null;
  /** What is so of the one job that was asked for, if there was nothing to be done about it; else null. */
  readonly asked: AskedJob | null;
}

/** The outcomes of a kind. */
export function outcomesOf(report: ClusterSyncReport, result: SyncResult, what?: SyncOutcome['what']): readonly SyncOutcome[] {
  return report.outcomes.filter((outcome) => outcome.result === result && (what === undefined || outcome.what === what));
}

/**
 * The exit code of a sync (sysexits.h): that of its trouble; 75 when something is to be repeated; 65 when something was refused
 * or is a stray, which only an administrator can mend, or when Slurm does not know the job that was asked for; else 0. What the limit left over is no failure.
 */
export function syncExitCode(report: ClusterSyncReport): number {
  if (report.trouble) return report.trouble.exitCode;
  if (outcomesOf(report, 'waits').length > 0 || report.asked?.is === 'unasked') return 75;
  const toMend = outcomesOf(report, 'refused').length + outcomesOf(report, 'stray').length > 0;
  return toMend || report.asked?.is === 'unknown' ? errorTable['slurm.unknown'].exit : 0;
}
