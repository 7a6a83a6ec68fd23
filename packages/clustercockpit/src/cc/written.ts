import type { HttpResponse } from '@sluice/io';
import { envelopeOf, isMissing, isPage } from './answers.ts';
import type { ListedJob } from './listed-job.ts';

/** What became of a write (contract §4.17). Everything else is an error: the outcome is unknown, or the operator has to act. */
export type Written =
  /** It is done; `note` tells what of it was not, e.g. a tag that the token may not write. */
  | { readonly kind: 'written'; readonly note?: string }
  /** It stood already: the same cluster, job id and start; of a stop, in which state if the server said so. */
  | { readonly kind: 'there'; readonly state?: string }
  /**
   * A start that is refused because of another run of the id: one that started within the 24 hours before, or any later one
   * (contract W2). `startTime` is that of the nearest one, null when it could not be looked up.
   */
  | { readonly kind: 'other-run'; readonly startTime: number | null; readonly reason: string }
  /** A stop for a job that the server does not know: send its start first. */
  | { readonly kind: 'missing' }
  /** It will never be taken as it is. */
  | { readonly kind: 'refused'; readonly reason: string };

/** `look`: only a look at what the server lists tells. `unexpected`: an error, no answer to the write. */
export type Judged = Written | 'look' | 'unexpected';

const written: Written = { kind: 'written' };

/** The answer to a start. Only what cc-backend itself words is final: a proxy's refusal may pass, except for its bound on the size. */
export function judgeStart(answer: HttpResponse): Judged {
  const { status } = answer;
  if (status === 201) return written;
  if (status === 413) return tooLarge;
  const reason = envelopeOf(answer)?.error;
  if (reason === undefined) return 'unexpected';
  if (status === 422) return 'look';
  if (status === 400) return { kind: 'refused', reason };
  if (status !== 500) return 'unexpected';
  // The first is only cached yet: the same job, cluster and start (contract W3).
  if (reason.includes('UNIQUE constraint failed: job_cache.')) return { kind: 'there' };
  if (reason.includes('CHECK constraint failed')) return { kind: 'refused', reason };
  // The row is in before its tags are (contract §4.1, 6).
  return reason.startsWith('adding tag to new job') ? { kind: 'written', note: reason } : 'unexpected';
}

const tooLarge: Written = {
  kind: 'refused',
  reason: 'a proxy before cc-backend takes no body of this size (413); raise its bound (nginx: client_max_body_size) for large job scripts',
};

/** What a refused start met, by the runs of its id that the server lists. */
export function judgeRuns(runs: readonly ListedJob[], startTime: number, reason: string): Written {
  const same = runs.find((run) => run.startTime === startTime);
  if (same) return { kind: 'there', state: same.jobState };
  const distance = (run: ListedJob) => Math.abs(run.startTime - startTime);
  const nearest = runs.toSorted((a, b) => distance(a) - distance(b))[0];
  return { kind: 'other-run', startTime: nearest?.startTime ?? null, reason };
}

/** The answer to a stop. */
export function judgeStop(answer: HttpResponse): Judged {
  const { status } = answer;
  if (status === 200) return isPage(answer) ? 'unexpected' : written;
  if (isMissing(answer)) return { kind: 'missing' };
  const reason = envelopeOf(answer)?.error;
  if (reason === undefined || (status !== 422 && status !== 400)) return 'unexpected';
  const state = /\(state is: (\w+)\)/.exec(reason)?.[1];
  // 422 from 1.4.3 on.
  if (reason.includes('already been stopped')) return state === undefined ? { kind: 'there' } : { kind: 'there', state };
  // 400 before; one sentence for a job that has ended and for an end that is not after the start. 1.3 leaves out the state.
  if (!reason.includes('only running jobs can be stopped')) return { kind: 'refused', reason };
  if (state === undefined) return 'look';
  return state === 'running' ? { kind: 'refused', reason } : { kind: 'there', state };
}

/** The server does not know a field: our fault, or it is another release than it was. */
export function isUnknownField(answer: HttpResponse): boolean {
  return answer.status === 400 && (envelopeOf(answer)?.error.includes('json: unknown field') ?? false);
}
