import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Allocation, NodeAllocation } from '@sluice/slurm';
import type { RoleName } from '../scenario-roles.ts';
import type { Bed } from './bed.ts';

interface Expected {
  readonly nodes: readonly string[];
  readonly whole: boolean;
  /** Per node. */
  readonly cpus: number;
  readonly cores: number;
  /** Absent where releases differ. */
  readonly memoryMiB?: number;
  readonly gpus?: number;
}

/** What follows from the submissions: cores of two threads are given whole, 1000 MiB per CPU unless asked otherwise. */
const expected: Partial<Record<RoleName, Expected>> = {
  exclusive: { nodes: ['node01', 'node02'], whole: true, cpus: 16, cores: 8, memoryMiB: 64_000 },
  partOfNode: { nodes: ['node03'], whole: false, cpus: 4, cores: 2, memoryMiB: 2048 },
  noMultithread: { nodes: ['node03'], whole: false, cpus: 4, cores: 2 },
  oversubscribed: { nodes: ['node04'], whole: false, cpus: 16, cores: 8, memoryMiB: 1024 },
  oversubscribedToo: { nodes: ['node04'], whole: false, cpus: 16, cores: 8, memoryMiB: 1024 },
  gpuIndices: { nodes: ['gpu01'], whole: false, cpus: 4, cores: 2, memoryMiB: 4000, gpus: 2 },
  gpuTwoNodes: { nodes: ['gpu01', 'gpu02'], whole: false, cpus: 2, cores: 1, memoryMiB: 2000, gpus: 1 },
  gpuTotal: { nodes: ['gpu02'], whole: false, cpus: 2, cores: 1, memoryMiB: 3072, gpus: 1 },
  resized: { nodes: ['gpu01'], whole: false, cpus: 2, cores: 1, memoryMiB: 2000 },
  unlimited: { nodes: ['gpu02'], whole: false, cpus: 2, cores: 1, memoryMiB: 2000 },
  suspended: { nodes: ['gpu02'], whole: false, cpus: 2, cores: 1, memoryMiB: 2000 },
  forged: { nodes: ['gpu01'], whole: false, cpus: 2, cores: 1, memoryMiB: 2000 },
};

/** What jobs hold on their nodes. */
export function allocationCases(bed: () => Bed): void {
  let allocations: ReadonlyMap<number, Allocation> = new Map();
  const allocation = (name: RoleName): Allocation =>
    allocations.get(bed().scenario.role(name).jobId) ?? assert.fail(`no allocation of ${name}`);

  it('the allocations of all running jobs come in one question, none is rejected and none is missing', async () => {
    const { records, rejects } = await bed().connector().controller.allAllocations();
    assert.deepEqual(rejects, []);
    allocations = new Map(records.map((one) => [one.jobId, one]));
    const running = await bed().lab.ask('squeue', ['-h', '-a', '-t', 'RUNNING', '-o', '%A']);
    for (const jobId of running.split('\n').map(Number)) assert.ok(allocations.has(jobId), `job ${jobId} runs and has no allocation`);
  });

  for (const [name, is] of Object.entries(expected) as [RoleName, Expected][]) {
    it(`${name} holds what its submission asked for`, () => {
      const { nodes, whole, start, cluster } = allocation(name);
      assert.deepEqual(
        nodes.map(({ node }) => node),
        is.nodes,
      );
      assert.equal(whole, is.whole);
      assert.equal(cluster, 'labcluster');
      assert.ok(start !== null && start >= bed().scenario.began);
      for (const node of nodes) {
        assert.equal(node.cpus, is.cpus);
        if (is.memoryMiB !== undefined) assert.equal(node.memoryMiB, is.memoryMiB);
        assert.equal(node.cores?.length, is.cores);
        for (const { socket, core } of node.cores ?? []) assert.ok(socket < 2 && core < 4, `core ${core} of socket ${socket}`);
        const gpus = node.gres.filter((gres) => gres.name === 'gpu');
        assert.equal(
          gpus.reduce((sum, { count }) => sum + count, 0),
          is.gpus ?? 0,
        );
        for (const { type, count, indices } of gpus) {
          assert.equal(type, 'a100');
          assert.equal(indices?.length, count);
        }
      }
    });
  }

  it('a CPU is held by one job, unless the jobs share, and a GPU by one', () => {
    const taken = new Map<string, number>();
    const shared = new Set([allocation('oversubscribed').jobId, allocation('oversubscribedToo').jobId]);
    const take = (what: string, jobId: number): void => {
      assert.equal(taken.get(what), undefined, `${what} is held by jobs ${taken.get(what)} and ${jobId}`);
      taken.set(what, jobId);
    };
    for (const { jobId, nodes } of allocations.values()) {
      for (const node of shared.has(jobId) ? [] : nodes) {
        for (const cpu of node.cpuIds ?? []) take(`${node.node} CPU ${cpu}`, jobId);
        for (const index of node.gres.flatMap(({ indices }) => indices ?? [])) take(`${node.node} GPU ${index}`, jobId);
      }
    }
    assert.equal([...taken.keys()].filter((what) => what.startsWith('gpu') && what.includes('GPU')).length, 2 + 2 + 1 + 1);
  });

  it('CPU numbers, cores and memory add up to what scontrol says of the job', async () => {
    for (const name of ['partOfNode', 'gpuIndices', 'gpuTwoNodes', 'exclusive', 'noMultithread'] as const) {
      const text = await bed().lab.ask('scontrol', ['-d', 'show', 'job', String(bed().scenario.role(name).jobId)]);
      for (const [, hosts, ids, memory] of text.matchAll(/^ +Nodes=(\S+) CPU_IDs=(\S+) Mem=(\d+)/gm)) {
        const names = (await bed().lab.ask('scontrol', ['show', 'hostnames', hosts ?? ''])).split('\n');
        for (const node of allocation(name).nodes.filter((one) => names.includes(one.node))) {
          assert.equal(node.memoryMiB, Number(memory), name);
          assert.deepEqual(node.cpuIds, expandRanges(ids ?? ''), name);
          assert.equal(coresFromCpus(node), node.cores?.map(({ socket, core }) => `${socket}/${core}`).join(' '), name);
        }
      }
    }
  });

  it('details of many in one question are those that are asked for job by job', async () => {
    const { controller } = bed().connector();
    const wants = { script: true, description: true };
    const alone = await controller.details([...allocations.keys()], wants);
    let told = 0;
    for await (const piece of controller.detailsOfMany(new Set(allocations.keys()), wants)) {
      for (const [jobId, { description, ...details }] of piece) {
        const answer = alone.get(jobId);
        if (answer?.kind !== 'known') assert.fail(`job ${jobId}: ${JSON.stringify(answer)}`);
        const { description: text, ...others } = answer.value;
        assert.deepEqual(details, others);
        assert.equal(untimed(description), untimed(text));
        told++;
      }
    }
    // Of jobs whose owner wrote what looks like another's text nothing is told here.
    assert.ok(told >= allocations.size - 2, `${told} of ${allocations.size}`);
  });

  it('allocations asked for by id are the same; a job that holds nothing any more or never was is not known', async () => {
    const { scenario } = bed();
    const [exclusive, forged, held] = (['exclusive', 'forged', 'held'] as const).map((name) => scenario.role(name).jobId) as [
      number,
      number,
      number,
    ];
    const answers = await bed().connector().controller.allocations([exclusive, forged, held, 999_999]);
    for (const jobId of [exclusive, forged]) {
      assert.deepEqual(answers.get(jobId), { kind: 'known', value: allocations.get(jobId) });
    }
    assert.equal(answers.get(999_999)?.kind, 'gone');
    const none = answers.get(held);
    assert.ok(none?.kind === 'gone' || (none?.kind === 'known' && none.value.nodes.length === 0), JSON.stringify(none));
  });
}

/** A job's text without what changes while it runs. */
function untimed(text: string | null): string | undefined {
  return text?.replace(/RunTime=\S+/, '');
}

/** `0-3,8` as numbers. */
function expandRanges(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

/** The lab's nodes: four cores of two threads in each socket. */
function coresFromCpus({ cpuIds }: NodeAllocation): string {
  const cores = new Set((cpuIds ?? []).map((id) => `${Math.floor(id / 8)}/${Math.floor(id / 2) % 4}`));
  return [...cores].join(' ');
}
