import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Call, manualClock } from '@sluice/io';
import { controllerOn } from '../../test/controller-questions.ts';
import { type Scripted, scriptedProcesses, squeueRow } from '../../test/scripted-processes.ts';
import type { Answer } from '../facets.ts';
import type { Allocation } from '../records.ts';

const node =
  'NodeName=node01 CoresPerSocket=4 CPUAlloc=2 CPUTot=16 Gres=(null) RealMemory=64000 AllocMem=0 FreeMem=1 Sockets=2 State=MIXED ThreadsPerCore=2\n';
const down: Scripted = { stderr: 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n', code: 1 };

const text = (id: number, name = 'x', comment = '') =>
  `JobId=${id} JobName=${name} UserId=alice(1001) GroupId=alice(1001) JobState=RUNNING NodeList=node01 JOB_GRES=(null)   ` +
  `Nodes=node01 CPU_IDs=0-1 Mem=2000 GRES= MinCPUsNode=1 Comment=${comment}\n`;

interface Slurm {
  /** Rows of squeue, by the number of the question. */
  readonly queue: (question: number) => readonly Readonly<Record<string, string>>[];
  /** `scontrol show job` of all, and of one. */
  readonly all?: Scripted;
  readonly one?: (id: string) => string;
  /** How scontrol words its prompt. */
  readonly prompt?: 'echo' | 'prompt' | 'none';
  readonly session?: Scripted;
}

function asked({ queue, all, one = (id) => text(Number(id)), prompt = 'echo', session }: Slurm) {
  let questions = 0;
  function answer(call: Call): Scripted {
    if (call.program.name === 'squeue')
      return {
        stdout: queue(++questions)
          .map((own) => squeueRow(call, own))
          .join(''),
      };
    if (call.stdin !== undefined) return session ?? { stdout: interactive(String(call.stdin), one, prompt) };
    if (call.args.includes('-V')) return { stdout: 'slurm 22.05.8\n' };
    if (call.args.includes('ping')) return { stdout: 'Slurmctld(primary) at vm is UP\n' };
    if (call.args.includes('node')) return { stdout: node };
    return call.args.includes('job') ? (all ?? {}) : { stdout: 'ClusterName = c\n' };
  }
  const processes = scriptedProcesses(answer);
  const sessions = () => processes.calls.filter(({ stdin }) => stdin !== undefined).map(({ stdin }) => String(stdin));
  return { controller: controllerOn(processes, manualClock(), 'allocations'), sessions };
}

/** What scontrol writes when it takes its commands from stdin; with readline it repeats them. */
function interactive(stdin: string, one: (id: string) => string, prompt: NonNullable<Slurm['prompt']>): string {
  const answers = stdin.split('\n').map((line) => {
    const [, verb, word = ''] = line.split(' ');
    const said = verb === 'hostnames' ? `${word}\n` : verb === 'job' ? one(word) : '';
    return `${prompt === 'none' ? '' : 'scontrol: '}${prompt === 'echo' ? `${line}\n` : ''}${said}`;
  });
  return answers.join('');
}

const rows = (...ids: readonly number[]) => ids.map((id) => ({ JobID: `${id}`, ArrayJobID: `${id}` }));
const kindOf = (answer: Answer<Allocation> | undefined) => (answer?.kind === 'unasked' ? answer.error.message : answer?.kind);

describe('jobs one by one', () => {
  test('whether scontrol has a prompt, repeats its commands, or does neither', async () => {
    for (const prompt of ['echo', 'prompt', 'none'] as const) {
      const { controller } = asked({ queue: () => rows(1, 2), prompt });
      assert.deepEqual([...(await controller.allocations([1, 2])).values()].map(kindOf), ['known', 'known'], prompt);
    }
  });

  test('are named as array task and het component', async () => {
    const queue = () => [
      { JobID: '5', ArrayJobID: '3', ArrayTaskID: '4' },
      { JobID: '7', HetJobID: '6', HetJobOffset: '1' },
      { JobID: '8', ArrayJobID: '8' },
    ];
    const { controller, sessions } = asked({ queue, one: (id) => text({ '3_4': 5, '6+1': 7, '8': 8 }[id] ?? 0) });
    assert.deepEqual([...(await controller.allocations([5, 7, 8])).values()].map(kindOf), ['known', 'known', 'known']);
    assert.match(sessions()[0] ?? '', /show job 3_4\n[\s\S]*show job 6\+1\n[\s\S]*show job 8\n/);
  });

  test('a job that ended meanwhile is gone; one that cannot be read is unasked', async () => {
    const ended = asked({ queue: (question) => (question === 1 ? rows(1) : [{ JobID: '1', State: 'COMPLETED' }]), one: () => '' });
    assert.equal(kindOf((await ended.controller.allocations([1])).get(1)), 'gone');
    const unreadable = asked({ queue: () => rows(1), one: () => text(1).replace('CPU_IDs=0-1', 'CPU_IDs=?') });
    assert.match(kindOf((await unreadable.controller.allocations([1])).get(1)) ?? '', /job 1 cannot be read.*not of its language/);
  });

  test('a name that was changed to forge the rest is noticed', async () => {
    const forged = 'x UserId=alice(1001) JOB_GRES=(null) Nodes=node01 CPU_IDs=8-9 Mem=1 GRES= MinCPUsNode=1';
    const { controller } = asked({
      queue: (question) => [{ JobID: '1', Name: question === 1 ? 'x' : forged }],
      one: () => text(1, forged),
    });
    assert.match(kindOf((await controller.allocations([1])).get(1)) ?? '', /name changed/);
  });

  test('a session that breaks off, or a controller that is away, makes them unasked', async () => {
    const cut = asked({ queue: () => rows(1, 2), session: { stdout: 'allocations000000000002\n' } });
    assert.match(kindOf((await cut.controller.allocations([1, 2])).get(2)) ?? '', /answered 0 of 2/);
    const away = asked({ queue: () => rows(1), session: down });
    assert.match(kindOf((await away.controller.allocations([1])).get(1)) ?? '', /Unable to contact/);
  });
});

describe('all jobs at once', () => {
  test('are one question; only the doubtful are asked again', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => index + 1);
    const forged = `\n${text(7).replace('CPU_IDs=0-1', 'CPU_IDs=14-15').trimEnd()}\n`;
    const stdout = ids.map((id) => text(id, 'x', id === 3 ? forged : '')).join('');
    const { controller, sessions } = asked({ queue: () => rows(...ids), all: { stdout } });
    const answers = await controller.allocations(ids);
    for (const answer of answers.values()) assert.deepEqual(answer.kind === 'known' && answer.value.nodes[0]?.cpuIds, [0, 1]);
    const again = [...(sessions()[0] ?? '').matchAll(/show job (\d+)/g)].map(([, id]) => Number(id));
    assert.deepEqual(again, [7]);
  });

  test('a record that stands there for a job that squeue did not show is nobody’s', async () => {
    const { controller } = asked({ queue: () => rows(1), all: { stdout: text(1) + text(2) } });
    const { records, rejects } = await controller.allAllocations();
    assert.deepEqual([records.map(({ jobId }) => jobId), rejects], [[1], []]);
  });

  test('what cannot be read is rejected, the others arrive', async () => {
    const { controller } = asked({ queue: () => rows(1, 2), all: { stdout: text(1) }, one: () => 'noise' });
    const { records, rejects } = await controller.allAllocations();
    assert.deepEqual([records.map(({ jobId }) => jobId), rejects.map(({ excerpt }) => excerpt)], [[1], ['JobId=2']]);
  });

  test('a workload key that breaks its own record in two forges nothing', async () => {
    const forged = 'UserId=alice(1001) JOB_GRES=(null) Nodes=node01 CPU_IDs=8-9 Mem=1 GRES= MinCPUsNode=1\nJobId=9 JobName=x';
    const whole = text(1).replace(' JobState=', ` WCKey=k ${forged} JobState=`);
    const queue = () => [{ JobID: '1', WCKey: `k ${forged}` }];
    const { records } = await asked({ queue, all: { stdout: whole }, one: () => whole }).controller.allAllocations();
    assert.deepEqual(records[0]?.nodes[0]?.cpuIds, [0, 1]);
  });

  test('a record that is cut, perhaps within a number, is asked again', async () => {
    const whole = text(1).replace('CPU_IDs=0-1 Mem=2000 GRES=', 'CPU_IDs=0-1 Mem=2000 GRES=gpu:a100:1(IDX:0)');
    const stdout = whole.slice(0, whole.indexOf('gpu:a100'));
    const { records } = await asked({ queue: () => rows(1), all: { stdout }, one: () => whole }).controller.allAllocations();
    assert.deepEqual(records[0]?.nodes[0]?.gres, [{ name: 'gpu', type: 'a100', count: 1, indices: [0] }]);
  });

  test('an answer that breaks off with an error is none', async () => {
    await assert.rejects(
      asked({ queue: () => rows(1), all: { ...down, stdout: text(1) } }).controller.allAllocations(),
      /Unable to contact/,
    );
  });
});
