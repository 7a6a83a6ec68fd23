import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { character } from '../languages/character.fixture.ts';
import type { ActiveJob } from '../records.ts';
import { type AllocationReading, coresOf, type NodeLayout, readAllocation } from './allocation.ts';
import type { QueuedJob } from './squeue.ts';

const recordings = new URL('../../recordings/controller/', import.meta.url);
const releases = ['22.05', '23.11', '24.11', '25.05', '26.05'];
const layout: NodeLayout = { sockets: 2, coresPerSocket: 4, threadsPerCore: 2, cpus: { total: 16, allocated: 0 } };
const layouts = new Map(['node01', 'node02', 'node03', 'node04', 'gpu01', 'gpu02'].map((name) => [name, layout]));
const users: Readonly<Record<string, number>> = { root: 0, alice: 1001, bob: 1002 };
const weird = `we|ird "n'ame" <&>\nline2\ttab ünï☃ \\ \${x} %j=1`;

const text = (release: string, name: string) => readFileSync(new URL(`${release}/${name}`, recordings));

/** The recorded texts of all jobs by id, cut where the recording is known to be cut: no recorded value forges a record. */
function recordedTexts(release: string): ReadonlyMap<number, string> {
  const all = gunzipSync(text(release, 'scontrol-show-job-d-o.txt.gz')).toString('utf8');
  return new Map(all.split(/^(?=JobId=)/m).map((record) => [Number(/^JobId=(\d+)/.exec(record)?.[1]), record]));
}

/** What squeue said of them, from the recorded columns, which users' bars may shift: those stand in the middle. */
function recordedQueue(release: string): ReadonlyMap<number, QueuedJob> {
  const queue = new Map<number, QueuedJob>();
  for (const row of text(release, 'squeue-O.txt')
    .toString('utf8')
    .matchAll(/^(\d+)\|[^|\n]+\|([^|\n]*(?:\|ird[^|]*)?)\|([^|\n]*)\|.*$/gm)) {
    const [whole, id = '', name = '', user = ''] = row;
    const nodes = /\|((?:node|gpu)[^|]*)\|cpu=(\d+)/.exec(whole);
    const cpus = Number(nodes?.[2] ?? 0);
    const sharing = name === 'wrap' && cpus === 32 ? 'exclusive' : 'shared';
    queue.set(Number(id), queued({ jobId: Number(id), nodes: nodes?.[1] ?? '', cpus, uid: users[user] ?? null, sharing }, name));
  }
  return queue;
}

function queued(job: Partial<ActiveJob>, rawName: string, wckey = '(null)'): QueuedJob {
  const whole = { cluster: 'labcluster', jobId: 1, uid: 1001, nodes: 'node01', cpus: 2, start: 1000, sharing: 'shared', ...job };
  return { job: whole as ActiveJob, rawName, wckey };
}

/** By role: whole, and per node CPU numbers, MiB, GPU indices. The same jobs in every release. */
type Held = readonly [boolean, ...(readonly [string, string, number, string])[]];
const common: Readonly<Record<string, Held>> = {
  exclusive: [true, ['node01', '0-15', 64_000, ''], ['node02', '0-15', 64_000, '']],
  part_of_node: [false, ['node03', '0-1,8-9', 2048, '']],
  nomultithread: [false, ['node03', '2-5', 2000, '']],
  gpu_idx: [false, ['gpu01', '0-3', 4000, '1,2']],
  gpu_2nodes: [false, ['gpu01', '8-9', 2000, '0'], ['gpu02', '8-9', 2000, '0']],
  gpu_total: [false, ['gpu02', '10-11', 3072, '1']],
  unlimited: [false, ['gpu02', '2-3', 2000, '']],
  weird: [false, ['node04', '0-1', 2000, '']],
  comments: [false, ['node04', '2-3', 2000, '']],
  qos_high: [false, ['gpu02', '0-1', 2000, '']],
  het: [false, ['node04', '4-5', 1024, '']],
  timeout: [false, ['node04', '14-15', 2000, '']],
};

for (const release of releases) {
  test(`allocations of the running jobs of ${release}`, () => {
    const texts = recordedTexts(release);
    const queue = recordedQueue(release);
    const roles = new Map(
      text(release, 'jobs.tsv')
        .toString('utf8')
        .split('\n')
        .map((line) => line.split('\t'))
        .map(([role = '', id]) => [role, Number(id)]),
    );
    for (const [role, [whole, ...nodes]] of Object.entries(common)) {
      const id = roles.get(role) ?? 0;
      const job = queue.get(id);
      assert.ok(job, `${role} is in the queue`);
      const { allocation } = read(readAllocation(texts.get(id) ?? '', job, layouts), role);
      const found = allocation.nodes.map((held) => [
        held.node,
        ranges(held.cpuIds ?? []),
        held.memoryMiB,
        held.gres.flatMap((g) => g.indices ?? []).join(),
      ]);
      assert.deepEqual([allocation.whole, ...found], [whole, ...nodes], role);
    }
    assert.equal(queue.get(roles.get('weird') ?? 0)?.rawName, weird);
  });
}

const line = 'Nodes=node01 CPU_IDs=0-1 Mem=2000 GRES=';
const before = 'UserId=alice(1001) GroupId=alice(1001) MCS_label=N/A Priority=1 Nice=0 Account=a QOS=normal';
const record = (name: string, after = '', key = '', details = line) =>
  `JobId=1 JobName=${name} ${before}${key} JobState=RUNNING NodeList=node01 NumCPUs=2 JOB_GRES=(null)   ${details} MinCPUsNode=1 ${after}\n`;

describe('what users write', () => {
  const forged = 'UserId=alice(1001) JOB_GRES=gpu:4 Nodes=node01 CPU_IDs=8-9 Mem=9 GRES=gpu:4(IDX:0-3) MinCPUsNode=1';

  test('in a name, a comment or a key forges nothing', () => {
    for (const text of [
      forged,
      `x ${forged}`,
      `\n${record('x')}`,
      ` ${forged}\nJobId=1 JobName=x ${forged}`,
      'Nodes=',
      'JOB_GRES=',
      '(null)',
      '',
    ]) {
      for (const [name, after, key] of [
        [text, '', ''],
        ['x', `Comment=${text}`, ''],
        ['x', '', text],
        [text, `Comment=${text}`, text],
      ] as const) {
        const reading = readAllocation(
          record(name, after, key === '' ? '' : ` WCKey=${key}`),
          queued({}, name, key === '' ? '(null)' : key),
          layouts,
        );
        assert.deepEqual(read(reading, text).allocation.nodes[0]?.cpuIds, [0, 1], JSON.stringify([name, after, key]));
        assert.deepEqual(read(reading, text).allocation.nodes[0]?.gres, []);
      }
    }
  });

  test('any name, comment and key: the allocation is the one that Slurm wrote', () => {
    const piece = fc.oneof(
      fc.string({ unit: character, maxLength: 30 }),
      fc.constantFrom(forged, record('x'), ' WCKey=', ' JOB_GRES=', line, '\nJobId=1 ', ' UserId=alice(1001)'),
    );
    const anything = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(anything, anything, anything, (name, comment, key) => {
        const text = record(name, `Comment=${comment}`, ` WCKey=${key}`);
        assert.deepEqual(read(readAllocation(text, queued({}, name, key), layouts), 'it').allocation.nodes[0]?.cpuIds, [0, 1]);
      }),
      { numRuns: 100 },
    );
  });

  test('any text at all is read or refused, never thrown on', () => {
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 300 }), fc.string({ maxLength: 20 }), (noise, name) => {
        readAllocation(noise, queued({}, name), layouts);
        readAllocation(record(name, '', '', noise), queued({}, name), layouts);
      }),
    );
  });

  test('a second JOB_GRES= is told, so that a change of name in between can be looked for', () => {
    assert.equal(read(readAllocation(record('x', 'Comment=JOB_GRES='), queued({}, 'x'), layouts), 'it').doubtful, true);
    assert.equal(read(readAllocation(record('x', 'Comment=y'), queued({}, 'x'), layouts), 'it').doubtful, false);
  });
});

test('what does not belong to the job is refused', () => {
  const job = queued({}, 'x');
  const cases: readonly (readonly [RegExp, string, QueuedJob])[] = [
    [/not of this job/, record('x').replace('JobId=1', 'JobId=2'), job],
    [/not of this job/, '', job],
    [/another name/, record('y'), job],
    [/another user/, record('x').replace('alice(1001)', 'bob(1002)'), job],
    [/another user/, record('x yz'), job],
    [/shows no allocation/, record('x').replace('JOB_GRES=', 'GRES='), job],
    [/no line/, record('x', '', '', ''), job],
    [/no line/, record('x', '', '', line.replace('node01', 'node02')), job],
    [/not the job/, record('x', '', '', `${line} ${line.replace('node01', 'node02')}`), queued({ cpus: 4 }, 'x')],
    [/comes twice/, record('x', '', '', `${line} ${line}`), job],
    [/3 CPUs, the job 2/, record('x', '', '', line.replace('0-1', '0-2')), job],
    [/not of its language/, record('x', '', '', line.replace('0-1', '1-0')), job],
    [/not of its language/, record('x', '', '', line.replace('node01', 'node[01')), job],
    [/not of its language/, record('x', '', '', `${line}gpu:(IDX`), job],
  ];
  for (const [reason, text, queuedJob] of cases) {
    const reading = readAllocation(text, queuedJob, layouts);
    assert.match(reading.kind === 'unreadable' ? reading.reason : 'read', reason, text);
  }
});

test('on a node whose CPUs are its cores, two numbers for each CPU are the threads of one core (measured on 22.05)', () => {
  const ofCores = new Map([['node01', { ...layout, cpus: { total: 8, allocated: 0 } }]]);
  const text = record('x', '', '', 'Nodes=node01 CPU_IDs=4-5,10-11 Mem=2 GRES=');
  const { allocation } = read(readAllocation(text, queued({ cpus: 2 }, 'x'), ofCores), 'it');
  assert.deepEqual(allocation.nodes[0]?.cpuIds, [4, 5, 10, 11]);
  assert.equal(allocation.nodes[0]?.cpus, 2);
  assert.deepEqual(allocation.nodes[0]?.cores, [
    { socket: 0, core: 2, threads: 2 },
    { socket: 1, core: 1, threads: 2 },
  ]);
});

test('a job with all CPUs that are not set aside for the system owns its node', () => {
  const spared = new Map([['node01', { ...layout, tres: { total: { cpu: 14 }, allocated: {} } }]]);
  const text = record('x', '', '', 'Nodes=node01 CPU_IDs=0-13 Mem=2 GRES=');
  assert.equal(read(readAllocation(text, queued({ cpus: 14, sharing: 'shared' }, 'x'), spared), 'it').allocation.whole, true);
});

test('a job that shares nothing and holds all CPUs owns its node, one that shares does not', () => {
  const all = record('x', '', '', line.replace('0-1', '0-15'));
  const whole = (sharing: ActiveJob['sharing'], text = all) =>
    read(readAllocation(text, queued({ cpus: 16, sharing }, 'x'), layouts), 'it').allocation.whole;
  assert.deepEqual([whole('shared'), whole('oversubscribed'), whole('exclusive'), whole(null)], [true, false, true, null]);
  assert.equal(whole('shared', record('x')), false);
});

describe('cores of CPU numbers', () => {
  test('socket-major, then core, then thread', () => {
    assert.deepEqual(coresOf([0, 1, 7, 8, 15], layout), [
      { socket: 0, core: 0, threads: 2 },
      { socket: 0, core: 3, threads: 1 },
      { socket: 1, core: 0, threads: 1 },
      { socket: 1, core: 3, threads: 1 },
    ]);
  });

  test('where CPUs= counts cores, threads are not known', () => {
    assert.deepEqual(coresOf([3, 4], { ...layout, cpus: { total: 8, allocated: 0 } }), [
      { socket: 0, core: 3, threads: null },
      { socket: 1, core: 0, threads: null },
    ]);
    assert.deepEqual(coresOf([5], { ...layout, threadsPerCore: 1, cpus: { total: 8, allocated: 0 } }), [
      { socket: 1, core: 1, threads: 1 },
    ]);
  });

  test('a layout that does not fit, and a number beyond it, give none', () => {
    assert.equal(coresOf([0], { ...layout, cpus: { total: 12, allocated: 0 } }), null);
    assert.equal(coresOf([16], layout), null);
    assert.equal(coresOf([0], { ...layout, sockets: 0 }), null);
  });
});

function read(reading: AllocationReading, what: string): Extract<AllocationReading, { kind: 'read' }> {
  assert.equal(reading.kind, 'read', reading.kind === 'unreadable' ? `${what}: ${reading.reason}` : what);
  return reading as Extract<AllocationReading, { kind: 'read' }>;
}

function ranges(ids: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < ids.length; at++) {
    const from = at;
    while ((ids[at + 1] ?? -1) === (ids[at] ?? 0) + 1) at++;
    parts.push(from === at ? `${ids[from]}` : `${ids[from]}-${ids[at]}`);
  }
  return parts.join();
}
