import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoreAllocation, Node, NodeAllocation } from '@sluice/slurm';
import type { ResourcePayload } from '../cc/payloads.ts';
import type { Run } from '../run.ts';
import type { CcSubCluster } from './cc-cluster.ts';
import { type DecideSettings, decideContext, defaultSettings } from './context.ts';
import { cluster, gpu, held, node, run, start, subCluster, topology, usual } from './decide.fixture.ts';
import { decideStart } from './decide.ts';

interface Setting {
  readonly sub?: Partial<CcSubCluster>;
  readonly node?: Partial<Node>;
  readonly run?: Partial<Run>;
  readonly settings?: Partial<DecideSettings>;
}

/** What is sent of node n1 of a job that holds this there. */
function resource(allocation: Partial<NodeAllocation>, setting: Setting = {}): ResourcePayload {
  const clusters = [cluster(subCluster('n[1-9]', setting.sub))];
  const context = decideContext({ ...defaultSettings, ...setting.settings }, clusters, [node('n1', setting.node)]);
  const decided = decideStart(run([held('n1', allocation)], setting.run), context);
  assert.ok('payload' in decided, JSON.stringify(decided));
  const [first] = decided.payload.resources;
  assert.ok(first);
  return first;
}

const hwthreads = (allocation: Partial<NodeAllocation>, setting?: Setting) => resource(allocation, setting).hwthreads;

test('Slurm counts socket, core, thread; the kernel numbers second threads after all first ones', () => {
  assert.deepEqual(hwthreads({ cpuIds: [0, 1, 8, 9] }), [0, 4, 8, 12]);
});

test('interleaved kernel numbering: socket 0 has the even cores', () => {
  const interleaved = topology((core) => [(core % 4) * 2 + Math.floor(core / 4), (core % 4) * 2 + Math.floor(core / 4) + 8]);
  assert.deepEqual(interleaved.socket[0], [0, 8, 2, 10, 4, 12, 6, 14]);
  assert.deepEqual(hwthreads({ cpuIds: [2, 3] }, { sub: { topology: interleaved } }), [2, 10], 'the second core of socket 0');
  assert.deepEqual(hwthreads({ cpuIds: [8, 9] }, { sub: { topology: interleaved } }), [1, 9], 'the first core of socket 1');
});

test('SMT siblings far apart: 0 and 64', () => {
  const far = topology((core) => [core, core + 64]);
  assert.deepEqual(hwthreads({ cpuIds: [0, 1, 14, 15] }, { sub: { topology: far } }), [0, 7, 64, 71]);
});

test('SMT siblings side by side', () => {
  const near = topology((core) => [2 * core, 2 * core + 1]);
  assert.deepEqual(hwthreads({ cpuIds: [2, 3] }, { sub: { topology: near } }), [2, 3]);
});

test('one of two threads of a core is one hwthread', () => {
  assert.deepEqual(hwthreads({ cpuIds: [2] }), [1]);
  assert.deepEqual(hwthreads({ cpuIds: [3] }), [9]);
});

test('no hyper-threading on either side', () => {
  const sub = { threadsPerCore: 1, topology: topology((core) => [core]) };
  assert.deepEqual(hwthreads({ cpuIds: [0, 7] }, { sub, node: { threadsPerCore: 1, cpus: { total: 8, allocated: 0 } } }), [0, 7]);
});

test('CPUs= set to the number of cores: a job owns all siblings of its cores, whether its numbers count threads or cores', () => {
  const cores: Partial<Node> = { cpus: { total: 8, allocated: 0 } };
  // Slurm 22.05.8: `NumCPUs=3 … CPU_IDs=0-3,8-9`, which squeue --json says are cores 0 and 1 of socket 0 and core 0 of socket 1.
  const measured = { cpuIds: [0, 1, 2, 3, 8, 9] };
  assert.deepEqual(hwthreads(measured, { node: cores, run: { cpus: 3 } }), [0, 1, 4, 8, 9, 12]);
  assert.deepEqual(hwthreads({ cpuIds: [0, 5] }, { node: cores, run: { cpus: 2 } }), [0, 5, 8, 13], 'as many numbers as CPUs: cores');
  const bySocket: readonly CoreAllocation[] = [{ socket: 1, core: 1, threads: 1 }];
  assert.deepEqual(hwthreads({ cpuIds: null, cores: bySocket }, { node: cores, run: { cpus: 1 } }), [5, 13]);
});

test('NUMA nodes as sockets: Slurm has four sockets where cc-backend has two with two memory domains each', () => {
  // The kernel deals cores out to the domains in turn.
  const domains = [0, 1, 2, 3].map((domain) => [domain, domain + 4, domain + 8, domain + 12]);
  const socket = [
    [...(domains[0] ?? []), ...(domains[2] ?? [])],
    [...(domains[1] ?? []), ...(domains[3] ?? [])],
  ];
  const numa = { ...usual, socket, memoryDomain: domains };
  const four: Partial<Node> = { sockets: 4, coresPerSocket: 2 };
  assert.deepEqual(hwthreads({ cpuIds: [4, 5, 6, 7] }, { sub: { topology: numa }, node: four }), [1, 5, 9, 13], 'all of domain 1');
  assert.deepEqual(
    hwthreads({ cpuIds: null, cores: [{ socket: 3, core: 1, threads: 2 }] }, { sub: { topology: numa }, node: four }),
    [7, 15],
  );
  const three = { ...numa, memoryDomain: domains.slice(1) };
  assert.equal(hwthreads({ cpuIds: [4, 5] }, { sub: { topology: three }, node: four }), undefined, 'domains that do not fit');
  const split = { ...numa, memoryDomain: [[0, 4, 8, 13], [1, 5, 9, 12], domains[2] ?? [], domains[3] ?? []] };
  assert.equal(hwthreads({ cpuIds: [4, 5] }, { sub: { topology: split }, node: four }), undefined, 'a core across two domains');
});

test('core specialisation: cores that Slurm keeps for itself stay in its numbers', () => {
  // Slurm 22.05.8 with CoreSpecCount=1: CPUTot=16 CPUSpecList=14-15, and an exclusive job has CPU_IDs=0-13.
  const all = Array.from({ length: 14 }, (_, cpu) => cpu);
  assert.deepEqual(hwthreads({ cpuIds: all }), [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14]);
});

test('cores by socket, when that is all that is known', () => {
  const cores = [
    { socket: 0, core: 1, threads: 2 },
    { socket: 1, core: 0, threads: null },
  ];
  assert.deepEqual(hwthreads({ cpuIds: null, cores }), [1, 4, 9, 12]);
  const half = [{ socket: 0, core: 1, threads: 1 }];
  assert.equal(hwthreads({ cpuIds: null, cores: half }), undefined, 'which of the two is not known');
});

test('numbers that do not fit the topology give none at all', () => {
  assert.equal(hwthreads({ cpuIds: [0, 16] }), undefined);
  assert.equal(hwthreads({ cpuIds: null, cores: [{ socket: 0, core: 4, threads: 2 }] }), undefined);
  assert.equal(hwthreads({ cpuIds: null, cores: null }), undefined);
  assert.equal(hwthreads({ cpuIds: [0] }, { node: { sockets: 1 } }), undefined, 'another machine');
});

const accelerators = (allocation: Partial<NodeAllocation>, setting?: Setting) => resource(allocation, setting).accelerators;
const a100s = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `0000000${index}:10:00.0`, type: 'Nvidia GPU', model: 'A100' }));
const withGpus = (list: readonly { id: string; type?: string; model?: string }[]): Partial<CcSubCluster> => ({
  topology: { ...usual, accelerators: list },
});
const hasGpus = (...total: readonly [string | null, number][]): Partial<Node> => ({
  gres: { total: total.map(([type, count]) => gpu(type, null, count)), used: [] },
});

test('GPUs by index through the topology, else through the first pattern that matches', () => {
  const settings = {
    gpuAddresses: [
      { hosts: /^n1$/, addresses: ['A', 'B'] },
      { hosts: /^n/, addresses: ['C', 'D'] },
    ],
  };
  const gres = [gpu('a100', [1]), { name: 'shard', type: null, count: 1, indices: [0] }];
  const known = { sub: withGpus(a100s(2)), node: hasGpus(['a100', 2]), settings };
  assert.deepEqual(accelerators({ gres }, known), ['00000001:10:00.0']);
  assert.deepEqual(accelerators({ gres }, { settings }), ['B'], 'a topology without accelerators');
  assert.deepEqual(accelerators({ gres }, { ...known, node: hasGpus(['a100', 4]) }), ['B'], 'four GPUs, two accelerators');
});

test('two GPU types on one node: each index through the models, also where cc-backend lists them in another order', () => {
  const v100s = [
    { id: 'V0', type: 'Nvidia GPU', model: 'Tesla V100-SXM2' },
    { id: 'V1', type: 'Nvidia GPU', model: 'Tesla V100-SXM2' },
  ];
  const two = { sub: withGpus([...v100s, ...a100s(2)]), node: hasGpus(['a100', 2], ['v100', 2]) };
  assert.deepEqual(accelerators({ gres: [gpu('a100', [1]), gpu('v100', [2])] }, two), ['00000001:10:00.0', 'V0']);
  assert.equal(accelerators({ gres: [gpu('v100', [1])] }, two), undefined, 'index 1 is an a100');
  const same = { ...two, sub: withGpus([...a100s(4)]) };
  assert.equal(accelerators({ gres: [gpu('a100', [1])] }, same), undefined, 'the models tell no v100');
  const similar = {
    sub: withGpus([
      { id: 'X', model: 'A100' },
      { id: 'Y', model: 'A10' },
    ]),
    node: hasGpus(['a10', 1], ['a100', 1]),
  };
  assert.deepEqual(accelerators({ gres: [gpu('a10', [0])] }, similar), ['Y'], 'an A100 is no a10');
});

test('GPUs without indices are known only to who holds all of them', () => {
  const four = { sub: withGpus(a100s(4)), node: hasGpus(['a100', 4]) };
  assert.equal(accelerators({ gres: [gpu('a100', null, 2)] }, four), undefined);
  assert.equal(accelerators({ gres: [gpu('a100', null, 4)] }, four)?.length, 4);
});

test('an index beyond the list gives no accelerator of that node', () => {
  const settings = { gpuAddresses: [{ hosts: /^n1$/, addresses: ['A', 'B'] }] };
  assert.deepEqual(accelerators({ gres: [gpu('a100', [0])] }, { settings }), ['A']);
  assert.equal(accelerators({ gres: [gpu('a100', [0, 2])] }, { settings }), undefined);
});

test('MIG slices as GPUs are not the accelerators of the topology; shards and MPS are no GPUs', () => {
  const sub = withGpus(a100s(2));
  assert.equal(accelerators({ gres: [gpu('1g.5gb', [3])] }, { sub, node: hasGpus(['1g.5gb', 14]) }), undefined);
  const others = ['shard', 'mps'].map((name) => ({ name, type: null, count: 4, indices: [0] }));
  assert.equal(accelerators({ gres: others }, { sub, node: hasGpus(['a100', 2]) }), undefined);
});

test('FPGAs have ids where the configuration says that they are accelerators', () => {
  const gres = [{ name: 'fpga', type: 'u280', count: 1, indices: [0] }];
  const gpuAddresses = [{ hosts: /^n1$/, addresses: ['F'] }];
  assert.deepEqual(accelerators({ gres }, { settings: { gpuAddresses, otherAccelerators: ['fpga'] } }), ['F']);
  assert.equal(accelerators({ gres }, { settings: { gpuAddresses } }), undefined);
  const nics = [{ name: 'nic', type: null, count: 1, indices: [0] }];
  assert.equal(accelerators({ gres: nics }, { settings: { gpuAddresses, otherAccelerators: ['fpga'] } }), undefined);
});

/** A run with so many GPUs that accounting does not track. */
const holdsGpus = (count: number): Partial<Run> => ({
  allocation: { cluster: 'c', jobId: 7, start, whole: false, nodes: [held('n1', { gres: [gpu(null, null, count)] })] },
});

test('a comment of addresses alone names the accelerators of a job on one node, where nothing else does', () => {
  const address = '00000000:3F:00.0';
  const uuid = 'GPU-8f6d1c3e-0a1b-4c2d-9e8f-0123456789ab';
  const comment = (text: string, setting: Setting = {}) => accelerators({}, { ...setting, run: { comment: text, ...setting.run } });
  assert.deepEqual(comment(`${address},${uuid}`), [address, uuid]);
  assert.equal(comment(`${address} and more`), undefined);
  assert.equal(comment(`${address},`), undefined);
  assert.equal(comment(address, { run: { gpus: 2 } }), undefined, 'Slurm counts two');
  assert.equal(comment(address, { sub: withGpus(a100s(1)) }), undefined, 'the topology has no such id');
  const two = { sub: withGpus(a100s(2)) };
  assert.deepEqual(comment('00000001:10:00.0,00000000:10:00.0', two), ['00000001:10:00.0', '00000000:10:00.0']);
  assert.equal(comment(`00000001:10:00.0,${address}`, two), undefined, 'the topology has one of the two');
  assert.equal(comment(`${address},${uuid}`, { run: { gpus: 0, ...holdsGpus(1) } }), undefined, 'it holds one');
  const known = { sub: withGpus(a100s(2)), node: hasGpus(['a100', 2]) };
  assert.deepEqual(accelerators({ gres: [gpu('a100', [0])] }, { ...known, run: { gpus: 1, comment: '00000001:10:00.0' } }), [
    '00000000:10:00.0',
  ]);
  const context = decideContext(defaultSettings, null, []);
  const decided = decideStart(run([held('n1'), held('n2')], { comment: address }), context);
  assert.ok('payload' in decided);
  assert.ok(
    decided.payload.resources.every((entry) => entry.accelerators === undefined),
    'which is on which node is not said',
  );
});

test('§5.3 accelerators are counted as Slurm does, but never none where some are listed', () => {
  const count = (allocation: Partial<NodeAllocation>, changes: Partial<Run>) => {
    const decided = decideStart(run([held('n1', allocation)], changes), decideContext(defaultSettings, null, []));
    return 'payload' in decided ? decided.payload.numAcc : undefined;
  };
  assert.equal(count({}, {}), 0);
  assert.equal(count({}, { gpus: 3 }), 3);
  assert.equal(count({ gres: [gpu('a100', [0, 1])] }, {}), 2, 'accounting does not track GPUs');
  assert.equal(count({}, { comment: '00000000:3F:00.0' }), 1);
  assert.equal(count({}, { gpus: -1 }), 0);
});

test('a lost allocation leaves hosts; all GPUs of all nodes are known without it', () => {
  const setting = { sub: withGpus(a100s(2)), node: hasGpus(['a100', 2]) };
  assert.deepEqual(resource({}, { ...setting, run: { allocation: null, gpus: 1 } }), { hostname: 'n1' });
  assert.equal(accelerators({}, { ...setting, run: { allocation: null, gpus: 2 } })?.length, 2);
});

/** What is sent of a run that was seen only after its end: Slurm shows its CPUs, and no devices. */
function afterItsEnd(nodes: readonly string[], setting: Setting) {
  const entries = nodes.map((name) => held(name, { cpuIds: [0, 1] }));
  const context = decideContext(
    { ...defaultSettings, ...setting.settings },
    [cluster(subCluster('n[1-9]', setting.sub))],
    nodes.map((name) => node(name, setting.node)),
  );
  const lost = { cluster: 'c', jobId: 7, start, whole: false, nodes: entries, devicesLost: true } as const;
  const decided = decideStart(run(entries, { allocation: lost, ...setting.run }), context);
  assert.ok('payload' in decided, JSON.stringify(decided));
  const { resources, numAcc, metaData } = decided.payload;
  assert.ok(resources.every(({ hwthreads }) => String(hwthreads) === '0,8'));
  return { accelerators: resources.map(({ accelerators }) => accelerators?.length ?? 0), numAcc, message: metaData['message'] };
}

test('of a run that was seen after its end the CPUs are known; its devices where it held all of them, and else it says so', () => {
  const two = { sub: withGpus(a100s(2)), node: hasGpus(['a100', 2]) };
  const none = { message: undefined };
  assert.deepEqual(afterItsEnd(['n1'], two), { accelerators: [0], numAcc: 0, ...none }, 'no GPUs, nothing to say');
  assert.deepEqual(afterItsEnd(['n1'], { ...two, run: { gpus: 2 } }), { accelerators: [2], numAcc: 2, ...none });
  assert.deepEqual(afterItsEnd(['n1', 'n2'], { ...two, run: { gpus: 4 } }), { accelerators: [2, 2], numAcc: 4, ...none });
  for (const [nodes, gpus] of [
    [['n1'], 1],
    [['n1', 'n2'], 2],
    [['n1', 'n2'], 3],
  ] as const) {
    const { message, ...rest } = afterItsEnd(nodes, { ...two, run: { gpus, whole: gpus === 1 } });
    assert.deepEqual(rest, { accelerators: nodes.map(() => 0), numAcc: gpus });
    assert.match(message ?? '', /no longer knows which devices/);
  }
});

test('of a run that was seen after its end on one node, patterns and comments name the devices as they do without indices', () => {
  const settings = { gpuAddresses: [{ hosts: /^n1$/, addresses: ['A', 'B'] }] };
  assert.deepEqual(afterItsEnd(['n1'], { settings, run: { gpus: 2 } }).accelerators, [2]);
  assert.deepEqual(afterItsEnd(['n1'], { settings, run: { gpus: 1 } }).accelerators, [0]);
  const named = afterItsEnd(['n1'], { run: { gpus: 1, comment: '00000000:3F:00.0' } });
  assert.deepEqual([named.accelerators, named.message], [[1], undefined]);
});

test('the allocation of a node is found by its name, whatever the order', () => {
  const context = decideContext(defaultSettings, [cluster(subCluster('n[1-9]'))], [node('n1'), node('n2')]);
  const decided = decideStart(run([held('n2', { cpuIds: [0] }), held('n1', { cpuIds: [2] })], { nodes: ['n1', 'n2'] }), context);
  assert.ok('payload' in decided);
  assert.deepEqual(decided.payload.resources, [
    { hostname: 'n1', hwthreads: [1] },
    { hostname: 'n2', hwthreads: [0] },
  ]);
});

test('of a resized run whose first node is where it was, the others are found by their names', () => {
  const nodes = ['n1', 'n2', 'n3'];
  const context = decideContext(
    defaultSettings,
    [cluster(subCluster('n[1-9]'))],
    nodes.map((name) => node(name)),
  );
  const decided = decideStart(run([held('n1', { cpuIds: [0] }), held('n3', { cpuIds: [2] })], { nodes }), context);
  assert.ok('payload' in decided);
  assert.deepEqual(decided.payload.resources, [{ hostname: 'n1', hwthreads: [0] }, { hostname: 'n2' }, { hostname: 'n3', hwthreads: [1] }]);
});

test('GPUs that one of a lost allocation’s nodes has and cc-backend does not are not said to be all there are', () => {
  const differing = node('n2', hasGpus(['a100', 4]));
  const context = decideContext(
    defaultSettings,
    [cluster(subCluster('n[1-9]', withGpus(a100s(2))))],
    [node('n1', hasGpus(['a100', 2])), differing],
  );
  const decided = decideStart(run([held('n1'), held('n2')], { allocation: null, gpus: 2 }), context);
  assert.ok('payload' in decided);
  assert.deepEqual(decided.payload.resources, [{ hostname: 'n1' }, { hostname: 'n2' }]);
});
