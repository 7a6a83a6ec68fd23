import type { Moments } from './job-parts.fixture.ts';
import { isObject, numberIn, numberOfSluid, objects, type Plain, type PlainObject, type RecordedRelease } from './recordings.fixture.ts';

/** What a recorded job has that is of the recording, not of the job. */
export function momentsOf(job: PlainObject, release: Pick<RecordedRelease, 'name'> & { readonly lab: string }): Moments {
  const seconds = (key: string) => numberIn(job[key]) || null;
  const state = job['job_state'];
  const pending = (Array.isArray(state) ? state[0] : state) === 'PENDING';
  const limit = numberIn(job['time_limit']);
  return {
    lab: release.lab,
    submit: seconds('submit_time') ?? 0,
    accrue: seconds('accrue_time'),
    eligible: seconds('eligible_time'),
    start: pending ? null : seconds('start_time'),
    expectedStart: pending ? seconds('start_time') : null,
    end: pending ? null : seconds('end_time'),
    lastSchedEval: seconds('last_sched_evaluation'),
    suspendedAt: seconds('suspend_time'),
    ranBeforeSuspend: seconds('pre_sus_time') ?? 0,
    timeLimit: limit ?? 'unlimited',
    priority: numberIn(job['priority']) ?? 0,
    submitLine: typeof job['submit_line'] === 'string' ? job['submit_line'] : '',
    dbIndex: numberOfSluid(isObject(job['step_id']) ? job['step_id']['sluid'] : undefined),
    scheduler: JSON.stringify(job['flags']).includes('BACKFILL_ATTEMPTED') ? 'Backfill' : 'Main',
    release: release.name,
    ...placeOf(job['job_resources']),
    gpus: /IDX:([0-9])\)/.exec(JSON.stringify(job['gres_detail']))?.slice(1).map(Number) ?? [],
  };
}

/** Node and CPUs of a job with one core, in both shapes of job_resources. */
function placeOf(resources: Plain | undefined): { readonly node: string; readonly cpuIds: readonly number[] } {
  if (!isObject(resources)) return { node: '', cpuIds: [] };
  const nodes = resources['nodes'];
  const [node] = objects(isObject(nodes) ? nodes['allocation'] : resources['allocated_nodes']);
  const sockets = node?.['sockets'];
  const cores = isObject(sockets)
    ? Object.entries(sockets).flatMap(([socket, inner]) => {
        const held = isObject(inner) ? inner['cores'] : undefined;
        return isObject(held) ? Object.keys(held).map((core) => Number(socket) * 4 + Number(core)) : [];
      })
    : objects(sockets).flatMap((socket, index) =>
        objects(socket['cores']).flatMap(({ status }, core) => (JSON.stringify(status).includes('"ALLOCATED') ? [index * 4 + core] : [])),
      );
  return { node: `${node?.['name'] ?? node?.['nodename']}`, cpuIds: cores.flatMap((core) => [core * 2, core * 2 + 1]) };
}
