import type { Clock } from '@sluice/io';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { Written } from '../cc/written.ts';
import type { Deliveries } from '../journal/deliveries.ts';
import type { DueRun, DueStop } from '../journal/types.ts';
import type { Run, RunKey } from '../run.ts';
import { type Decider, withoutPayload } from './decider.ts';
import type { Outcome, Sink } from './sink.ts';

export interface RestSinkOptions {
  readonly client: Pick<CcBackendClient, 'start' | 'stop' | 'remove'>;
  readonly decider: Decider;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  /** What becomes of a run that cc-backend refuses because another run of the same job began within a day (contract W2). */
  readonly requeuedJobs: 'keep-first' | 'replace';
  /** Milliseconds between two commits of the server. */
  readonly commitIntervalMs: number;
  /** Starts carry a tag and are committed at once (contract W5). */
  readonly tagged: boolean;
  readonly concurrency: { readonly start: number; readonly stop: number };
}

const turnMs = 1000;
/** Seconds within which the server takes a second run of a job for the first (contract §4.1). */
const day = 86_400;

/** cc-backend through its REST API. */
export function restSink(options: RestSinkOptions): Sink {
  const { client, decider, deliveries, clock, requeuedJobs, commitIntervalMs, tagged, concurrency } = options;

  async function start(due: DueRun): Promise<Outcome> {
    const { run } = due;
    const deciding = decider.start(run);
    const decision = deciding instanceof Promise ? await deciding : deciding;
    if (!('payload' in decision)) return withoutPayload(decision);
    const { payload } = decision;
    const waits = isAlone(due) ? undefined : await makeWay(run, payload.cluster);
    if (waits) return waits;
    const written = await client.start(payload);
    if (written.kind !== 'other-run') return outcomeOf(written);
    if (requeuedJobs === 'keep-first') return { kind: 'unsent', reason: otherRun(written.startTime) };
    // The other run may be one that another program sent; an earlier one gives way like one of ours.
    if (written.startTime === null || written.startTime > run.start) return { kind: 'aside', reason: written.reason };
    await client.remove(payload.cluster, run.jobId, written.startTime);
    const again = await client.start(payload);
    return again.kind === 'other-run' ? { kind: 'aside', reason: again.reason } : outcomeOf(again);
  }

  /** Whether it is the only run of its job, as nearly all are. What was read long ago is asked again. */
  function isAlone({ alone, readMs }: DueRun): boolean {
    return alone && clock.now() - readMs < turnMs;
  }

  /** What other runs of the same job mean for this one; undefined when it may be sent. */
  async function makeWay(run: Run, cluster: string): Promise<Outcome | undefined> {
    const rivals = deliveries.rivals('rest', run);
    const earlier = rivals.filter(({ start: other }) => other < run.start);
    // The server takes runs of a job only in the order of their starts.
    if (earlier.some(({ waits }) => waits)) return { kind: 'later', reason: 'an earlier run of the job goes first', afterMs: turnMs };
    if (requeuedJobs === 'keep-first') {
      // Of a run that became known late, after a later one was sent, the server would refuse the start; or take it, while the
      // later one is only cached.
      const other = rivals.find(({ stands }) => stands);
      return other && { kind: 'unsent', reason: otherRun(other.start) };
    }
    const standing = earlier.filter(({ stands }) => stands);
    if (rivals.some((other) => other.start > run.start && other.start - run.start < day)) {
      return { kind: 'unsent', reason: 'a later run of the same job takes its place (requeuedJobs: replace)' };
    }
    for (const other of standing) {
      const waits = await replace(other, cluster);
      if (waits) return waits;
    }
    return undefined;
  }

  async function replace(other: RunKey, cluster: string): Promise<Outcome | undefined> {
    const removed = await client.remove(cluster, other.jobId, other.start);
    const { id, startedMs } = deliveries.standingOf('rest', other) ?? {};
    // What is only cached yet cannot be removed (contract §4.8).
    if (!removed && startedMs && clock.now() - startedMs < 2 * commitIntervalMs) {
      return { kind: 'later', reason: 'the earlier run of the job cannot be replaced before it is committed', afterMs: commitIntervalMs };
    }
    const reason = 'a later run of the same job has taken its place (requeuedJobs: replace)';
    if (id !== undefined) await deliveries.settle('rest', [{ id, did: 'unsent', reason }]);
    return undefined;
  }

  async function stop(due: DueStop): Promise<Outcome> {
    const deciding = decider.stop(due.run);
    const decision = deciding instanceof Promise ? await deciding : deciding;
    if (!('payload' in decision)) return withoutPayload(decision);
    const stopped = await client.stop(decision.payload);
    return stopped.kind === 'other-run' ? { kind: 'aside', reason: stopped.reason } : outcomeOf(stopped);
  }

  return { name: 'rest', concurrency, start, stop, stopAfterMs: () => (tagged ? 0 : 2 * commitIntervalMs) };
}

function otherRun(start: number | null): string {
  const began = start === null ? '' : ` that began at ${start}`;
  return `cc-backend keeps one run of a job per day; the run${began} stands there (requeuedJobs: keep-first)`;
}

/** Of an answer that means no other run. */
function outcomeOf(written: Exclude<Written, { readonly kind: 'other-run' }>): Outcome {
  switch (written.kind) {
    case 'written':
      return { kind: 'stands', fresh: true };
    case 'there':
      return { kind: 'stands', fresh: false };
    case 'missing':
      return { kind: 'missing', reason: 'cc-backend does not know the job' };
    case 'refused':
      return { kind: 'aside', reason: written.reason };
  }
}
