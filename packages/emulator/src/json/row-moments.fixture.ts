import type { ExitCode } from '@sluice/slurm';
import type { EmulatedStep } from '../model/job.ts';
import { isObject, numberIn, numberOfSluid, objects, type Plain, type PlainObject, type RecordedRelease } from './recordings.fixture.ts';
import type { RowMoments } from './rows.fixture.ts';

/** The object under a key; an empty one when there is none. */
export function inside(value: PlainObject, key: string): PlainObject {
  const inner = value[key];
  return isObject(inner) ? inner : {};
}

/** What a recorded row has that is of the recording, not of the job. */
export function rowMomentsOf(job: PlainObject, release: Pick<RecordedRelease, 'name'> & { readonly lab: string }): RowMoments {
  const time = inside(job, 'time');
  const seconds = (of: PlainObject, key: string) => numberIn(of[key]) || null;
  const flags = JSON.stringify(job['flags']);
  const killer = job['kill_request_user'];
  return {
    lab: release.lab,
    release: release.name,
    submit: seconds(time, 'submission') ?? 0,
    eligible: seconds(time, 'eligible'),
    start: seconds(time, 'start'),
    end: seconds(time, 'end'),
    suspendedSeconds: numberIn(time['suspended']) ?? 0,
    timeLimit: numberIn(time['limit']) ?? (inside(time, 'limit')['infinite'] === true ? 'unlimited' : null),
    priority: numberIn(job['priority']) ?? 0,
    reason: `${inside(job, 'state')['reason']}`,
    submitLine: typeof job['submit_line'] === 'string' ? job['submit_line'] : '',
    started: flags.includes('BACKFILL') ? 'SchedBackfill' : flags.includes('SCHEDULE') ? 'SchedMain' : null,
    steps: objects(job['steps']).map((step) => ({
      start: seconds(inside(step, 'time'), 'start') ?? 0,
      end: seconds(inside(step, 'time'), 'end'),
      exit: exitOf(step['exit_code']),
      submitLine: typeof step['submit_line'] === 'string' ? step['submit_line'] : '',
      state: stateOf(step['state']),
    })),
    dbIndex: numberOfSluid(job['sluid']),
    killedBy: killer === 'root' ? 0 : killer === 'bob' ? 1002 : null,
    derived: exitOf(job['derived_exit_code']),
  };
}

function exitOf(given: Plain | undefined): ExitCode {
  const exit = isObject(given) ? given : {};
  const signal = inside(exit, 'signal');
  return { code: numberIn(exit['return_code']) ?? 0, signal: numberIn(signal['id'] ?? signal['signal_id']) ?? 0 };
}

function stateOf(given: Plain | undefined): EmulatedStep['state'] {
  const word = Array.isArray(given) ? given[0] : given;
  return word === 'CANCELLED' || word === 'FAILED' || word === 'COMPLETED' || word === 'SUSPENDED' ? word : 'RUNNING';
}
