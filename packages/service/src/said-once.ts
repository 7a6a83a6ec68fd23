import type { Clock } from '@sluice/io';
import type { Log } from './log.ts';

/**
 * Says a lasting problem when it begins and when it ends, and not in between: a dead server asked every second gives
 * two lines, not thousands. A problem that goes on for another reason is said again.
 */
export interface SaidOnce {
  /**
   * Logs the first occurrence under `key` as a warning (or at `level`); later ones are counted, and logged again every `repeatMs`, and
   * after a minute when `reason`, a short code, has become another one.
   */
  begins(key: string, message: string, fields?: object, reason?: string): void;
  /** Logs, if the problem was there, that it is over, how often it occurred and for how long. */
  ends(key: string, message: string): void;
  /** The problems that last, by key. */
  lasting(): ReadonlyMap<string, LastingProblem>;
}

export interface LastingProblem {
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly count: number;
}

export interface SaidOnceOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly level?: 'info' | 'warn' | 'error';
  /** Milliseconds after which a problem that lasts is said again; one hour by default. */
  readonly repeatMs?: number;
  /** Keys kept at most, the oldest is forgotten first; 1,000 by default. */
  readonly maxKeys?: number;
}

/** Milliseconds after which a new reason is said; two reasons in turn do not fill the log. */
const reasonMs = 60_000;

export function saidOnce(options: SaidOnceOptions): SaidOnce {
  const { log, clock, level = 'warn', repeatMs = 3_600_000, maxKeys = 1000 } = options;
  const problems = new Map<string, { message: string; since: number; count: number; said: number; reason: string | undefined }>();

  function begins(key: string, message: string, fields: object = {}, reason?: string): void {
    const known = problems.get(key);
    const now = clock.now();
    if (!known) {
      const oldest = problems.size >= maxKeys ? problems.keys().next().value : undefined;
      if (oldest !== undefined) problems.delete(oldest);
      problems.set(key, { message, since: now, count: 1, said: now, reason });
      log[level](fields, message);
      return;
    }
    known.count += 1;
    known.message = message;
    const same = reason === known.reason;
    if (now - known.said < (same ? repeatMs : Math.min(repeatMs, reasonMs))) return;
    known.said = now;
    known.reason = reason;
    log[level]({ ...fields, ...duration(known, now) }, same ? `still: ${message}` : message);
  }

  function ends(key: string, message: string): void {
    const known = problems.get(key);
    if (!known) return;
    problems.delete(key);
    log.info(duration(known, clock.now()), message);
  }

  return { begins, ends, lasting: () => problems };
}

function duration(problem: { since: number; count: number }, now: number): { occurrences: number; seconds: number } {
  return { occurrences: problem.count, seconds: Math.max(0, Math.round((now - problem.since) / 1000)) };
}
