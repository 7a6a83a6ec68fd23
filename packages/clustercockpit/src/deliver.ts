import { isCode } from '@sluice/io';
import type { CcBackendClient, Written } from './cc/cc-backend-client.ts';
import type { DecideContext } from './decide/context.ts';
import { decideStart, decideStop } from './decide/decide.ts';
import { keyOf, type Run } from './run.ts';

export interface DeliverOptions {
  readonly context: DecideContext;
  /** Starts of runs that are known to stand in cc-backend are not sent again. */
  readonly standing?: (run: Run) => boolean;
}

/** A run for which something could not be done. */
export interface Failure {
  readonly run: Run;
  readonly what: 'start' | 'stop';
  readonly reason: string;
}

export interface Delivered {
  readonly started: readonly Run[];
  readonly stopped: readonly Run[];
  /** Starts and stops that stood in cc-backend already. */
  readonly there: number;
  readonly failed: readonly Failure[];
}

/**
 * Sends the start of every run and the stop of every ended one. Starts before stops, older runs before newer ones: once a
 * later run of an id is committed, the earlier is refused (contract §4.1). One run's failure holds up no other; a server
 * that cannot be reached or refuses the token ends it with that error.
 */
export async function deliver(client: CcBackendClient, runs: readonly Run[], options: DeliverOptions): Promise<Delivered> {
  const started: Run[] = [];
  const stopped: Run[] = [];
  const failed: Failure[] = [];
  let there = 0;

  async function write(run: Run, what: Failure['what'], send: () => Promise<Written>): Promise<boolean> {
    try {
      const written = await send();
      if (written.kind === 'written') (what === 'start' ? started : stopped).push(run);
      else if (written.kind === 'there') there++;
      else failed.push({ run, what, reason: written.kind === 'missing' ? 'cc-backend does not know the job' : written.reason });
      return written.kind === 'written' || written.kind === 'there';
    } catch (error) {
      if (!isCode(error, 'cc.failed', 'http.timeout', 'http.dropped', 'http.too-large')) throw error;
      failed.push({ run, what, reason: error.message });
      return false;
    }
  }

  const standing = new Set<string>();
  for (const run of runs.toSorted((a, b) => a.start - b.start || a.jobId - b.jobId)) {
    const start = decideStart(run, options.context);
    if (options.standing?.(run)) standing.add(keyOf(run));
    else if ('ignored' in start) continue;
    else if ('refused' in start) failed.push({ run, what: 'start', reason: start.refused });
    else if (await write(run, 'start', () => client.start(start.payload))) standing.add(keyOf(run));
  }
  for (const run of runs) {
    if (run.ended === null || !standing.has(keyOf(run))) continue;
    const stop = decideStop(run, options.context);
    if ('ignored' in stop) continue;
    if ('refused' in stop) failed.push({ run, what: 'stop', reason: stop.refused });
    else await write(run, 'stop', () => client.stop(stop.payload));
  }
  return { started, stopped, there, failed };
}
