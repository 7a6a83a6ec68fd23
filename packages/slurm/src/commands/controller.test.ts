import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { manualClock, readRecording, replayProcesses } from '@sluice/io';
import { askController, controllerOn, unknownJob } from '../../test/controller-questions.ts';
import { longArray, type Roles } from '../../test/controller-scenario.ts';
import { hostileTexts } from '../../test/hostile-texts.ts';
import type { Answer } from '../facets.ts';
import type { ActiveJob, Allocation, Tres } from '../records.ts';

const recordings = new URL('../../recordings/controller/', import.meta.url);
/** The releases of Debian 12, 13 and sid, asked by test/record-controller.ts. */
const releases = ['22.05', '24.11', '26.05'] as const;

const directory = '/tmp/sluice-record-controller';
const cpuOnly = (cpus: number, mem = cpus * 1000): Tres => ({ cpu: cpus, mem, node: 1, billing: cpus });
const gpus = (cpus: number, mem: number, count: number, node = 1): Tres => ({
  ...{ cpu: cpus, mem, node, billing: cpus },
  ...{ 'gres/gpu': count, 'gres/gpu:a100': count },
});

/** What each job of the scenario is, in every release: state, reason, nodes, CPUs, resources and what is not usual. */
interface Expected {
  readonly state: string;
  readonly nodes: string;
  readonly cpus: number;
  readonly tres: Tres;
  readonly more?: Partial<ActiveJob>;
}

const running = (nodes: string, cpus: number, tres = cpuOnly(cpus), more: Partial<ActiveJob> = {}): Expected => ({
  state: 'RUNNING',
  nodes,
  cpus,
  tres,
  more: { reason: null, expectedStart: null, end: null, exitCode: null, sharing: 'shared', batchHost: nodes, ...more },
});
const pending = (reason: string, more: Partial<ActiveJob> = {}): Expected => ({
  state: 'PENDING',
  nodes: '',
  cpus: 1,
  tres: cpuOnly(1),
  more: { start: null, end: null, exitCode: null, batchHost: '', reason, ...more },
});
const ended = (state: string, more: Partial<ActiveJob> = {}): Expected => ({ state, nodes: 'node01', cpus: 2, tres: cpuOnly(2), more });

const hostile = (role: string, plain: number): Partial<ActiveJob> => {
  const { name, comment } = hostileTexts[role]?.(plain) ?? { name: '' };
  return { name: name === '(null)' ? '' : decoded(name), comment: decoded(comment ?? ''), user: 'bob', uid: 1002, account: 'chem' };
};

function expectations(roles: Roles, release: string): Readonly<Record<string, Expected>> {
  const { plain = 0, array = 0, het = 0 } = roles;
  const usual: Record<string, Expected> = {
    plain: running('node01', 2, cpuOnly(2), {
      ...{ name: 'plain', user: 'alice', uid: 1001, group: 'alice', gid: 1001, account: 'physics', qos: 'normal', partition: 'cpu' },
      ...{ comment: 'user comment; k=v', adminComment: 'admin "x"\nJobId=1 JobName=', timeLimit: 90, restarts: 0, cluster: 'labcluster' },
      ...{ workDir: directory, stdout: `${directory}/%j.out`, stdin: '/dev/null', command: '', array: null, het: null, dependency: '' },
    }),
    exclusive: running('node02', 16, cpuOnly(16, 1000), { sharing: 'exclusive', timeLimit: 1440 }),
    oversubscribed: running('node04', 16, cpuOnly(16, 1024), { sharing: 'oversubscribed', partition: 'shared' }),
    gpu_one: running('gpu01', 2, gpus(2, 2000, 1), { partition: 'gpu' }),
    gpu_two: running('gpu01', 4, gpus(4, 4000, 2), { user: 'bob' }),
    gpu_pair: running('gpu[01-02]', 4, gpus(4, 1000, 2, 2), { nodeCount: 2, batchHost: 'gpu01' }),
    nomultithread: running('node01', 4, cpuOnly(4, 2000)),
    suspended: { ...running('node01', 2), state: 'SUSPENDED' },
    array: pending('JobArrayTaskLimit', { array: { jobId: array, taskId: null, pending: '7,9%2' }, expectedStart: null }),
    held: pending('JobHeldUser', { timeLimit: 30, eligible: null, priority: 0 }),
    long_array: pending('JobHeldUser', { array: { jobId: roles['long_array'] ?? 0, taskId: null, pending: longArray } }),
    dependent: pending('Dependency', { dependency: `afterok:${plain}(unfulfilled)`, expectedStart: null }),
    begin: pending('BeginTime', {}),
    cancelled_pending: { ...pending('JobHeldUser'), state: 'CANCELLED', more: { start: null, exitCode: { code: 0, signal: 0 } } },
    completed: ended('COMPLETED', { reason: null, exitCode: { code: 0, signal: 0 } }),
    failed: ended('FAILED', { reason: 'NonZeroExitCode', exitCode: { code: 3, signal: 0 } }),
    signalled: ended('FAILED', {
      reason: release === '22.05' ? 'JobLaunchFailure' : 'RaisedSignal:11(Segmentation fault)',
      exitCode: { code: 0, signal: 11 },
    }),
    // 26.05 leaves the billing of a het job's leader out.
    het: running('node01', 2, release === '26.05' ? { cpu: 2, mem: 2000, node: 1 } : cpuOnly(2), { het: { jobId: het, offset: 0 } }),
  };
  for (const role of Object.keys(hostileTexts)) usual[role] = running('node03', 2, cpuOnly(2), hostile(role, plain));
  return usual;
}

/** Per role and node: CPU numbers, MiB, GPU indices; and whether the node is owned whole. */
const held: Readonly<Record<string, readonly [boolean, ...(readonly [string, string, number, (readonly number[])?])[]]>> = {
  plain: [false, ['node01', '0,1', 2000]],
  exclusive: [true, ['node02', '0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15', 1000]],
  oversubscribed: [false, ['node04', '0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15', 1024]],
  gpu_one: [false, ['gpu01', '8,9', 2000, [0]]],
  gpu_two: [false, ['gpu01', '0,1,2,3', 4000, [1, 2]]],
  gpu_pair: [false, ['gpu01', '10,11', 500, [3]], ['gpu02', '8,9', 500, [0]]],
  nomultithread: [false, ['node01', '2,3,4,5', 2000]],
  suspended: [false, ['node01', '6,7', 2000]],
  het: [false, ['node01', '12,13', 2000]],
  hostile_fields: [false, ['node03', '0,1', 2000]],
  hostile_record: [false, ['node03', '2,3', 2000]],
  hostile_comment: [false, ['node03', '4,5', 2000]],
  hostile_own: [false, ['node03', '6,7', 2000]],
  hostile_wckey: [false, ['node03', '8,9', 2000]],
  hostile_path: [false, ['node03', '10,11', 2000]],
};

for (const release of releases) {
  describe(`the controller of Slurm ${release}, recorded`, async () => {
    const recording = readRecording(new URL(`${release}/scenario.json.gz`, recordings));
    const roles: Roles = JSON.parse(readFileSync(new URL(`${release}/roles.json`, recordings), 'utf8'));
    const asked = await askController(replayProcesses(recording), manualClock(), roles);
    const role = (jobId: number) => Object.keys(roles).find((name) => roles[name] === jobId);

    test('every kind of job is the same record, whatever users wrote into it', () => {
      assert.deepEqual(asked.activeJobs.rejects, []);
      const jobs = new Map(asked.activeJobs.records.map((job) => [job.jobId, job]));
      for (const [name, expected] of Object.entries(expectations(roles, release))) {
        const job = jobs.get(roles[name] ?? 0);
        assert.ok(job, name);
        const { state, nodes, cpus, tres, more } = expected;
        const has = nodes === '' ? { requested: tres, allocated: {} } : { requested: {}, allocated: tres };
        const wanted = { ...has, ...more, nodes, cpus, state: { base: state, flags: [], cancelledBy: null } };
        const found = Object.fromEntries(Object.keys(wanted).map((key) => [key, job[key as keyof ActiveJob]]));
        assert.deepEqual(found, wanted, name);
      }
      assert.equal(jobs.size, Object.keys(roles).length + 3, 'two tasks of the array, one component of the het job, and nothing forged');
    });

    test('a pending job has no start, only an estimate; a running one has its start', () => {
      for (const job of asked.activeJobs.records) {
        if (job.state.base === 'PENDING') assert.equal(job.start, null);
        if (job.state.base === 'RUNNING') assert.ok((job.start ?? 0) >= (job.submit ?? 0) && job.expectedStart === null);
      }
      const begin = asked.activeJobs.records.find(({ jobId }) => jobId === roles['begin']);
      assert.ok((begin?.expectedStart ?? 0) >= (begin?.submit ?? 0) + 10 * 86_400);
    });

    test('allocations are what was given, by CPU, core, memory and GPU', () => {
      for (const [name, [whole, ...nodes]] of Object.entries(held)) {
        const allocation = known(asked.allocations.get(roles[name] ?? 0), name);
        const found = allocation.nodes.map(({ node, cpuIds, memoryMiB, gres }) => [node, cpuIds?.join(), memoryMiB, gres[0]?.indices]);
        assert.deepEqual([allocation.whole, ...found], [whole, ...nodes.map(([node, ids, mib, gpu]) => [node, ids, mib, gpu])], name);
        assert.equal(allocation.start, asked.activeJobs.records.find(({ jobId }) => jobId === roles[name])?.start);
      }
      const [gpu] = known(asked.allocations.get(roles['gpu_two'] ?? 0), 'gpu_two').nodes;
      assert.deepEqual(gpu?.gres, [{ name: 'gpu', type: 'a100', count: 2, indices: [1, 2] }]);
      assert.deepEqual(gpu?.cores, [
        { socket: 0, core: 0, threads: 2 },
        { socket: 0, core: 1, threads: 2 },
      ]);
    });

    test('jobs that hold nothing, and unknown ones, have no allocation', () => {
      const names = ['held', 'dependent', 'array', 'completed', 'failed', 'cancelled_pending'];
      for (const name of names) assert.equal(asked.allocations.get(roles[name] ?? 0)?.kind, 'gone', name);
      assert.equal(asked.allocations.get(unknownJob)?.kind, 'gone');
    });

    test('one question about all allocations says the same as one about each', () => {
      assert.deepEqual(asked.allAllocations.rejects, []);
      const all = new Map(asked.allAllocations.records.map((allocation) => [allocation.jobId, allocation]));
      for (const [jobId, answer] of asked.allocations) {
        assert.deepEqual(all.get(jobId), answer.kind === 'known' ? answer.value : undefined, role(jobId));
      }
      assert.equal(all.size, Object.keys(held).length + 3);
    });

    test('filters, ids and unknown ids', () => {
      assert.deepEqual(asked.running.records.map(({ jobId }) => jobId).sort(), [roles['gpu_two'], (roles['het'] ?? 0) + 1].sort());
      assert.deepEqual(
        [...asked.jobsById].map(([, { kind }]) => kind),
        ['known', 'known', 'gone'],
      );
      assert.deepEqual([...asked.jobsById.keys()], [roles['array'], roles['plain'], unknownJob]);
      assert.equal(asked.oneUnknown.get(unknownJob)?.kind, 'gone');
    });

    test('nodes, whatever an operator wrote as reason', () => {
      assert.deepEqual(asked.nodes.rejects, []);
      const nodes = new Map(asked.nodes.records.map((node) => [node.name, node]));
      assert.deepEqual([...nodes.keys()].sort(), ['gpu01', 'gpu02', 'node01', 'node02', 'node03', 'node04']);
      assert.match(nodes.get('gpu02')?.reason ?? '', /^drain\s+NodeName=node01 State=DOWN/);
      assert.deepEqual(nodes.get('gpu02')?.flags.includes('DRAIN'), true);
      assert.deepEqual([nodes.get('node01')?.state, nodes.get('node01')?.reason], ['MIXED', '']);
      assert.deepEqual(nodes.get('gpu01')?.gres.used, [{ name: 'gpu', type: 'a100', count: 4, indices: [0, 1, 2, 3] }]);
      assert.deepEqual(nodes.get('node03')?.cpus, { total: 16, allocated: 12 });
      assert.deepEqual(nodes.get('node03')?.tres.allocated, { cpu: 12, mem: 12_000 });
    });

    test('texts, partitions, settings, ping, diagnostics and the release', () => {
      assert.deepEqual(asked.batchScript, { kind: 'known', value: '#!/bin/sh\n# This script was created by sbatch --wrap.\n\nexit 3\n' });
      assert.deepEqual([asked.noScript.kind, asked.noJob.kind], ['gone', 'gone']);
      assert.match(asked.describe.kind === 'known' ? asked.describe.value : '', /^JobId=\d+ JobName=plain\n/);
      assert.deepEqual(
        asked.partitions.records.map(({ name, isDefault }) => [name, isDefault]),
        [
          ['cpu', true],
          ['gpu', false],
          ['shared', false],
        ],
      );
      assert.equal(asked.config['ClusterName'], 'labcluster');
      assert.deepEqual(
        asked.ping.map(({ role, up }) => [role, up]),
        [['primary', true]],
      );
      assert.equal(asked.diagnostics.dbdAgentQueue, 0);
      assert.ok(asked.diagnostics.rpcs.some(({ name, count }) => name === 'REQUEST_JOB_INFO' && count > 0));
      assert.equal(asked.offers.release.major, Number(release.replace('.', '')));
    });

    test('chunks of any size give the same', async () => {
      const inBits = controllerOn(replayProcesses(recording, { chunkBytes: 7 }), manualClock(), 'activeJobs');
      assert.deepEqual(await inBits.activeJobs(), asked.activeJobs);
      const all = controllerOn(replayProcesses(recording, { chunkBytes: 101 }), manualClock(), 'allAllocations');
      assert.deepEqual(await all.allAllocations(), asked.allAllocations);
    });
  });
}

function known(answer: Answer<Allocation> | undefined, what: string): Allocation {
  assert.equal(answer?.kind, 'known', what);
  return answer.value;
}

/** Bytes, one per character, as UTF-8. */
function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
