import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ActiveJob } from '@sluice/slurm';
import type { Bed } from './bed.ts';
import { slurmSays } from './slurm-says.ts';

/** Jobs in slurmctld, while all of them are where the scenario wants them. */
export function activeJobCases(bed: () => Bed): void {
  let jobs: ReadonlyMap<number, ActiveJob> = new Map();
  const job = (jobId: number): ActiveJob => jobs.get(jobId) ?? assert.fail(`job ${jobId} is missing`);

  it('every job that slurmctld holds is read, once, and nothing is rejected', async () => {
    const { records, rejects } = await bed().connector().controller.activeJobs();
    assert.deepEqual(rejects, []);
    jobs = new Map(records.map((one) => [one.jobId, one]));
    const ids = await bed().lab.ask('squeue', ['-h', '-a', '-t', 'all', '-o', '%A']);
    assert.deepEqual(records.map(({ jobId }) => jobId).sort(byNumber), ids.split('\n').map(Number).sort(byNumber));
  });

  it('each job has the user, account, partition, name, comment and state that its submission gave it', async () => {
    const { lab, scenario } = bed();
    const uids = new Map(await Promise.all((['root', 'alice', 'bob'] as const).map(async (user) => [user, await lab.uid(user)] as const)));
    for (const role of scenario.all()) {
      if (role.name === 'array' || role.name === 'nullWord') continue;
      const { user, uid, account, partition, name, comment, state } = job(role.jobId);
      assert.deepEqual(
        { user, uid, account, partition, name, comment, cluster: job(role.jobId).cluster },
        {
          user: role.user,
          uid: uids.get(role.user),
          account: role.account,
          partition: role.partition,
          name: role.jobName ?? role.name,
          comment: role.comment ?? '',
          cluster: 'labcluster',
        },
        role.name,
      );
      if (role.live ?? role.soon) assert.equal(state.base, role.live ?? role.ends.state, role.name);
    }
  });

  const simple: readonly [string, string, (job: ActiveJob) => string][] = [
    ['state', '%T', ({ state }) => state.base],
    ['reason', '%r', ({ reason }) => reason ?? 'None'],
    ['nodes', '%N', ({ nodes }) => nodes],
    ['number of nodes', '%D', ({ nodeCount }) => String(nodeCount)],
    ['number of CPUs', '%C', ({ cpus }) => String(cpus)],
    ['QOS', '%q', ({ qos }) => qos],
    ['uid', '%U', ({ uid }) => String(uid)],
    ['group', '%g', ({ group }) => group],
    ['time of submission', '%V', ({ submit }) => String(submit)],
    ['priority', '%Q', ({ priority }) => String(priority)],
    ['batch host', '%B', ({ batchHost }) => batchHost || 'n/a'],
  ];
  for (const [what, format, ours] of simple) {
    it(`the ${what} of every job is what squeue says of it in a question of its own`, async () => {
      const theirs = await slurmSays(bed().lab).allQueued(format);
      for (const { jobId } of jobs.values()) assert.equal(ours(job(jobId)), theirs.get(jobId), `job ${jobId}`);
    });
  }

  const chosen: readonly [string, string, (job: ActiveJob) => string][] = [
    ['name', '%j', ({ name }) => name],
    ['comment', '%k', ({ comment }) => comment || '(null)'],
    ['working directory', '%Z', ({ workDir }) => workDir],
  ];
  for (const [what, format, ours] of chosen) {
    it(`the ${what}, which users choose, is whole in every job`, async () => {
      const says = slurmSays(bed().lab);
      await Promise.all(
        bed()
          .scenario.all()
          .map(async ({ jobId, name }) => {
            if (name === 'array' || name === 'het' || name === 'nullWord') return;
            assert.equal(ours(job(jobId)), await says.queued(jobId, format), name);
          }),
      );
    });
  }

  it("a name and a comment that are Slurm's own words for nothing are kept", () => {
    const { name, comment } = job(bed().scenario.role('nullWord').jobId);
    assert.deepEqual({ name, comment }, { name: 'N/A', comment: 'None' });
  });

  it('a start is what happened: running jobs have one, pending jobs have none but may have an estimate', async () => {
    const starts = await slurmSays(bed().lab).allQueued('%S');
    for (const { jobId, start, end, state } of jobs.values()) {
      if (state.base === 'PENDING') assert.deepEqual({ start, end }, { start: null, end: null }, `job ${jobId}`);
      else if (start !== null) assert.equal(String(start), starts.get(jobId), `job ${jobId}`);
      if (state.base === 'RUNNING' || state.base === 'SUSPENDED') {
        assert.ok(start !== null && start >= bed().scenario.began, `job ${jobId} started at ${start}`);
        assert.equal(end, null, `job ${jobId} runs and has ended`);
      }
    }
  });

  it('array tasks, the rest of an array and het components know where they belong', async () => {
    const { scenario } = bed();
    const array = scenario.role('array').jobId;
    const tasks = [...jobs.values()].filter((one) => one.array?.jobId === array);
    assert.deepEqual(tasks.map((one) => one.array?.taskId ?? null).sort(byNumber), [null, 0, 1, 2, 3]);
    assert.deepEqual(tasks.find((one) => one.array?.taskId === null)?.array, { jobId: array, taskId: null, pending: '4-9%2' });
    const states = tasks
      .filter(({ array: at }) => at?.taskId !== null)
      .map((one) => [one.array?.taskId, one.state.base, one.exitCode?.code ?? null]);
    assert.deepEqual(states.sort(), [
      [0, 'COMPLETED', 0],
      [1, 'FAILED', 4],
      [2, 'RUNNING', null],
      [3, 'RUNNING', null],
    ]);
    assert.deepEqual(job(scenario.role('heldArray').jobId).array, {
      jobId: scenario.role('heldArray').jobId,
      taskId: null,
      pending: '1-5,9,20,22,24,26,28,30%2',
    });
    const leader = scenario.role('het').jobId;
    const components = [...jobs.values()].filter((one) => one.het?.jobId === leader);
    assert.deepEqual(
      components.map((one) => [one.jobId, one.het?.offset]).sort(([a], [b]) => Number(a) - Number(b)),
      [
        [leader, 0],
        [leader + 1, 1],
      ],
    );
    assert.equal(job(scenario.role('completed').jobId).array, null);
    assert.equal(job(scenario.role('completed').jobId).het, null);
  });

  it('time limits, dependencies and sharing are those of the submissions', async () => {
    const { scenario } = bed();
    const of = (name: Parameters<typeof scenario.role>[0]): ActiveJob => job(scenario.role(name).jobId);
    assert.equal(of('exclusive').timeLimit, 120);
    assert.equal(of('partOfNode').timeLimit, 1440);
    assert.equal(of('timeout').timeLimit, 1);
    // Started by backfill a job without a limit gets 365 days, by the main scheduler it stays unlimited (slurm.md §3).
    assert.ok(of('unlimited').timeLimit === 'unlimited' || of('unlimited').timeLimit === 525_600, String(of('unlimited').timeLimit));
    assert.match(of('dependent').dependency, new RegExp(`afterok:${scenario.role('exclusive').jobId}\\b`));
    assert.equal(of('held').dependency, '');
    assert.equal(of('exclusive').sharing, 'exclusive');
    assert.equal(of('oversubscribed').sharing, 'oversubscribed');
    assert.equal(of('partOfNode').sharing, 'shared');
    assert.equal(of('requeued').restarts, 1);
    assert.equal(of('completed').restarts, 0);
    assert.equal(of('comments').adminComment, 'admin|comment "x" ü');
    assert.equal(of('gpuIndices').allocated['gres/gpu'], 2);
    assert.equal(of('exclusive').allocated['cpu'], 32);
    assert.equal(of('held').allocated['cpu'], undefined);
  });

  it('each job asked for by id is the one of the list; one that never was is gone', async () => {
    const unknown = 999_999;
    const answers = await bed()
      .connector()
      .controller.jobsById([...jobs.keys(), unknown]);
    assert.deepEqual([...answers.keys()], [...jobs.keys(), unknown]);
    for (const [jobId, answer] of answers) {
      if (jobId === unknown) assert.deepEqual(answer, { kind: 'gone' });
      else if (answer.kind !== 'known') assert.fail(`job ${jobId} is ${answer.kind}`);
      else assert.deepEqual([answer.value.jobId, answer.value.name, answer.value.submit], [jobId, job(jobId).name, job(jobId).submit]);
    }
  });

  it('a question for states, users, accounts or partitions gives those jobs and no others', async () => {
    const { controller } = bed().connector();
    const ids = async (query: Parameters<typeof controller.activeJobs>[0]) =>
      (await controller.activeJobs(query)).records.map(({ jobId }) => jobId).sort(byNumber);
    const those = (is: (one: ActiveJob) => boolean) =>
      [...jobs.values()]
        .filter(is)
        .map(({ jobId }) => jobId)
        .sort(byNumber);
    assert.deepEqual(
      await ids({ states: ['SUSPENDED'] }),
      those(({ state }) => state.base === 'SUSPENDED'),
    );
    assert.deepEqual(
      await ids({ users: ['root'] }),
      those(({ user }) => user === 'root'),
    );
    assert.deepEqual(
      await ids({ accounts: ['physics'], states: ['RUNNING'] }),
      those(({ account, state }) => account === 'physics' && state.base === 'RUNNING'),
    );
    assert.deepEqual(
      await ids({ partitions: ['gpu'] }),
      those(({ partition }) => partition === 'gpu'),
    );
    assert.deepEqual(await ids({ users: ['root'], states: ['PENDING'] }), []);
  });

  it("the batch script is the user's, byte for byte, and Slurm's own text about a job is there", async () => {
    const { controller } = bed().connector();
    const { jobId, script } = bed().scenario.role('exclusive');
    assert.deepEqual(await controller.batchScript(jobId), { kind: 'known', value: script });
    assert.deepEqual(await controller.batchScript(999_999), { kind: 'gone' });
    const text = await controller.describe(jobId);
    assert.ok(text.kind === 'known' && text.value.includes(`JobId=${jobId} `), JSON.stringify(text));
    assert.deepEqual(await controller.describe(999_999), { kind: 'gone' });
  });
}

function byNumber(a: number | null, b: number | null): number {
  return (a ?? -1) - (b ?? -1);
}
