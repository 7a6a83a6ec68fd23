import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Call, manualClock } from '@sluice/io';
import { controllerOn } from '../../test/controller-questions.ts';
import { type Scripted, scriptedProcesses, squeueRow } from '../../test/scripted-processes.ts';
import type { Answer } from '../facets.ts';
import type { JobDetails } from '../records.ts';

const node = 'NodeName=node01 CoresPerSocket=4 CPUAlloc=2 CPUTot=16 RealMemory=64000 Sockets=2 State=MIXED ThreadsPerCore=2\n';
const everything = { script: true, description: true };

/** The text of a job as scontrol writes it for people. */
const text = (id: number, name = 'x') =>
  `JobId=${id} JobName=${name}\n   UserId=alice(1001) GroupId=alice(1001) MCS_label=N/A\n   Account=a QOS=normal WCKey=(null)\n` +
  '   JobState=RUNNING Reason=None\n   NodeList=node01\n   JOB_GRES=(null)\n     Nodes=node01 CPU_IDs=0-1 Mem=2000 GRES=\n' +
  '   MinCPUsNode=1\n   Command=(null)\n\n';

interface Slurm {
  readonly queue: (question: number) => readonly Readonly<Record<string, string>>[];
  readonly job?: (id: string) => string;
  readonly script?: (id: string) => string;
  readonly session?: Scripted;
}

function asked({ queue, job = (id) => text(Number(id)), script = (id) => `#!/bin/sh\necho ${id}`, session }: Slurm) {
  let questions = 0;
  const processes = scriptedProcesses((call: Call): Scripted => {
    const rows = () => queue(++questions).map((own) => squeueRow(call, own));
    if (call.program.name === 'squeue') return { stdout: rows().join('') };
    if (call.stdin !== undefined) return session ?? { stdout: converse(String(call.stdin), job, script) };
    if (call.args.includes('-V')) return { stdout: 'slurm 22.05.8\n' };
    if (call.args.includes('ping')) return { stdout: 'Slurmctld(primary) at vm is UP\n' };
    return { stdout: call.args.includes('node') ? node : 'ClusterName = c\n' };
  });
  const sessions = () => processes.calls.filter(({ stdin }) => stdin !== undefined).map(({ stdin }) => String(stdin));
  const names = () =>
    processes.calls.map(
      ({ program, args, stdin }) => `${program.name}${stdin === undefined ? '' : ' <'}${args.at(-1) === 'ping' ? ' ping' : ''}`,
    );
  return { controller: controllerOn(processes, manualClock(), 'details'), sessions, names };
}

function converse(stdin: string, job: (id: string) => string, script: (id: string) => string): string {
  const said = stdin
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [verb, kind, word = ''] = line.split(' ');
      const answer = kind === 'hostnames' ? `${word}\n` : verb === 'write' ? script(word) : job(word);
      return `scontrol: ${line}\n${answer}`;
    });
  return `${said.join('')}scontrol: `;
}

const row = (id: number, own: Readonly<Record<string, string>> = {}) => ({ JobID: `${id}`, ArrayJobID: `${id}`, ...own });
const known = (answer: Answer<JobDetails> | undefined): JobDetails =>
  answer?.kind === 'known' ? answer.value : assert.fail(JSON.stringify(answer));

describe('details of jobs', () => {
  test('are one squeue and one scontrol, and no ping when all are there', async () => {
    const { controller, names } = asked({ queue: () => [row(1), row(2)] });
    await controller.details([1, 2], everything);
    assert.deepEqual(names(), ['scontrol', 'squeue', 'scontrol <', 'scontrol', 'scontrol'], 'the release, and the nodes of this cluster');
    await controller.details([2, 1], everything);
    assert.deepEqual(names().slice(5), ['squeue', 'scontrol <'], 'which are known then');
  });

  test('are the record, what it holds, its script and its text', async () => {
    const { controller } = asked({ queue: () => [row(1), row(2, { State: 'COMPLETED' }), row(3, { State: 'PENDING', NodeList: '' })] });
    const details = await controller.details([1, 2, 3], everything);
    const one = known(details.get(1));
    assert.deepEqual([one.job.jobId, one.allocation?.nodes[0]?.cpuIds, one.script], [1, [0, 1], '#!/bin/sh\necho 1']);
    assert.equal(one.description, text(1).trimEnd());
    for (const id of [2, 3]) {
      const { allocation, script } = known(details.get(id));
      assert.deepEqual([allocation, script], [null, `#!/bin/sh\necho ${id}`]);
    }
  });

  test('ask for nothing that is not wanted', async () => {
    const { controller, sessions, names } = asked({ queue: () => [row(1), row(2, { State: 'PENDING', NodeList: '' })] });
    const details = await controller.details([1, 2], { script: false, description: false });
    assert.deepEqual([known(details.get(1)).script, known(details.get(1)).description], [null, null]);
    assert.equal(sessions()[0]?.match(/show job/g)?.length, 1);
    await controller.details([2], { script: false, description: false });
    assert.equal(names().length, 6, 'a job that holds nothing needs no scontrol');
  });

  test('of a job whose record is enough are one squeue', async () => {
    const { controller, names } = asked({ queue: () => [row(1), row(2, { State: 'COMPLETED' })] });
    const details = await controller.details([1, 2], { ...everything, bare: ({ jobId }) => jobId < 3 });
    assert.deepEqual(names(), ['scontrol', 'squeue']);
    for (const id of [1, 2]) {
      const { job, ...rest } = known(details.get(id));
      assert.deepEqual([job.jobId, rest], [id, { allocation: null, script: null, description: null }]);
    }
  });

  test('of a job that has ended are what it held, but not its devices; of one whose text is of a later run they are not', async () => {
    const over = (id: string) => text(Number(id)).replace('JobState=RUNNING', 'JobState=COMPLETED');
    const job = (id: string) => (id === '2' ? text(2) : id === '3' ? over('3').replace('CPU_IDs=0-1', 'CPU_IDs=0-2') : over(id));
    const queue = () => [1, 2, 3].map((id) => row(id, { State: 'COMPLETED' }));
    const { controller } = asked({ queue, job });
    const details = await controller.details([1, 2, 3], { script: false, description: false });
    const held = [1, 2, 3].map((id) => known(details.get(id)).allocation);
    assert.deepEqual([held[0]?.nodes[0]?.cpuIds, held[0]?.start, held[0]?.devicesLost], [[0, 1], 1795260001, true]);
    assert.deepEqual(held.slice(1), [null, null], 'one runs by its text, the other shows more CPUs than it had');
    const allocations = await controller.allocations([1]);
    assert.deepEqual(allocations.get(1), { kind: 'gone' }, 'what jobs hold now is another question');
  });

  test('of an ended job with a second JOB_GRES= in its text are what it held if it still has the name', async () => {
    const forged = (id: string) => `${text(Number(id)).replace('RUNNING', 'FAILED').trimEnd()}\n   Comment=JOB_GRES=\n\n`;
    const queue = (name: string) => (question: number) => [row(1, { State: 'FAILED', ...(question > 1 ? { Name: name } : {}) })];
    const held = async (name: string) => {
      const details = await asked({ queue: queue(name), job: forged }).controller.details([1], everything);
      return known(details.get(1)).allocation?.nodes.length;
    };
    assert.deepEqual([await held('x'), await held('y')], [1, undefined]);
  });

  test('of tasks of an array share one script; the record of those that wait has no text', async () => {
    const task = (id: number, index: string) => row(id, { ArrayJobID: '5', ArrayTaskID: index });
    const { controller, sessions } = asked({
      queue: () => [task(6, '0'), task(7, '1'), { ...task(5, '2-9'), State: 'PENDING', NodeList: '' }],
      job: (id) => text(id === '5_0' ? 6 : 7),
    });
    const details = await controller.details([5, 6, 7], everything);
    assert.equal(sessions()[0]?.match(/write batch_script/g)?.length, 1);
    assert.equal(sessions()[0]?.match(/show job 5\n/g), null);
    assert.deepEqual(
      [5, 6, 7].map((id) => [known(details.get(id)).script, known(details.get(id)).description === null]),
      [
        ['#!/bin/sh\necho 5', true],
        ['#!/bin/sh\necho 5', false],
        ['#!/bin/sh\necho 5', false],
      ],
    );
  });

  test('of a job without a script have none', async () => {
    const { controller } = asked({ queue: () => [row(1)], script: () => '' });
    assert.equal(known((await controller.details([1], everything)).get(1)).script, null);
  });

  test('of a job that ends between the questions are those of the ended job', async () => {
    const queue = (question: number) => [row(1, question === 1 ? {} : { State: 'COMPLETED', EndTime: '1795260009' })];
    const ended = text(1).replace(/ {3}JOB_GRES[\s\S]*GRES=\n/, '');
    const { job, allocation } = known((await asked({ queue, job: () => ended }).controller.details([1], everything)).get(1));
    assert.deepEqual([job.state.base, job.end, allocation], ['COMPLETED', 1795260009, null]);
    const stillThere = text(1).replace('JobState=RUNNING', 'JobState=COMPLETED');
    const told = known((await asked({ queue, job: () => stillThere }).controller.details([1], everything)).get(1));
    assert.deepEqual([told.job.state.base, told.allocation?.devicesLost], ['COMPLETED', true], 'it is not told as running without devices');
    const forgotten = asked({ queue: (question) => (question === 1 ? [row(1)] : []), job: () => '' });
    assert.equal((await forgotten.controller.details([1], everything)).get(1)?.kind, 'gone');
  });

  test('of a job whose allocation cannot be read are unasked; others are told', async () => {
    const job = (id: string) => (id === '1' ? text(1).replace('CPU_IDs=0-1', 'CPU_IDs=?') : text(Number(id)));
    const details = await asked({ queue: () => [row(1), row(2)], job }).controller.details([1, 2], everything);
    assert.deepEqual([details.get(1)?.kind, details.get(2)?.kind], ['unasked', 'known']);
  });

  test('of an unknown job are gone, between two pings; of none at all when Slurm cannot be asked', async () => {
    const { controller, names } = asked({ queue: () => [row(1)] });
    const details = await controller.details([1, 9], everything);
    assert.deepEqual(
      [...details].map(([id, { kind }]) => [id, kind]),
      [
        [1, 'known'],
        [9, 'gone'],
      ],
    );
    assert.equal(names().filter((name) => name.endsWith('ping')).length, 2);
    const away = { stderr: 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n', code: 1 };
    const unasked = await asked({ queue: () => [row(1)], session: away }).controller.details([1], everything);
    assert.equal(unasked.get(1)?.kind, 'unasked');
  });
});
