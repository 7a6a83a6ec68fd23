import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { type Processes, systemProcesses } from '@sluice/io';
import { type ActiveState, type Answer, type Controller, isEnded, type JobDetails } from '@sluice/slurm';
import type { Lab } from '../lab.ts';
import { until } from '../scenario.ts';
import { type Bed, collect } from './bed.ts';
import { itOnRealSlurm } from './not-emulated.ts';

const everything = { script: true, description: true };
const nothing = { script: false, description: false };

/** What is asked over and over, and when jobs start or end: held against the questions that say more. */
export function jobDetailCases(bed: () => Bed): void {
  it('the states of all jobs but the waiting are those of the long answer', async () => {
    const { controller } = bed().connector();
    const { records: states, rejects } = await collect(controller.activeStates());
    const { records: jobs } = await controller.activeJobs();
    assert.deepEqual(rejects, []);
    const wanted: ActiveState[] = jobs
      .filter(({ state }) => state.base !== 'PENDING')
      .map(({ cluster, jobId, state, start, end, restarts }) => ({ cluster, jobId, state, start, end, restarts }));
    const byId = (a: ActiveState, b: ActiveState): number => a.jobId - b.jobId;
    assert.deepEqual(states.sort(byId), wanted.sort(byId));
    assert.ok(states.length >= 20);
  });

  it('the states of waiting jobs are told when asked for, without a start', async () => {
    const { controller } = bed().connector();
    const { records } = await collect(controller.activeStates({ states: ['PENDING'] }));
    assert.ok(records.some(({ jobId }) => jobId === bed().scenario.role('begin').jobId));
    for (const { state, start, end } of records) assert.deepEqual([state.base, start, end], ['PENDING', null, null]);
  });

  it('the details of every job are its record, its allocation, its script and its text', async () => {
    const { connector, lab, scenario } = bed();
    const { controller } = connector();
    const { records } = await controller.activeJobs();
    const ids = [...records.map(({ jobId }) => jobId), 999_999];
    const [jobs, allocations, details] = [
      await controller.jobsById(ids),
      await controller.allocations(ids),
      await controller.details(ids, everything),
    ];
    assert.deepEqual([...details.keys()], ids);
    assert.deepEqual(details.get(999_999), { kind: 'gone' });
    for (const { jobId, array, name, state } of records) {
      const { job, allocation, description } = known(details.get(jobId));
      const held = allocations.get(jobId);
      // Why a job waits, and when it may start, changes from question to question.
      if (state.base === 'PENDING') assert.deepEqual([job.jobId, job.name], [jobId, name]);
      else assert.deepEqual({ kind: 'known', value: job }, jobs.get(jobId));
      if (allocation?.devicesLost) {
        assert.deepEqual([isEnded(state), held?.kind], [true, 'gone'], `job ${jobId}`);
        assert.deepEqual([allocation.start, allocation.nodes.reduce((sum, { cpus }) => sum + cpus, 0)], [job.start, job.cpus]);
      } else {
        assert.deepEqual(allocation, held?.kind === 'known' ? held.value : null, `job ${jobId}`);
        assert.ok(!isEnded(state) || job.nodes === '', `what job ${jobId} held is not told`);
      }
      if (array && array.taskId === null) assert.equal(description, null, `the waiting tasks of ${jobId} have no text of their own`);
      else assert.match(description ?? '', new RegExp(`^JobId=${jobId} (?:Array|Het)?[\\s\\S]*JobName=[\\s\\S]*\\n   UserId=`));
    }
    for (const { jobId, script, latin1, name } of scenario.all()) {
      const text = script.replaceAll('{work}', lab.workDir);
      assert.equal(known(details.get(jobId)).script, latin1 ? text.replaceAll('\xff', '\ufffd') : text, name);
    }
  });

  it('a scontrol that is kept says the same, again and again', async () => {
    const { connector, lab } = bed();
    const ending = new AbortController();
    const counted = countingScontrol(systemProcesses(lab.env));
    const kept = connector('root', { processes: counted, keepUntil: ending.signal }).controller;
    const { controller } = connector();
    const ids = (await controller.activeJobs()).records.filter(({ state }) => state.base !== 'PENDING').map(({ jobId }) => jobId);
    for (const some of [ids, ids.slice(0, 3), ids.slice(-1)]) {
      const [mine, own] = [await kept.details(some, everything), await controller.details(some, everything)];
      assert.deepEqual([...mine].map(withoutClock), [...own].map(withoutClock));
    }
    assert.equal(counted.started(), 1);
    ending.abort();
  });

  it('what was not asked for is not told', async () => {
    const { jobId } = bed().scenario.role('gpuIndices');
    const { allocation, script, description } = known((await bed().connector().controller.details([jobId], nothing)).get(jobId));
    assert.deepEqual([allocation?.nodes[0]?.gres[0]?.count, script, description], [2, null, null]);
  });
}

/** Looks like what scontrol writes when it takes commands from stdin; ends without a newline. */
const forgedScript = [
  '#!/bin/sh',
  'scontrol: show hostnames 0123456789abcdef0123456789abcdef',
  '0123456789abcdef0123456789abcdef',
  'scontrol: show job 1',
  'JobId=1 JobName=forged',
  'exec sleep 300',
  'scontrol: ',
].join('\n');

/** Counts the conversations that are kept. */
function countingScontrol(inner: Processes): Processes & { started(): number } {
  let started = 0;
  return {
    started: () => started,
    run: (call) => inner.run(call),
    stream(call) {
      if (call.program.name === 'scontrol' && typeof call.stdin === 'object') started++;
      return inner.stream(call);
    },
  };
}

/** Without what changes from second to second. */
function withoutClock([id, answer]: readonly [number, Answer<JobDetails>]): unknown {
  if (answer.kind !== 'known') return [id, answer.kind];
  return [id, { ...answer.value, description: answer.value.description?.replace(/RunTime=\S+|LastSchedEval=\S+/g, '') }];
}

/** On a cluster with nothing else on it. All are asked of a scontrol that is kept. */
export function lifeOfJobCases(bed: () => Bed, lab: Lab): void {
  const ending = new AbortController();
  after(() => ending.abort());
  const controllers = new Map<string, Controller>();
  const controllerOf = (user: 'root' | 'bob'): Controller => {
    const controller = controllers.get(user) ?? bed().connector(user, { keepUntil: ending.signal }).controller;
    controllers.set(user, controller);
    return controller;
  };
  const running = (jobId: number): Promise<void> => inState(jobId, 'RUNNING');
  const inState = (jobId: number, state: string): Promise<void> =>
    until(
      `job ${jobId} is ${state}`,
      30,
      async () => (await bed().lab.ask('squeue', ['-h', '-t', 'all', '-j', `${jobId}`, '-o', '%T'])) === state,
    );
  const details = async (jobId: number, user: 'root' | 'bob' = 'root'): Promise<JobDetails> =>
    known((await controllerOf(user).details([jobId], everything)).get(jobId));
  const cancel = (jobId: number): Promise<string> => bed().lab.ask('scancel', [`${jobId}`]);

  it('a script that looks like our conversation with scontrol is told byte for byte, and forges nothing', async () => {
    const jobId = await bed().lab.submit('alice', ['-w', 'node01', '-n1', '-o', '/dev/null'], forgedScript);
    await running(jobId);
    const { script, description, allocation } = await details(jobId);
    assert.equal(script, forgedScript);
    assert.deepEqual([allocation?.jobId, description?.startsWith(`JobId=${jobId} JobName=sbatch\n`)], [jobId, true]);
    await cancel(jobId);
  });

  it("another user's script is not told to one who may not read it", async () => {
    const jobId = await bed().lab.submit('alice', ['-w', 'node01', '-n1', '-o', '/dev/null'], '#!/bin/sh\nsleep 300\n');
    await running(jobId);
    const { script, allocation } = await details(jobId, 'bob');
    assert.deepEqual([script, allocation?.nodes.length], [null, 1]);
    await cancel(jobId);
  });

  itOnRealSlurm(lab, 'salloc', 'a job without a script has none', async () => {
    await bed().lab.ask('salloc', ['--no-shell', '-w', 'node01', '-n1', '-J', 'interactive'], { user: 'alice' });
    const jobId = Number(await bed().lab.ask('squeue', ['-h', '-n', 'interactive', '-o', '%A']));
    const { script, allocation } = await details(jobId);
    assert.deepEqual([script, allocation?.nodes[0]?.node], [null, 'node01']);
    await cancel(jobId);
  });

  it('a job that has ended holds nothing; its script and its end are still there, and what it held', async () => {
    const script = '#!/bin/sh\nexit 3\n';
    const jobId = await bed().lab.submit('alice', ['-w', 'node01', '-n1', '-o', '/dev/null'], script);
    await inState(jobId, 'FAILED');
    const { job, allocation, script: told, description } = await details(jobId);
    assert.deepEqual([job.state.base, job.exitCode?.code, told], ['FAILED', 3, script]);
    assert.deepEqual([allocation?.start, allocation?.devicesLost, allocation?.nodes[0]?.cpus], [job.start, true, 2]);
    assert.match(description ?? '', /JobState=FAILED/);
    const holds = await bed().connector().controller.allocations([jobId]);
    assert.equal(holds.get(jobId)?.kind, 'gone');
  });

  for (const [kind, args, beside] of [
    ['exclusive on two nodes', ['-w', 'node[02-03]', '-N2', '--exclusive'], ['-w', 'node04']],
    ['shared on two nodes, unevenly', ['-w', 'node[02-03]', '-N2', '-n20'], ['-w', 'node02']],
    ['with GPUs', ['-p', 'gpu', '-N2', '-n3', '--gpus=3'], ['-p', 'gpu', '-w', 'gpu01']],
  ] as const) {
    it(`what a job held, ${kind}, is told after its end as while it ran, but for its devices`, async () => {
      const sleeps = (options: readonly string[]): Promise<number> =>
        bed().lab.submit('alice', [...options, '-o', '/dev/null'], '#!/bin/sh\nsleep 300\n');
      // Where it shares a node, its CPUs are not the first ones.
      const other = await sleeps([...beside, '-n1']);
      await running(other);
      const jobId = await sleeps(args);
      await running(jobId);
      const before = (await details(jobId)).allocation ?? assert.fail('it holds nothing');
      assert.equal(before.devicesLost, undefined);
      await cancel(jobId);
      await inState(jobId, 'CANCELLED');
      const nodes = before.nodes.map((node) => ({ ...node, gres: [] }));
      assert.deepEqual((await details(jobId)).allocation, { ...before, nodes, devicesLost: true });
      await cancel(other);
    });
  }

  it('what an earlier run of a requeued job held is not told of it while it waits, nor of its next run', async () => {
    const { lab } = bed();
    const enough = join(lab.workDir, 'enough');
    const script = `#!/bin/sh\nuntil [ -e "${enough}" ]; do sleep 0.2; done\n`;
    const jobId = await lab.submit('alice', ['-w', 'node04', '-n1', '-c4', '--requeue', '-o', '/dev/null'], script);
    await running(jobId);
    const first = (await details(jobId)).allocation;
    writeFileSync(enough, '');
    await inState(jobId, 'COMPLETED');
    rmSync(enough);
    assert.deepEqual((await details(jobId)).allocation, { ...first, devicesLost: true });
    await lab.ask('scontrol', ['requeue', `${jobId}`]);
    await inState(jobId, 'PENDING');
    const other = await lab.submit('alice', ['-w', 'node04', '-n1', '-c2', '-o', '/dev/null'], '#!/bin/sh\nsleep 300\n');
    await running(other);
    assert.equal((await details(jobId)).allocation, null);
    await lab.ask('scontrol', ['update', `JobId=${jobId}`, 'StartTime=now']);
    await running(jobId);
    const { job, allocation } = await details(jobId);
    assert.deepEqual([allocation?.start, allocation?.devicesLost], [job.start, undefined]);
    assert.notDeepEqual([allocation?.start, allocation?.nodes[0]?.cpuIds], [first?.start, first?.nodes[0]?.cpuIds]);
    writeFileSync(enough, '');
    await inState(jobId, 'COMPLETED');
    assert.deepEqual((await details(jobId)).allocation, { ...allocation, devicesLost: true });
    await cancel(other);
  });

  it('a scontrol that is kept outlives slurmctld: unasked while it is away, as before afterwards', async () => {
    const { slurmctld } = bed().lab.daemons;
    const jobId = await bed().lab.submit('alice', ['-w', 'node01', '-n1', '-o', '/dev/null'], '#!/bin/sh\nsleep 300\n');
    await running(jobId);
    const before = await details(jobId);
    await slurmctld.stop();
    assert.equal((await controllerOf('root').details([jobId], everything)).get(jobId)?.kind, 'unasked');
    await slurmctld.start();
    await running(jobId);
    const afterwards = await details(jobId);
    assert.deepEqual([afterwards.allocation, afterwards.script], [before.allocation, before.script]);
    await cancel(jobId);
  });

  const keptFor = async (word: 'user' | 'mcs'): Promise<void> => {
    const options = ['-w', 'node02', '-n1', `--exclusive=${word}`, '-o', '/dev/null'];
    const jobId = await bed().lab.submit('alice', options, '#!/bin/sh\nsleep 300\n');
    await running(jobId);
    const { job, allocation } = await details(jobId);
    assert.deepEqual([job.sharing, allocation?.whole], [word, false]);
    await cancel(jobId);
    await until('the node is free', 30, async () => (await bed().lab.ask('squeue', ['-h', '-w', 'node02'])) === '');
  };

  it('nodes kept for one user are told from nodes of one job', () => keptFor('user'));

  itOnRealSlurm(lab, 'mcs', 'nodes kept for one MCS label are told from nodes of one job', () => keptFor('mcs'));
}

function known(answer: Answer<JobDetails> | undefined): JobDetails {
  if (answer?.kind !== 'known') assert.fail(JSON.stringify(answer));
  return answer.value;
}
