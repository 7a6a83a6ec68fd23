import type { Written } from '../cc/written.ts';
import type { SyncOutcome } from './report.ts';

type Judged = Pick<SyncOutcome, 'result' | 'reason'>;

/** What cc-backend's answer to a start means. */
export function judgeStart(written: Written, requeuedJobs: 'keep-first' | 'replace'): Judged {
  switch (written.kind) {
    case 'written':
      return { result: 'sent' };
    case 'there':
      if (written.state === undefined || written.state === 'running') return { result: 'there' };
      return { result: 'refused', reason: `cc-backend has it as ${written.state}, though it runs; deleted there, it is started anew` };
    case 'other-run':
      if (requeuedJobs === 'keep-first') return { result: 'left out', reason: keepFirst };
      return { result: 'refused', reason: `another run of the job stands there, and cannot be replaced: ${written.reason}` };
    case 'missing':
      return { result: 'waits', reason: 'cc-backend’s answer was that it does not know the job' };
    case 'refused':
      return { result: 'refused', reason: written.reason };
  }
}

/** What cc-backend's answer to a stop means. */
export function judgeStop(written: Written): Judged {
  switch (written.kind) {
    case 'written':
      return { result: 'sent' };
    case 'there':
      return { result: 'there' };
    case 'missing':
      return { result: 'waits', reason: 'cc-backend listed it as running, and does not know it now' };
    default:
      return { result: 'refused', reason: written.reason };
  }
}

const keepFirst = 'cc-backend keeps one run of a job per day, and another one stands there (requeued_jobs: keep-first)';
