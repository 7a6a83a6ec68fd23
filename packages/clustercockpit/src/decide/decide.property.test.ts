import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, NodeAllocation } from '@sluice/slurm';
import fc from 'fast-check';
import type { ResourcePayload } from '../cc/payloads.ts';
import { character } from '../character.fixture.ts';
import type { Run } from '../run.ts';
import type { CcCluster } from './cc-cluster.ts';
import { type DecideContext, type DecideSettings, decideContext, defaultSettings } from './context.ts';
import { cluster, run as fixture, node, subCluster, topology } from './decide.fixture.ts';
import { decideStart, decideStop } from './decide.ts';
import { changedNodeStates, nodeStatesOf } from './node-states.ts';
import { topologyReport } from './topology-report.ts';

const text = fc.string({ unit: character, maxLength: 20 });
const maybeText: fc.Arbitrary<string | null> = fc.option(text);
const names = ['n1', 'n2', 'n3', 'x1', 'a5'];
const small = fc.integer({ min: -2, max: 40 });
const number = fc.oneof(small, fc.double(), fc.maxSafeInteger());

const gres = fc.record({
  name: fc.constantFrom('gpu', 'shard', 'fpga'),
  type: fc.constantFrom(null, 'a100', 'v100'),
  count: fc.integer({ min: 0, max: 5 }),
  indices: fc.option(fc.array(small, { maxLength: 5 })),
});

const core = fc.record({ socket: small, core: small, threads: fc.option(fc.integer({ min: 0, max: 3 })) });

const anyHeld: fc.Arbitrary<NodeAllocation> = fc.record({
  node: fc.constantFrom(...names),
  cpus: small,
  cpuIds: fc.option(fc.array(small, { maxLength: 8 })),
  cores: fc.option(fc.array(core, { maxLength: 8 })),
  memoryMiB: fc.option(fc.nat()),
  gres: fc.array(gres, { maxLength: 3 }),
});

const anyRun: fc.Arbitrary<Run> = fc.record({
  cluster: fc.constantFrom('c', 'd'),
  jobId: fc.oneof({ weight: 5, arbitrary: fc.nat() }, { weight: 1, arbitrary: number }),
  start: fc.oneof({ weight: 5, arbitrary: fc.nat() }, { weight: 1, arbitrary: number }),
  ended: fc.option(fc.record({ time: number, state: fc.constantFrom('COMPLETED', 'RUNNING', 'REQUEUED', 'LATER', '__proto__') })),
  submit: fc.option(fc.nat()),
  user: text,
  account: text,
  partition: text,
  name: text,
  arrayJobId: fc.option(fc.nat()),
  nodes: fc.subarray(names),
  cpus: number,
  gpus: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 }), number),
  walltime: fc.option(number),
  whole: fc.constantFrom(true, false, null),
  sharing: fc.constantFrom('user', 'shared', null),
  allocation: fc.option(
    fc.record({ cluster: fc.constant('c'), jobId: fc.nat(), start: fc.nat(), whole: fc.constant(false), nodes: fc.array(anyHeld) }),
  ),
  script: fc.option(text),
  description: fc.option(text),
  environment: maybeText,
  comment: fc.constantFrom('', 'x', '00000000:3F:00.0', 'GPU0,GPU1'),
  adminComment: fc.constantFrom('', 'disable_cc_submission'),
});

const anyNode: fc.Arbitrary<Node> = fc
  .record({
    name: fc.constantFrom(...names),
    sockets: fc.constantFrom(2, 1, 0),
    coresPerSocket: fc.constantFrom(4, 2),
    threadsPerCore: fc.constantFrom(2, 1),
    total: fc.constantFrom(16, 8),
    gpus: fc.array(gres, { maxLength: 3 }),
    state: fc.constantFrom('IDLE', 'MIXED', 'FUTURE', 'LATER'),
  })
  .map(({ name, total, gpus, ...more }) => node(name, { ...more, cpus: { total, allocated: 1 }, gres: { total: gpus, used: gpus } }));

/** Well-formed clusters, and whatever JSON a server could send. */
const accelerators = fc.constantFrom(
  [],
  ['GPU0', 'GPU1'].map((id) => ({ id, type: 'Nvidia GPU', model: 'A100' })),
);
const wellFormed = fc
  .tuple(fc.constantFrom('n[1-3]', '*', 'a[1-9]', ''), accelerators, fc.constantFrom(0, 1))
  .map(([nodes, list, order]) =>
    cluster(subCluster(nodes, { topology: topology((at) => (order ? [at, at + 8] : [2 * at, 2 * at + 1]), { accelerators: list }) })),
  );
const anyClusters = fc.option(
  fc.array(
    fc.oneof({ weight: 4, arbitrary: wellFormed }, { weight: 1, arbitrary: fc.jsonValue().map((value) => value as unknown as CcCluster) }),
    { maxLength: 2 },
  ),
);

const anySettings: fc.Arbitrary<DecideSettings> = fc.record({
  gpuAddresses: fc.constantFrom([], [{ hosts: /^n/, addresses: ['P0', 'P1'] }]),
  ignoreHosts: fc.constantFrom(null, (host: string) => host === 'n1'),
  hostnames: fc.constantFrom<DecideSettings['hostnames']>('node', 'hostname', new Map([['n1', 'a1']])),
  clusterNames: fc.constant(new Map([['d', 'c']])),
  privacy: fc.record({ script: fc.boolean(), slurmInfo: fc.boolean(), environment: fc.boolean(), comments: fc.boolean() }),
  startTag: fc.constantFrom(null, { type: 't', name: 'n' }),
});

const anyContext = fc.tuple(anySettings, anyClusters, fc.array(anyNode, { maxLength: 4 })).map(([settings, clusters, nodes]) => ({
  nodes,
  context: decideContext(settings, clusters, nodes),
}));

const startKeys = new Set(
  'jobId cluster user project partition arrayJobId subCluster shared startTime walltime numNodes numHwthreads numAcc resources metaData tags'.split(
    ' ',
  ),
);
const resourceKeys = new Set(['hostname', 'hwthreads', 'accelerators']);

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
}

/** All that cc-backend's topologies name, and what the configuration and a comment may. */
function knownIds(context: DecideContext) {
  const topologies = [...(context.clusters?.values() ?? [])].flatMap(({ subClusters }) => subClusters.map((sub) => sub.topology));
  const hwthreads = new Set(topologies.flatMap((found) => found?.core.flat() ?? []));
  const ids = topologies.flatMap((found) => found?.accelerators?.map(({ id }) => id) ?? []);
  return { hwthreads, accelerators: new Set([...ids, 'P0', 'P1', '00000000:3F:00.0']) };
}

function checkResource(resource: ResourcePayload, known: ReturnType<typeof knownIds>): void {
  assert.ok(Object.keys(resource).every((key) => resourceKeys.has(key)));
  const { hwthreads = [], accelerators: ids = [] } = resource;
  assert.ok(
    hwthreads.every((id) => known.hwthreads.has(id)),
    'hwthreads of the topology alone',
  );
  assert.ok(
    ids.every((id) => known.accelerators.has(id)),
    'accelerators of topology, configuration or comment alone',
  );
}

test('whatever a run, the nodes, the server and the configuration are: nothing throws, and what is sent is what the server takes', () => {
  fc.assert(
    fc.property(anyRun, anyContext, (run, { context }) => {
      const start = decideStart(run, context);
      const stop = decideStop(run, context);
      if ('payload' in stop) {
        assert.ok(stop.payload.stopTime >= stop.payload.startTime && stop.payload.startTime > 0);
        assert.notEqual(run.ended?.state, 'RUNNING');
      }
      if (!('payload' in start)) return;
      const { payload } = start;
      assert.ok(
        Object.keys(payload).every((key) => startKeys.has(key)),
        Object.keys(payload).join(),
      );
      assert.equal(payload.numNodes, payload.resources.length);
      assert.equal(payload.numNodes, run.nodes.length);
      assert.ok([payload.numNodes, payload.numHwthreads, payload.numAcc, payload.walltime ?? 0].every(isCount));
      assert.ok(payload.jobId > 0 && payload.startTime > 0 && payload.user !== '');
      assert.ok(Object.values(payload.metaData).every((value) => typeof value === 'string'));
      assert.ok(JSON.stringify(payload).isWellFormed());
      const known = knownIds(context);
      for (const resource of payload.resources) checkResource(resource, known);
      const first = payload.resources[0]?.hostname ?? '';
      const ccCluster = context.clusters?.get(payload.cluster);
      const named = ccCluster?.subClusters.some(
        ({ hosts }, index) => hosts.test(first) || (index === 0 && ccCluster.subClusters[0]?.nodes === '*'),
      );
      assert.ok(context.clusters === null || named, 'the first host is in a subcluster');
      if (payload.resources.some(({ accelerators: ids }) => ids)) assert.ok(payload.numAcc > 0);
    }),
    { numRuns: 500 },
  );
});

test('§5.4 no hwthread is sent twice for a node', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 1 });
  const context = decideContext(defaultSettings, [cluster(subCluster('n[1-9]'))], [node('n1')]);
  fc.assert(
    fc.property(ids, (cpuIds) => {
      const decided = decideStart(fixture([{ node: 'n1', cpus: cpuIds.length, cpuIds, cores: null, memoryMiB: null, gres: [] }]), context);
      const [resource] = 'payload' in decided ? decided.payload.resources : [];
      assert.deepEqual([resource?.hwthreads?.length, new Set(resource?.hwthreads).size], [cpuIds.length, cpuIds.length]);
    }),
  );
});

test('whatever the nodes are: nothing throws, states are words of cc-backend, and equal states are no change', () => {
  const words = new Set(['allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown']);
  fc.assert(
    fc.property(anyContext, ({ context, nodes }) => {
      const payloads = nodeStatesOf(nodes, context);
      for (const entry of payloads.flatMap((payload) => payload.nodes)) {
        assert.ok(entry.states.length === 1 && entry.states.every((word) => words.has(word)));
        assert.ok([entry.cpusAllocated, entry.memoryAllocated, entry.gpusAllocated].every(isCount));
      }
      assert.equal(payloads.length, new Set(payloads.map((payload) => payload.cluster)).size);
      assert.deepEqual(changedNodeStates(payloads, payloads), []);
      topologyReport(context, 'c');
    }),
  );
});
