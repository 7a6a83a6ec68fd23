import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parseState } from '../languages/index.ts';
import type { ActiveJob, Allocation } from '../records.ts';
import { type NodeLayout, readAllocation } from './allocation.ts';
import type { QueuedJob } from './squeue.ts';

const layout: NodeLayout = { sockets: 2, coresPerSocket: 4, threadsPerCore: 2, cpus: { total: 16, allocated: 0 } };
const layouts = new Map(['node01', 'node02', 'node03', 'node04', 'gpu01', 'gpu02'].map((name) => [name, layout]));

/** What squeue said of a job, and its text, at a moment that the recording names. */
interface Moment {
  readonly queued: QueuedJob;
  readonly text: string;
}

/** `# ROLE MOMENT`, `# ` and squeue's row where it was asked, and the text of `scontrol -d show job`. */
function recorded(release: string): ReadonlyMap<string, Moment> {
  const file = readFileSync(new URL(`../../recordings/controller/${release}/ended-jobs.txt`, import.meta.url), 'utf8');
  const moments = new Map<string, Moment>();
  let row: readonly string[] = [];
  for (const part of file.split(/^(?=# [a-z]\w* [a-z]+$)/gim)) {
    const [, title = '', own, text = ''] = /^# (.*)\n(?:# (.*)\n)?([\s\S]*)$/.exec(part) ?? [];
    row = own?.split('|') ?? row;
    const [jobId, state = '', , , nodes = '', , cpus, , oversubscribe] = row;
    const job: Partial<ActiveJob> = {
      cluster: 'labcluster',
      jobId: Number(jobId),
      uid: null,
      state: parseState(state) ?? assert.fail(state),
      start: 1000,
      nodes,
      cpus: Number(cpus),
      restarts: 0,
      sharing: oversubscribe === 'NO' && title.startsWith('exclusive') ? 'exclusive' : 'shared',
    };
    const rawName = /^JobId=\d+ JobName=(.*)$/m.exec(text)?.[1] ?? '';
    moments.set(title, { queued: { job: job as ActiveJob, rawName, wckey: '(null)' }, text });
  }
  return moments;
}

const roles = {
  timedOut: 'TIMEOUT',
  oneNode: 'COMPLETED',
  twoNodes: 'COMPLETED',
  exclusive: 'COMPLETED',
  gpus: 'COMPLETED',
  allGpus: 'COMPLETED',
  gpusUneven: 'COMPLETED',
  cancelled: 'CANCELLED',
  failed: 'FAILED',
  resized: 'COMPLETED',
  nodeFailed: 'NODE_FAIL',
};

for (const release of ['22.05', '24.11', '26.05']) {
  describe(`jobs that ended on Slurm ${release}`, () => {
    const moments = recorded(release);
    const at = (title: string): Moment => moments.get(title) ?? assert.fail(`no ${title}`);
    const allocation = ({ text, queued }: Moment): Allocation => {
      const reading = readAllocation(text, queued, layouts);
      return reading.kind === 'read' && !reading.doubtful ? reading.allocation : assert.fail(JSON.stringify(reading));
    };

    for (const [role, state] of Object.entries(roles)) {
      test(`${role}: what it held is what it held while it ran, but for its devices`, () => {
        const ended = at(`${role} ended`);
        assert.equal(ended.queued.job.state.base, state);
        // A resized job holds at its end what the resize left it.
        const running = at(role === 'resized' ? 'resized resized' : `${role} running`);
        const before = allocation(role === 'resized' ? { ...running, queued: ended.queued } : running);
        const nodes = before.nodes.map((node) => ({ ...node, gres: [] }));
        assert.equal(before.devicesLost, undefined);
        assert.deepEqual(allocation(ended), { ...before, nodes, devicesLost: true });
      });
    }

    test('the recorded GPU jobs did hold GPUs', () => {
      const indices = (role: string) => allocation(at(`${role} running`)).nodes.map(({ gres }) => gres[0]?.indices);
      assert.deepEqual([indices('gpus'), indices('allGpus'), indices('gpusUneven')], [[[0, 1]], [[0, 1, 2, 3]], [[0, 1], [0]]]);
    });

    test('what a requeued job held is not taken for what its next run holds, nor the other way', () => {
      const completing = at('requeued completing');
      assert.match(completing.text, /Restarts=1 [\s\S]*Nodes=node01 CPU_IDs=/);
      const first = at('requeued running').queued;
      for (const moment of ['completing', 'pending']) {
        const reading = readAllocation(at(`requeued ${moment}`).text, first, layouts);
        assert.match(reading.kind === 'unreadable' ? reading.reason : 'read', moment === 'pending' ? /shows no/ : /began anew/);
      }
      const second = { ...first, job: { ...first.job, restarts: 1 } };
      const reading = readAllocation(completing.text, second, layouts);
      assert.equal(reading.kind === 'read' && reading.allocation.devicesLost, true, 'its run is over');
    });
  });
}
