import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity, JobRequest } from '../model/job.ts';
import type { AssociationChanges, QosChange } from '../model/slurmdbd.ts';
import { limitWord } from './limit-words.ts';
import { stillCluster } from './testing/history.ts';
import { alice, bob, root, wrapped } from './testing/lab-cluster.ts';

interface Case {
  readonly title: string;
  readonly qos?: QosChange;
  readonly account?: AssociationChanges;
  readonly user?: AssociationChanges;
  readonly request?: Partial<JobRequest>;
  /** Jobs that start, and the reason of the one behind them. */
  readonly starts: number;
  readonly reason: string;
}

const cases: readonly Case[] = [
  { title: 'jobs of a user in a QOS', qos: { maxJobsPerUser: 2 }, starts: 2, reason: 'QOSMaxJobsPerUserLimit' },
  { title: 'jobs of an account in a QOS', qos: { maxJobsPerAccount: 1 }, starts: 1, reason: 'MaxJobsPerAccount' },
  { title: 'jobs in a QOS', qos: { grpJobs: 3 }, starts: 3, reason: 'QOSGrpJobsLimit' },
  { title: 'CPUs in a QOS', qos: { grpTres: { cpu: 5 } }, starts: 2, reason: 'QOSGrpCpuLimit' },
  { title: 'CPUs of a user', qos: { maxTresPerUser: { cpu: 4 } }, starts: 2, reason: 'QOSMaxCpuPerUserLimit' },
  { title: 'CPUs of a job', qos: { maxTresPerJob: { cpu: 1 } }, starts: 0, reason: 'QOSMaxCpuPerJobLimit' },
  { title: 'time of a job', qos: { maxWallPerJob: 5 }, request: { timeLimit: 10 }, starts: 0, reason: 'QOSMaxWallDurationPerJobLimit' },
  { title: 'the least of a job', qos: { minTresPerJob: { cpu: 8 } }, starts: 0, reason: 'QOSMinCpuNotSatisfied' },
  { title: 'jobs of an association', user: { maxJobs: 2 }, starts: 2, reason: 'AssocMaxJobsLimit' },
  { title: 'jobs of an account', account: { grpJobs: 1 }, starts: 1, reason: 'AssocGrpJobsLimit' },
  { title: 'nodes of an account', account: { grpTres: { node: 2 } }, starts: 2, reason: 'AssocGrpNodeLimit' },
  {
    title: 'devices of an account',
    account: { grpTres: { 'gres/gpu': 3 } },
    request: { partitions: ['gpu'], gresPerNode: 'gpu:2' },
    starts: 1,
    reason: 'AssocGrpGRES',
  },
  {
    title: 'minutes that may run',
    account: { grpTresRunMins: { cpu: 45 } },
    request: { timeLimit: 10 },
    starts: 2,
    reason: 'AssocGrpCPURunMinutesLimit',
  },
  { title: 'a QOS outdoes an association', qos: { maxJobsPerUser: 3 }, user: { maxJobs: 1 }, starts: 3, reason: 'QOSMaxJobsPerUserLimit' },
];

function submit(slurm: EmulatedSlurm, request: Partial<JobRequest> = {}, who: Identity = alice): number {
  return slurm.controller.submit([wrapped('sleep 500', { tasks: 1, ...request })], who).jobId;
}

/** Sets limits of the QOS normal, of the account physics, and of alice within it. */
function limit(slurm: EmulatedSlurm, { qos, account, user }: Pick<Case, 'qos' | 'account' | 'user'>): void {
  const { database } = slurm;
  if (qos !== undefined) database.modifyQos('normal', qos, root);
  for (const [name, changes] of [
    ['', account],
    ['alice', user],
  ] as const) {
    const association = database.associations().find((each) => each.account === 'physics' && each.user === name);
    if (changes !== undefined && association !== undefined) database.modifyAssociation(association.id, changes, root);
  }
}

for (const each of cases) {
  test(`limit: ${each.title}`, async (t) => {
    const slurm = stillCluster();
    t.after(() => slurm.close());
    limit(slurm, each);
    const ids = Array.from({ length: each.starts + 1 }, () => submit(slurm, each.request));
    slurm.time.advance(10);
    const jobs = ids.map((id) => slurm.controller.job(id));
    assert.equal(jobs.filter((job) => job?.state === 'RUNNING').length, each.starts);
    assert.equal(jobs.at(-1)?.reason, each.reason);
    // Others are not held up by it.
    const other = submit(slurm, { ...each.request, qos: 'normal', timeLimit: 3 }, bob);
    slurm.time.advance(10);
    if (each.qos === undefined) assert.equal(slurm.controller.job(other)?.state, 'RUNNING');
    if (each.starts === 0) return;
    slurm.time.advance(1200);
    assert.notEqual(slurm.controller.job(ids.at(-1) ?? 0)?.state, 'PENDING');
  });
}

test('minutes that are used up hold jobs back until they have decayed', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  limit(slurm, { account: { grpTresMins: { cpu: 100 } } });
  slurm.injectUsage({ account: 'physics', user: 'alice', seconds: { cpu: 120 * 60 } });
  const id = submit(slurm);
  slurm.time.advance(10);
  assert.equal(slurm.controller.job(id)?.reason, 'AssocGrpCPUMinutesLimit');
  slurm.time.advance(3 * 86_400);
  assert.equal(slurm.controller.job(id), undefined);
});

test('too many submitted jobs are refused', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  limit(slurm, { user: { maxSubmitJobs: 3 }, qos: { flags: { how: '=', names: ['DenyOnLimit'] }, maxTresPerJob: { cpu: 4 } } });
  const refused = { number: 2050, message: "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" };
  submit(slurm);
  assert.throws(() => submit(slurm, { array: '1-3' }), refused);
  assert.throws(() => submit(slurm, { tasks: 6 }), refused);
  const second = submit(slurm, { array: '1-2' });
  assert.throws(() => submit(slurm), refused);
  slurm.controller.signal(`${second}_2`, null, { batchOnly: false, full: false }, alice);
  submit(slurm);
});

test('jobs whose association or QOS is taken away wait', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const held = submit(slurm, { hold: true });
  const high = submit(slurm, { hold: true, qos: 'normal', account: 'chem' }, bob);
  slurm.database.removeAccount('chem', root);
  slurm.controller.release(`${high}`, root);
  slurm.database.removeQos('normal', root);
  slurm.controller.release(`${held}`, root);
  slurm.time.advance(2);
  assert.deepEqual([slurm.controller.job(held)?.reason, slurm.controller.job(high)?.reason], ['InvalidQOS', 'InvalidAccount']);
});

test('limits have the words that Slurm has for them', () => {
  assert.equal(limitWord('QOS', 'grpMins', 'mem'), 'QOSGrpMemoryMinutes');
  assert.equal(limitWord('Assoc', 'grpMins', 'mem'), 'AssocGrpMemMinutes');
  assert.equal(limitWord('Assoc', 'grpMins', 'gres/gpu'), 'AssocGrpGRESMinutes');
  assert.equal(limitWord('QOS', 'perUser', 'gres/gpu:a100'), 'QOSMaxGRESPerUser');
  assert.equal(limitWord('QOS', 'perAccount', 'mem'), 'MaxMemoryPerAccount');
  assert.equal(limitWord('Assoc', 'grp', 'billing'), 'AssocGrpBilling');
});

test('a limit that is raised lets jobs begin at the next look', (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  limit(slurm, { user: { maxJobs: 1 } });
  const ids = [submit(slurm), submit(slurm)];
  slurm.time.advance(5);
  const states = () => ids.map((id) => slurm.controller.job(id)?.state);
  assert.deepEqual(states(), ['RUNNING', 'PENDING']);
  limit(slurm, { user: { maxJobs: 2 } });
  slurm.time.advance(2);
  assert.deepEqual(states(), ['RUNNING', 'RUNNING']);
});

test('a job whose association has lost its QOS waits until it has it again; one that runs goes on', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller, database } = slurm;
  const ofAlice = database.associations().find(({ account, user }) => account === 'physics' && user === 'alice')?.id ?? 0;
  const high = (how: '+' | '-') => database.modifyAssociation(ofAlice, { qos: { how, names: ['high'] } }, root);
  high('+');
  const running = submit(slurm, { qos: 'high' });
  slurm.time.advance(5);
  const waiting = submit(slurm, { qos: 'high' });
  high('-');
  slurm.time.advance(5);
  assert.deepEqual([controller.job(waiting)?.reason, controller.job(running)?.state], ['InvalidQOS', 'RUNNING']);
  assert.throws(() => submit(slurm, { qos: 'high' }), { number: 2066 });
  high('+');
  slurm.time.advance(300);
  assert.equal(controller.job(waiting)?.state, 'RUNNING');
});

test('what runs on minutes that are used up has met its time limit, and what waits for them waits', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller, database } = slurm;
  const physics = database.associations().find(({ account, user }) => account === 'physics' && user === '')?.id ?? 0;
  database.modifyAssociation(physics, { grpTresMins: { cpu: 30 } }, root);
  const request = { tasks: 4, timeLimit: 600, play: { kind: 'simulated', seconds: 30_000, exit: { code: 0, signal: 0 } } } as const;
  const running = submit(slurm, request);
  const other = submit(slurm, { ...request, account: 'chem' }, bob);
  slurm.time.advance(300);
  assert.equal(controller.job(running)?.state, 'RUNNING');
  // Four CPUs use 30 minutes in less than eight; usage is calculated every five.
  slurm.time.advance(500);
  const { state, reason, exit, end, start } = controller.job(running) ?? {};
  assert.deepEqual([state, reason, exit], ['TIMEOUT', 'TimeLimit', { code: 0, signal: 15 }]);
  assert.ok(Number(end) - Number(start) <= 660, `${end} ${start}`);
  const waiting = submit(slurm, request);
  slurm.time.advance(5);
  assert.deepEqual([controller.job(waiting)?.state, controller.job(waiting)?.reason], ['PENDING', 'AssocGrpCPUMinutesLimit']);
  assert.equal(controller.job(other)?.state, 'RUNNING');
  // A limit that is set while a job runs holds for it, too.
  database.modifyQos('normal', { grpTresMins: { cpu: 1 } }, root);
  slurm.time.advance(60);
  assert.equal(controller.job(other)?.state, 'TIMEOUT');
});
