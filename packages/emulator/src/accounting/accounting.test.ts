import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { labSpec } from '../config/lab-spec.ts';
import { SlurmError } from '../model/slurmctld.ts';
import { openStore, type Store } from '../store/store.ts';
import { jobRow } from './accounting.fixture.ts';
import { Accounting } from './accounting.ts';

const root = { uid: 0, gid: 0, user: 'root', group: 'root' };
const bob = { uid: 1002, gid: 1002, user: 'bob', group: 'bob' };

interface Bench {
  readonly accounting: Accounting;
  readonly store: Store;
  now: number;
}

function bench(t: { after(done: () => void): void }, release = '24.11', settings: Readonly<Record<string, string>> = {}): Bench {
  const store = openStore(':memory:');
  t.after(() => store.close());
  const made = { store, now: 1_795_253_870 } as { store: Store; now: number; accounting: Accounting };
  made.accounting = new Accounting({ store, spec: { ...labSpec(release), settings }, now: () => made.now });
  return made;
}

const directory = new URL('recordings/transactions/', import.meta.url);
for (const file of readdirSync(directory)) {
  test(`a new cluster has the transactions of ${file.replace('.txt', '')}`, (t) => {
    const recorded = readFileSync(new URL(file, directory), 'utf8').trimEnd().split('\n').slice(1);
    const { accounting } = bench(t, file.replace('.txt', ''));
    const bare = (text: string): string => text.replace(/mod_time=\d+/, 'mod_time=T').replace(/\b(control_port|last_port)=\d+/g, '$1=P');
    const ours = accounting.transactions().map(({ action, actor, where, info }) => bare(`${action}|${actor}|${where}|${info}`));
    // From 24.11 on the root user's association is written down twice.
    const theirs = [...new Set(recorded.map((line) => bare(line.slice(line.indexOf('|') + 1))))];
    assert.deepEqual(ours, theirs);
  });
}

test('limits and QOS are inherited as sacctmgr shows them', (t) => {
  const { accounting } = bench(t);
  const chem = accounting.associations().find(({ account, user }) => account === 'chem' && user === '') ?? assert.fail();
  accounting.modifyAssociation(
    chem.id,
    { maxJobs: 3, grpJobs: 5, maxTresPerJob: { node: 1 }, qos: { how: '=', names: ['high', 'normal'] }, defaultQos: 'high' },
    root,
  );
  const mine = accounting.association({ user: 'bob', account: 'chem', partition: 'gpu' }) ?? assert.fail();
  assert.deepEqual(
    [mine.maxJobs, mine.grpJobs, mine.maxTresPerJob, mine.qos, mine.defaultQos],
    [3, null, { node: 1 }, ['high', 'normal'], 'high'],
  );
  assert.deepEqual([mine.own.maxJobs, mine.own.qos], [null, []]);
  accounting.modifyAssociation(mine.id, { qos: { how: '-', names: ['high'] }, defaultQos: 'normal', maxTresPerJob: { cpu: 4 } }, root);
  const after = accounting.associationById(mine.id) ?? assert.fail();
  assert.deepEqual([after.qos, after.defaultQos, after.maxTresPerJob], [['normal'], 'normal', { node: 1, cpu: 4 }]);
});

test('who may not is refused, and what is not there is not changed', (t) => {
  const { accounting } = bench(t);
  const denied = (error: unknown) => error instanceof SlurmError && error.number === 2002;
  assert.throws(() => accounting.addAccount({ name: 'x', description: '', organization: '' }, 'root', {}, bob), denied);
  assert.throws(() => accounting.modifyQos('normal', { priority: 3 }, bob), denied);
  assert.equal(accounting.modifyAssociation(999, { grpJobs: 1 }, root), false);
  assert.equal(accounting.removeAccount('nosuch', root), false);
  accounting.modifyUser('bob', { admin: 'Operator' }, root);
  assert.equal(accounting.addAccount({ name: 'x', description: '', organization: '' }, 'root', {}, bob), true);
});

test('usage counts for an association and all above it, makes fairshare, and is taken back', (t) => {
  const made = bench(t, '24.11', { PriorityDecayHalfLife: '0' });
  const { accounting } = made;
  const mine = accounting.association({ user: 'bob', account: 'chem', partition: '' }) ?? assert.fail();
  accounting.startCharge({ key: 'r', associationId: mine.id, qos: 'high', tres: { cpu: 2, billing: 2 }, at: made.now, limitMins: 60 });
  made.now += 600;
  assert.deepEqual(accounting.associationUsageMins(mine.id), { cpu: 20, billing: 20 });
  assert.deepEqual(accounting.qosUsageMins('high'), { cpu: 20, billing: 20 });
  assert.equal(accounting.associationWallMins(mine.parentId), 10);
  const [top] = accounting.shares();
  assert.equal(top?.rawUsage, 1200);
  assert.deepEqual(top?.runMins, { cpu: 100, billing: 100 });
  assert.ok(accounting.fairshareFactor(mine.id) < 0.5);
  accounting.stopCharge('r', made.now);
  accounting.modifyAssociation(mine.id, { rawUsage: 0 }, root);
  assert.deepEqual(
    accounting.shares().map(({ rawUsage }) => rawUsage),
    [0, 0, 0, 0, 0, 0, 0],
  );
});

test('hours that are over are rolled up, and again when a row comes late', (t) => {
  const made = bench(t);
  const { accounting } = made;
  const hour = Math.ceil(made.now / 3600) * 3600;
  made.now = hour + 7200;
  accounting.receive({ kind: 'job', row: jobRow({ submit: hour, eligible: hour, start: hour + 3000, end: hour + 4200 }) });
  const used = () => [...accounting.hourlyUsage(hour, hour + 7200)].map(({ hour: at, seconds }) => [at - hour, seconds['cpu']]);
  assert.deepEqual(used(), [
    [0, 1200],
    [3600, 1200],
  ]);
  accounting.receive({ kind: 'job', row: jobRow({ dbIndex: '2', jobId: 2, submit: hour, eligible: hour, start: hour, end: hour + 100 }) });
  assert.deepEqual(used(), [
    [0, 1400],
    [3600, 1200],
  ]);
  const cluster = accounting.clusterUsage(hour, hour + 3600).find(({ tres }) => tres === 'cpu') ?? assert.fail();
  assert.deepEqual([cluster.allocated, cluster.total], [1400, 96 * 3600]);
});

test('all of it is there after the file was opened again', (t) => {
  const { accounting, store } = bench(t);
  accounting.addQos('long', { priority: 5, maxWallPerJob: 60 }, root);
  accounting.addAccount({ name: 'bio', description: 'b', organization: 'o' }, 'physics', { fairshare: 4 }, root);
  store.flush();
  const again = new Accounting({ store, spec: labSpec('24.11'), now: () => 0 });
  assert.deepEqual(again.associations(), accounting.associations());
  assert.deepEqual(again.qos(), accounting.qos());
  assert.equal(again.transactions().length, accounting.transactions().length);
});

test('what runs without slurmctld knowing has run away', (t) => {
  const store = openStore(':memory:');
  t.after(() => store.close());
  const accounting = new Accounting({ store, spec: labSpec('24.11'), now: () => 5000, isKnown: ({ jobId }) => jobId === 1 });
  for (const jobId of [1, 2])
    accounting.receive({ kind: 'job', row: jobRow({ dbIndex: String(jobId), jobId, state: 'RUNNING', end: null }) });
  assert.deepEqual(
    accounting.runawayJobs().map(({ jobId }) => jobId),
    [2],
  );
  assert.equal(accounting.fixRunawayJobs(root), 1);
  assert.deepEqual(accounting.runawayJobs(), []);
});
