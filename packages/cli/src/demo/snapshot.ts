import type { Status } from '@sluice/clustercockpit';
import type { EmulatedSlurm } from '@sluice/emulator';
import type { CcBackend } from '@sluice/standins';
import type { Snapshot } from './view.ts';

const ends = ['completed', 'failed', 'timeout', 'cancelled'] as const;
type End = (typeof ends)[number];

/** What there is at the moment. Jobs that slurmctld has forgotten are counted in accounting. */
export function snapshotOf(
  slurm: EmulatedSlurm,
  backend: CcBackend,
  status: Status | null,
  since: { seconds: number; hour: number },
): Snapshot {
  const counts = { pending: 0, running: 0, completed: 0, failed: 0, timeout: 0, cancelled: 0 };
  let used = 0;
  const there = new Map([...backend.rows('job'), ...backend.rows('job_cache')].map((row) => [`${row.job_id}/${row.start_time}`, row]));
  const now = slurm.time.now();
  let oldest = now;
  for (const job of slurm.controller.jobs()) {
    const row = there.get(`${job.jobId}/${job.start}`);
    if (job.start !== null && job.nodes.length > 0 && !row) oldest = Math.min(oldest, job.start);
    if (isEnd(job.state.toLowerCase()) && job.end !== null && row?.job_state === 'running') oldest = Math.min(oldest, job.end);
    if (job.state === 'PENDING') counts.pending += job.pendingTasks?.length ?? 1;
    else if (job.state === 'RUNNING') counts.running++;
  }
  for (const node of slurm.controller.nodes()) used += node.cpusAllocated;
  for (const row of slurm.database.jobRows({})) {
    if (row.start === null || row.end === null) continue;
    const state = row.state.toLowerCase();
    if (isEnd(state)) counts[state]++;
  }
  const cc = { running: 0, completed: 0, failed: 0, timeout: 0, cancelled: 0 };
  for (const { job_state: state } of there.values()) {
    if (state === 'running' || isEnd(state)) cc[state]++;
  }
  const rest = status?.sinks.find(({ sink }) => sink === 'rest');
  const ended = cc.completed + cc.failed + cc.timeout + cc.cancelled;
  return {
    ...since,
    slurm: counts,
    cc,
    starts: cc.running + ended,
    stops: ended,
    waiting: rest ? rest.startsWaiting + rest.stopsWaiting : 0,
    lagSeconds: now - oldest,
    setAside: rest?.aside ?? 0,
    cpus: {
      used,
      all: slurm.controller.nodes().reduce((sum, { spec }) => sum + spec.sockets * spec.coresPerSocket * spec.threadsPerCore, 0),
    },
    trouble: rest?.trouble?.message ?? rest?.reasons[0]?.reason ?? null,
  };
}

function isEnd(state: string): state is End {
  return (ends as readonly string[]).includes(state);
}
