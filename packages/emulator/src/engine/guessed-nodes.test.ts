import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demandOf } from './demand.ts';
import { guessedNodes } from './guessed-nodes.ts';
import { stillCluster } from './testing/history.ts';
import { alice, wrapped } from './testing/lab-cluster.ts';

// What squeue of Slurm 22.05.8 said of held jobs on nodes of 16 CPUs: tasks, CPUs per task, least nodes, tasks per node, nodes.
const measured: readonly (readonly [tasks: number, cpusPerTask: number, minNodes: number, tasksPerNode: number | null, nodes: number])[] = [
  [1, 2, 1, null, 2],
  [4, 2, 1, null, 2],
  [8, 2, 1, null, 1],
  [12, 2, 1, null, 2],
  [16, 2, 1, null, 2],
  [4, 2, 2, null, 3],
  [10, 3, 1, null, 2],
  [1, 16, 1, null, 1],
  [3, 16, 1, null, 3],
  [8, 1, 1, null, 1],
  [32, 1, 1, null, 2],
  [40, 1, 1, null, 3],
  [4, 1, 1, 2, 2],
  [5, 1, 1, 2, 2],
  [5, 1, 3, 2, 3],
  [4, 2, 1, 4, 1],
];

test('the nodes of a held job are guessed as 22.05 does', (t) => {
  const slurm = stillCluster({ release: '22.05.8' });
  t.after(() => slurm.close());
  const partition = slurm.spec.partitions[0];
  assert.ok(partition);
  for (const [tasks, cpusPerTask, minNodes, tasksPerNode, nodes] of measured) {
    const request = wrapped('true', { tasks, cpusPerTask, minNodes, ...(tasksPerNode === null ? {} : { tasksPerNode }) });
    const demand = demandOf(request, { defMemPerCpuMiB: null, partition });
    assert.equal(guessedNodes(demand, 16), nodes, JSON.stringify({ tasks, cpusPerTask, minNodes, tasksPerNode }));
  }
});

for (const [release, whileHeld] of [
  ['22.05.8', 2],
  ['23.11.4', 1],
] as const) {
  test(`a held job of ${release} has ${whileHeld} nodes, and those that it asked for once it is released`, (t) => {
    const slurm = stillCluster({ release });
    t.after(() => slurm.close());
    const { controller } = slurm;
    const nodes = (jobId: number): number | undefined => controller.job(jobId)?.nodeCount;
    const request = { tasks: 4, cpusPerTask: 2 };
    const { jobId } = controller.submit([wrapped('true', { ...request, hold: true })], alice);
    const other = controller.submit([wrapped('true', { ...request, begin: controller.now() + 3600 })], alice).jobId;
    assert.deepEqual([nodes(jobId), nodes(other)], [whileHeld, 1]);
    controller.release(`${jobId}`, alice);
    assert.equal(nodes(jobId), 1);
  });
}
