import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { JobRequest } from '../model/job.ts';
import { account, type Deed, doIt, stillCluster } from './testing/history.ts';

const play = fc.record({
  kind: fc.constant('simulated' as const),
  seconds: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2000 })),
  exit: fc.constantFrom({ code: 0, signal: 0 }, { code: 3, signal: 0 }, { code: 0, signal: 9 }),
});

const request: fc.Arbitrary<Partial<JobRequest>> = fc
  .record(
    {
      partitions: fc.constantFrom(['cpu'], ['gpu'], ['shared'], ['cpu', 'shared'], ['gpu', 'shared']),
      tasks: fc.integer({ min: 1, max: 20 }),
      nodes: fc.integer({ min: 1, max: 3 }),
      cpusPerTask: fc.integer({ min: 1, max: 5 }),
      threadsPerCore: fc.constant(1),
      sharing: fc.constantFrom('exclusive' as const, 'oversubscribe' as const),
      memoryPerCpuMiB: fc.constantFrom(100, 2000, 9000),
      memoryPerNodeMiB: fc.constantFrom(0, 1000, 40_000),
      gresPerNode: fc.constantFrom('gpu:1', 'gpu:a100:3'),
      gresPerJob: fc.constantFrom('gpu:2', 'gpu:5'),
      timeLimit: fc.integer({ min: 1, max: 60 }),
      array: fc.constantFrom('0-5', '1-20:3%2', '7'),
      dependency: fc.constantFrom('afterok:1', 'afterany:2', 'afternotok:3', 'singleton', 'after:1+2'),
      hold: fc.constant(true),
      play,
    },
    { requiredKeys: ['play'] },
  )
  .map(({ nodes, ...rest }) => (nodes === undefined ? rest : { ...rest, minNodes: nodes, maxNodes: nodes + (nodes % 2) }));

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(0, 1, 7, 60, 130, 700) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      as: fc.constantFrom('alice' as const, 'bob' as const),
      requests: fc.oneof({ weight: 8, arbitrary: fc.tuple(request) }, { weight: 1, arbitrary: fc.tuple(request, request) }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('job' as const),
      what: fc.constantFrom('cancel', 'hold', 'release', 'requeue', 'suspend', 'resume', 'shrink', 'limit' as const),
      pick: fc.nat(100),
    }) as fc.Arbitrary<Deed>,
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('node' as const),
      state: fc.constantFrom('down', 'drain', 'resume' as const),
      pick: fc.nat(10),
    }) as fc.Arbitrary<Deed>,
  },
);

/** Where two texts differ first, with what stands around it; empty when they do not. */
function firstDifference(one: string, two: string): string {
  if (one === two) return '';
  const at = [...one].findIndex((character, index) => character !== two[index]);
  return `${one.slice(Math.max(0, at - 200), at + 100)}\n--- but ---\n${two.slice(Math.max(0, at - 200), at + 100)}`;
}

const history = fc.array(deed, { minLength: 1, maxLength: 60, size: 'max' });

/** What must hold at every moment. */
function check(slurm: EmulatedSlurm): void {
  const jobs = [...slurm.controller.jobs()];
  const holding = jobs.filter(({ state }) => state === 'RUNNING' || state === 'SUSPENDED');
  const resumed = new Set(
    jobs.filter(({ suspendedSeconds, state }) => suspendedSeconds > 0 || state === 'SUSPENDED').map(({ jobId }) => jobId),
  );
  for (const node of slurm.controller.nodes()) {
    const { name, memoryMiB, gres } = node.spec;
    const cpus = new Map<number, number>();
    const devices = new Set<string>();
    let memory = 0;
    for (const job of holding) {
      for (const grant of job.grants.filter((each) => each.node === name)) {
        memory += grant.memoryMiB;
        for (const { type, indices } of grant.gres) {
          for (const index of indices) {
            assert.ok(!devices.has(`${type}${index}`), `device ${index} of ${name} is given twice`);
            assert.ok(index < (gres[0]?.count ?? 0), `device ${index} of ${name} does not exist`);
            devices.add(`${type}${index}`);
          }
        }
        // A resumed job takes its CPUs back whoever has them meanwhile, as in Slurm.
        if (job.state === 'SUSPENDED' || resumed.has(job.jobId)) continue;
        assert.equal(new Set(grant.cpuIds).size, grant.cpuIds.length);
        for (const cpu of grant.cpuIds)
          cpus.set(cpu, (cpus.get(cpu) ?? 0) + (job.request.sharing === 'oversubscribe' && job.partition === 'shared' ? 1 : 100));
      }
    }
    assert.ok(memory <= memoryMiB, `${name} gives more memory than it has`);
    for (const [cpu, uses] of cpus) assert.ok(uses <= 4 || uses === 100, `CPU ${cpu} of ${name} is given twice`);
    assert.equal(node.memoryAllocatedMiB, memory);
  }
  for (const job of jobs) {
    if (job.state === 'PENDING') assert.equal(job.grants.length, 0);
    if (job.state !== 'RUNNING') continue;
    assert.ok(job.nodes.length >= 1 && job.start !== null);
    assert.deepEqual(
      job.grants.map(({ node }) => node),
      job.nodes,
    );
  }
}

test('no CPU and no device is given twice, memory never exceeds a node, and every run ends in accounting exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (deeds) => {
      const slurm = stillCluster();
      const ends = new Map<string, string>();
      for (const each of deeds) {
        doIt(slurm, each);
        check(slurm);
        for (const row of slurm.database.jobRows({ duplicates: true })) {
          const before = ends.get(row.dbIndex);
          if (before !== undefined) assert.equal(`${row.state} ${row.end}`, before, 'a run that had ended ended again');
          if (row.end !== null) ends.set(row.dbIndex, `${row.state} ${row.end}`);
        }
      }
      for (const node of slurm.controller.nodes())
        doIt(slurm, { kind: 'node', state: 'resume', pick: slurm.controller.nodes().indexOf(node) });
      for (const [pick, { state }] of [...slurm.controller.jobs()].entries())
        if (state === 'SUSPENDED') doIt(slurm, { kind: 'job', what: 'resume', pick });
      slurm.time.advance(30 * 86_400);
      check(slurm);
      for (const job of slurm.controller.jobs()) {
        const waits = job.held !== null || job.reason === 'DependencyNeverSatisfied' || job.reason === 'Dependency';
        if (job.het === null) assert.ok(waits, `${job.jobId} is ${job.state} ${job.reason}`);
      }
      const open = [...slurm.database.jobRows({ duplicates: true })].filter(({ end, start }) => end === null && start !== null);
      assert.deepEqual(
        open.map(({ jobId }) => jobId),
        [],
      );
      await slurm.close();
    }),
    { numRuns: 60 },
  );
});

test('the same deeds make the same history', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (deeds) => {
      const [one, two] = [stillCluster(), stillCluster()];
      for (const each of deeds) doIt(one, each);
      for (const each of deeds) doIt(two, each);
      assert.equal(firstDifference(account(one), account(two)), '');
      await Promise.all([one.close(), two.close()]);
    }),
    { numRuns: 20 },
  );
});

test('a cluster that is closed and opened again goes on as if nothing had been', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-engine-'));
  t.after(() => rmSync(dir, { recursive: true }));
  let number = 0;
  // The fairshare factor is worked out anew when accounting is opened, as by slurmctld when it starts.
  const settings = { PriorityWeightFairshare: '0' };
  await fc.assert(
    fc.asyncProperty(history, history, async (before, after) => {
      const file = join(dir, `${number++}.db`);
      const whole = stillCluster({ settings });
      let parted = stillCluster({ file, settings });
      for (const each of before) {
        doIt(whole, each);
        doIt(parted, each);
      }
      await parted.close();
      parted = stillCluster({ file, settings });
      assert.equal(firstDifference(account(parted), account(whole)), '');
      for (const each of after) {
        doIt(whole, each);
        doIt(parted, each);
      }
      assert.equal(firstDifference(account(parted), account(whole)), '');
      await Promise.all([whole.close(), parted.close()]);
    }),
    { numRuns: 15 },
  );
});
