import type { Clock } from '@sluice/io';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import { startForVersion, stopForVersion } from '../cc/dialect.ts';
import type { DetailedJob } from '../cc/listed-job.ts';
import type { StopPayload } from '../cc/payloads.ts';
import { type ComparedStart, type Differences, startDifferences, stopDifferences } from './differences.ts';

/** What is known of a run that is to be looked up: how it began, how it ended, or both. */
export interface Expected {
  readonly cluster: string;
  readonly jobId: number;
  readonly startTime: number;
  start?: ComparedStart;
  /** Whether it was known what the job holds. */
  allocated?: boolean;
  stop?: StopPayload;
  dueMs: number;
  tries: number;
}

export interface Found {
  /** What differs, by cc-backend's names. */
  readonly fields: Differences;
  /** The run is not there at all. */
  readonly missing: boolean;
}

export type LookUpClient = Pick<CcBackendClient, 'detailsAt' | 'runsOf' | 'profile'>;

const day = 86_400;

/** Looks up runs in cc-backend, those that began in the same second with one question. */
export class LookUp {
  readonly #client: LookUpClient;
  readonly #clock: Clock;
  #listed: { readonly of: string; readonly atMs: number; readonly jobs: readonly DetailedJob[] } | undefined;

  constructor(client: LookUpClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Errors: those of the client. */
  async find(expected: Expected): Promise<Found> {
    const { cluster, jobId, startTime } = expected;
    const jobs = await this.#at(cluster, startTime);
    const job = jobs.find((one) => one.jobId === jobId && one.cluster === cluster);
    return job ? { fields: await this.#compare(expected, job), missing: false } : this.#elsewhere(expected);
  }

  async #at(cluster: string, startTime: number): Promise<readonly DetailedJob[]> {
    const of = `${cluster}/${startTime}`;
    // What one look showed serves the others of its second, and nobody later.
    if (this.#listed?.of !== of || this.#clock.monotonic() - this.#listed.atMs > 1000) {
      this.#listed = { of, atMs: this.#clock.monotonic(), jobs: await this.#client.detailsAt(cluster, startTime) };
    }
    return this.#listed.jobs;
  }

  async #compare({ start, allocated = false, stop }: Expected, job: DetailedJob): Promise<Differences> {
    const profile = await this.#client.profile();
    const begun = start ? startDifferences(asSent(startForVersion(profile, { ...start, metaData: {} }), start), job, allocated) : {};
    const ended = stop ? stopDifferences(stopForVersion(profile, stop), job) : {};
    const early = !stop && job.jobState !== 'running' ? { jobState: { ours: 'running', theirs: job.jobState } } : {};
    return { ...begun, ...ended, ...early };
  }

  /** The run is not there; another start of the same job may be. */
  async #elsewhere({ cluster, jobId, startTime }: Expected): Promise<Found> {
    const runs = await this.#client.runsOf(cluster, jobId, startTime);
    const starts = runs.filter((run) => Math.abs(run.startTime - startTime) < day).map((run) => run.startTime);
    const run = starts.length === 0 ? { ours: 'there', theirs: null } : undefined;
    return { fields: run ? { run } : { startTime: { ours: startTime, theirs: starts } }, missing: true };
  }
}

/** Older servers take another key for `shared`; it is compared as 1.5 has it. */
function asSent(sent: object, { shared }: ComparedStart): ComparedStart {
  return { ...(sent as ComparedStart), shared };
}
