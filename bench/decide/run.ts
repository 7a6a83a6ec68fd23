/**
 * What it costs to decide what is sent, beside JSON.stringify of the same payloads: a job on one node and one on 64, with
 * topology, GPUs and a script of 2 KB, in a cluster of 1,000 nodes.
 *
 *   node --conditions=@sluice/source bench/decide/run.ts [rounds] [--record]
 *
 * `--record` keeps the figures as last-run.json. Ends with 1 when a start of one node takes 15 µs or more.
 */
import {
  type CcCluster,
  type DecideContext,
  decideContext,
  decideStart,
  decideStop,
  defaultSettings,
  type Run,
} from '@sluice/clustercockpit';
import type { Node, NodeAllocation } from '@sluice/slurm';
import { record, rounded } from '../recorded.ts';

const targetMicros = 15;
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 20_000);
const start = 1_795_000_000;
const names = Array.from({ length: 1000 }, (_, at) => `n${`${at}`.padStart(4, '0')}`);

function node(name: string): Node {
  const gpus = [{ name: 'gpu', type: 'a100', count: 4, indices: null }];
  return {
    cluster: 'c',
    name,
    hostname: name,
    address: name,
    state: 'MIXED',
    flags: [],
    reason: '',
    partitions: [],
    features: [],
    sockets: 2,
    coresPerSocket: 32,
    threadsPerCore: 2,
    cpus: { total: 128, allocated: 16 },
    memoryMiB: { total: 512_000, allocated: 64_000, free: null },
    gres: { total: gpus, used: [] },
    tres: { total: {}, allocated: {} },
    version: '24.11.1',
  };
}

const cores = Array.from({ length: 64 }, (_, core) => [core, core + 64]);
const cluster: CcCluster = {
  name: 'c',
  subClusters: [
    {
      name: 'main',
      nodes: 'n[0000-0999]',
      socketsPerNode: 2,
      coresPerSocket: 32,
      threadsPerCore: 2,
      topology: {
        core: cores,
        socket: [cores.slice(0, 32).flat(), cores.slice(32).flat()],
        accelerators: ['10', '3F', '86', 'AF'].map((bus) => ({ id: `00000000:${bus}:00.0`, type: 'Nvidia GPU', model: 'A100' })),
      },
    },
  ],
};

function held(name: string): NodeAllocation {
  const gres = [{ name: 'gpu', type: 'a100', count: 1, indices: [2] }];
  return { node: name, cpus: 16, cpuIds: Array.from({ length: 16 }, (_, at) => 32 + at), cores: null, memoryMiB: 64_000, gres };
}

function job(nodeCount: number): Run {
  const nodes = names.slice(0, nodeCount);
  return {
    cluster: 'c',
    jobId: 123_456,
    start,
    ended: { time: start + 3600, state: 'COMPLETED' },
    submit: start - 10,
    user: 'alice',
    account: 'chem',
    partition: 'gpu',
    name: 'simulation',
    arrayJobId: null,
    nodes,
    cpus: 16 * nodeCount,
    gpus: nodeCount,
    walltime: 86_400,
    whole: false,
    allocation: { cluster: 'c', jobId: 123_456, start, whole: false, nodes: nodes.map(held) },
    script: '#!/bin/bash\n'.padEnd(2000, 'x'),
    description: 'JobId=123456 JobName=simulation\n   '.padEnd(1500, 'y'),
    comment: '',
    adminComment: '',
  };
}

/** Microseconds a call: the least of five rounds, for the machine is not ours alone. */
function micros(count: number, call: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    const before = process.cpuUsage();
    for (let at = 0; at < count; at++) call();
    const { user, system } = process.cpuUsage(before);
    // The first warms up.
    if (round > 0) best = Math.min(best, (user + system) / count);
  }
  return best;
}

function payloadOf(run: Run, context: DecideContext) {
  const decided = decideStart(run, context);
  if (!('payload' in decided)) throw new Error(JSON.stringify(decided));
  const { payload } = decided;
  if (payload.resources[0]?.hwthreads?.length !== 16 || payload.resources[0].accelerators?.length !== 1) throw new Error('not mapped');
  return payload;
}

const nodes = names.map(node);
const context = decideContext(defaultSettings, [cluster], nodes);
const results = [1, 64].flatMap((nodeCount) => {
  const run = job(nodeCount);
  const payload = payloadOf(run, context);
  const count = Math.ceil(rounds / nodeCount);
  const json = micros(count, () => JSON.stringify(payload));
  const row = (what: string, cost: number) => ({ what, nodes: nodeCount, micros: rounded(cost), ratioToJson: rounded(cost / json) });
  return [
    row(
      'decideStart',
      micros(count, () => decideStart(run, context)),
    ),
    row(
      'decideStop',
      micros(count, () => decideStop(run, context)),
    ),
    row('JSON.stringify', json),
  ];
});
const prepared = {
  what: 'decideContext, 1,000 nodes',
  nodes: 1000,
  micros: rounded(micros(20, () => decideContext(defaultSettings, [cluster], nodes))),
};
console.table([...results, prepared]);
record({ rounds, targetMicros, results: [...results, prepared] }, import.meta.dirname);
const [first] = results;
if (first === undefined || first.micros >= targetMicros) process.exitCode = 1;
