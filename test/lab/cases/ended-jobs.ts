import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import type { AccountedJob } from '@sluice/slurm';
import type { RoleName } from '../scenario-roles.ts';
import { type Bed, collect } from './bed.ts';
import { type DatabaseRow, jobTable } from './job-table.ts';
import { slurmSays } from './slurm-says.ts';

/** History, after all jobs of the scenario have ended; held against the rows of the accounting database itself. */
export function endedJobCases(bed: () => Bed): void {
  let rows: readonly DatabaseRow[] = [];
  let jobs: readonly AccountedJob[] = [];
  let to = 0;
  const window = () => ({ from: bed().scenario.began - 1, to });
  const of = (name: RoleName): AccountedJob[] =>
    jobs.filter(({ jobId }) => jobId === bed().scenario.role(name).jobId).sort((a, b) => (a.submit ?? 0) - (b.submit ?? 0));
  const last = (name: RoleName): AccountedJob => of(name).at(-1) ?? assert.fail(`${name} is missing`);

  before(async () => {
    to = Math.ceil(Date.now() / 1000);
    rows = (await jobTable(bed().lab)).filter(({ end }) => end > 0);
  });

  it('every run that ended is read, once, and nothing is rejected', async () => {
    const { records, rejects, slices } = await collect(bed().connector().accounting.endedJobs(window()));
    assert.deepEqual(rejects, []);
    jobs = records;
    assert.deepEqual(jobs.map(keyOf).sort(), rows.map(keyOf).sort());
    const end = slices.at(-1);
    assert.equal(end?.kind === 'slice' && end.to, to);
  });

  it('times, exit code and state of each run are those of the database', () => {
    const byKey = new Map(rows.map((row) => [keyOf(row), row]));
    for (const job of jobs) {
      const row = byKey.get(keyOf(job)) ?? assert.fail(`job ${job.jobId}`);
      const { code, signal } = job.exitCode ?? { code: null, signal: null };
      assert.deepEqual(
        { uid: job.uid, submit: job.submit, start: job.start, end: job.end, code, signal, state: endOf(job) },
        { uid: row.uid, submit: row.submit, start: row.start || null, end: row.end, code: row.code, signal: row.signal, state: row.state },
        `job ${job.jobId}`,
      );
      if (job.start === null || job.end === null) assert.equal(job.elapsed, 0);
      else assert.equal(job.elapsed, job.end - job.start - job.suspended, `elapsed of job ${job.jobId}`);
    }
  });

  it('each job ended as the scenario made it end, by whom it was', async () => {
    const uids = { root: await bed().lab.uid('root'), alice: await bed().lab.uid('alice'), bob: await bed().lab.uid('bob') };
    for (const { name, ends } of bed().scenario.all()) {
      if (name === 'array' || name === 'heldArray') continue;
      const { state, exitCode } = last(name);
      assert.deepEqual([state.base, state.cancelledBy], [ends.state, ends.by ? uids[ends.by] : null], name);
      if (ends.exit !== undefined) assert.equal(`${exitCode?.code}:${exitCode?.signal}`, ends.exit, name);
    }
  });

  it('what users chose is whole in history too: names, comments, directories', async () => {
    const says = slurmSays(bed().lab);
    for (const role of bed().scenario.all()) {
      if (role.name === 'array' || role.name === 'heldArray') continue;
      const { name, comment, workDir, user, account, partition } = last(role.name);
      // slurmdbd keeps a quotation mark in a job's name as a backtick (slurm.md §4).
      if (!role.latin1) assert.equal(name, (role.jobName ?? role.name).replaceAll('"', '`'), role.name);
      assert.deepEqual([user, account, partition, comment], [role.user, role.account, role.partition, role.comment ?? ''], role.name);
      if (role.jobName === undefined) continue;
      assert.equal(name, await says.accounted(role.jobId, 'JobName'), role.name);
      assert.equal(workDir, await says.accounted(role.jobId, 'WorkDir'), role.name);
    }
  });

  const simple: readonly [string, string, (job: AccountedJob) => string][] = [
    ['nodes', 'NodeList', ({ nodes }) => nodes || 'None assigned'],
    ['CPUs', 'NCPUS', ({ cpus }) => String(cpus)],
    ['number of nodes', 'NNodes', ({ nodeCount }) => String(nodeCount)],
    ['QOS', 'QOS', ({ qos }) => qos],
    ['group', 'Group', ({ group }) => group],
    ['reservation', 'Reservation', ({ reservation }) => reservation],
  ];
  for (const [what, field, ours] of simple) {
    it(`the ${what} of every run is what sacct says of it in a question of its own`, async () => {
      const says = slurmSays(bed().lab);
      const singles = bed()
        .scenario.all()
        .filter(({ name }) => of(name).length === 1 && name !== 'array' && name !== 'heldArray');
      await Promise.all(
        singles.map(async ({ name, jobId }) => {
          if (name === 'het') return;
          assert.equal(ours(last(name)), await says.accounted(jobId, field), name);
        }),
      );
    });
  }

  it('TRES, limits and array and het positions are those of the submissions', () => {
    assert.equal(last('gpuIndices').allocated['gres/gpu'], 2);
    assert.equal(last('gpuIndices').allocated['mem'], 4000);
    assert.equal(last('exclusive').allocated['cpu'], 32);
    assert.equal(last('exclusive').timeLimit, 120);
    const array = bed().scenario.role('array').jobId;
    const tasks = jobs.filter((job) => job.array?.jobId === array && job.start !== null).sort((a, b) => a.jobId - b.jobId);
    assert.deepEqual(
      tasks
        .slice(0, 3)
        .map((job) => [job.array?.taskId, job.state.base, job.exitCode?.code])
        .sort(),
      [
        [0, 'COMPLETED', 0],
        [1, 'FAILED', 4],
        [2, 'CANCELLED', 0],
      ],
    );
    const leader = bed().scenario.role('het').jobId;
    const components = jobs.filter((job) => job.het?.jobId === leader).map((job) => [job.jobId, job.het?.offset]);
    assert.deepEqual(
      components.sort(([a], [b]) => Number(a) - Number(b)),
      [
        [leader, 0],
        [leader + 1, 1],
      ],
    );
  });

  it('a resized job has two rows of one run, a requeued one a row for each run', () => {
    const [before, after, ...more] = of('resized');
    assert.deepEqual([before && endOf(before), after?.state.base, more.length], ['RESIZING', 'CANCELLED', 0]);
    // One run with one start in 22.05; later releases begin the second row where the first ends.
    assert.ok(after?.start === before?.start || after?.start === before?.end, `${before?.start}-${before?.end}, then ${after?.start}`);
    assert.deepEqual([before?.nodeCount, after?.nodeCount], [2, 1]);
    for (const [name, first] of [
      ['requeued', 'REQUEUED'],
      ['nodeFailRequeued', 'NODE_FAIL'],
    ] as const) {
      assert.deepEqual(of(name).map(endOf), [first, 'COMPLETED'], name);
      assert.notEqual(of(name)[0]?.start, of(name)[1]?.start, name);
    }
    const suspended = last('suspended');
    assert.ok(suspended.suspended > 0 && suspended.elapsed < (suspended.end ?? 0) - (suspended.start ?? 0));
  });

  it('a window holds the ends that lie in it, its borders included, and no others', async () => {
    const ends = [...new Set(rows.map(({ end }) => end))].sort((a, b) => a - b);
    const middle = ends[Math.floor(ends.length / 2)] ?? 0;
    for (const [from, until] of [
      [ends[0], ends[0]],
      [middle, middle],
      [ends[1], middle],
      [middle + 1, to],
    ] as [number, number][]) {
      const { records } = await collect(bed().connector().accounting.endedJobs({ from, to: until }));
      assert.deepEqual(
        records.map(keyOf).sort(),
        rows
          .filter(({ end }) => end >= from && end <= until)
          .map(keyOf)
          .sort(),
        `${from}-${until}`,
      );
    }
    const { records, slices } = await collect(
      bed()
        .connector()
        .accounting.endedJobs({ from: to + 86_400, to: to + 86_500 }),
    );
    assert.deepEqual([records.length, slices.length > 0], [0, true]);
  });

  it('users and partitions narrow the answer', async () => {
    const { accounting } = bed().connector();
    const ids = async (more: object) =>
      [...new Set((await collect(accounting.endedJobs({ ...window(), ...more }))).records.map(({ jobId }) => jobId))].sort();
    assert.deepEqual(
      await ids({ users: ['root'] }),
      [...new Set(jobs.filter(({ user }) => user === 'root').map(({ jobId }) => jobId))].sort(),
    );
    assert.deepEqual(
      await ids({ partitions: ['gpu'] }),
      [...new Set(jobs.filter(({ partition }) => partition === 'gpu').map(({ jobId }) => jobId))].sort(),
    );
    assert.deepEqual(await ids({ users: [] }), []);
  });

  it('jobs asked for by id are the same records; ids that never were are absent', async () => {
    const wanted = (['completed', 'requeued', 'forged', 'odd'] as const).map((name) => bed().scenario.role(name).jobId);
    const { records, rejects } = await collect(
      bed()
        .connector()
        .accounting.jobsById([...wanted, 999_999]),
    );
    assert.deepEqual(rejects, []);
    const byKey = (a: AccountedJob, b: AccountedJob) => keyOf(a).localeCompare(keyOf(b));
    assert.deepEqual(records.sort(byKey), jobs.filter(({ jobId }) => wanted.includes(jobId)).sort(byKey));
  });

  it('the stored script and environment are those of the job', async () => {
    const { accounting } = bed().connector();
    const { jobId, script } = bed().scenario.role('exclusive');
    assert.deepEqual(await accounting.batchScript(jobId), { kind: 'known', value: script });
    const environment = await accounting.environment(jobId);
    assert.ok(environment.kind === 'known' && environment.value['USER'] === 'alice', JSON.stringify(environment).slice(0, 300));
    assert.equal((await accounting.batchScript(999_999)).kind, 'gone');
  });

  it('usage is what sreport says of the same hours, and no job is left without an end', async () => {
    const { accounting } = bed().connector();
    const hour = Math.floor(to / 3600) * 3600;
    const { records, rejects } = await accounting.usage({ from: hour - 3600, to: hour + 3600 });
    assert.deepEqual(rejects, []);
    const iso = (epoch: number): string => new Date(epoch * 1000).toISOString().slice(0, 19);
    const words = [
      '-n',
      '-P',
      '-t',
      'seconds',
      '-T',
      'cpu',
      'cluster',
      'AccountUtilizationByUser',
      `start=${iso(hour - 3600)}`,
      `end=${iso(hour + 3600)}`,
      'format=account,login,used',
    ];
    const theirs = (await bed().lab.ask('sreport', words, { env: { TZ: 'UTC' } })).split('\n').filter((line) => line !== '');
    const ours = records.map(({ account, user, seconds }) => `${account}|${user}|${seconds['cpu'] ?? 0}`);
    assert.deepEqual(ours.sort(), theirs.map((line) => line.trim()).sort());
    assert.deepEqual(await accounting.runawayJobs(), { records: [], rejects: [] });
  });

  it('slurmctld, which still remembers them, says the same ends; allocations are gone', async () => {
    const { controller } = bed().connector();
    const ids = (['completed', 'failed', 'signalled', 'timeout'] as const).map((name) => bed().scenario.role(name).jobId);
    for (const [jobId, answer] of await controller.jobsById(ids)) {
      if (answer.kind !== 'known') assert.fail(`job ${jobId} is ${answer.kind}`);
      const run = jobs.find((job) => job.jobId === jobId);
      assert.deepEqual([answer.value.state.base, answer.value.start, answer.value.end], [run?.state.base, run?.start, run?.end]);
    }
    for (const [jobId, answer] of await controller.allocations(ids)) {
      assert.ok(
        answer.kind === 'gone' || (answer.kind === 'known' && answer.value.nodes.length === 0),
        `job ${jobId}: ${JSON.stringify(answer)}`,
      );
    }
    assert.deepEqual((await controller.allAllocations()).records, []);
  });
}

/** What ended a run: the state, or the flag of a row that was followed by another of the same job. */
function endOf({ state }: Pick<AccountedJob, 'state'>): string {
  return state.flags.find((flag) => flag === 'RESIZING' || flag === 'REQUEUED') ?? state.base;
}

function keyOf(run: AccountedJob | DatabaseRow): string {
  const state = typeof run.state === 'string' ? run.state : endOf({ state: run.state });
  return `${run.jobId} ${run.submit} ${run.end} ${state}`;
}
