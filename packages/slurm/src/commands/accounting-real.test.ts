import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRecording, replayProcesses, systemClock } from '@sluice/io';
import { type AccountingScenario, askAccounting, askAdmin } from '../../test/accounting-questions.ts';
import { hostileTexts } from '../../test/hostile-texts.ts';
import type { AccountedJob, Limits } from '../records.ts';

/** Releases whose real daemons were asked our very questions (test/record-accounting.ts). */
const asked = ['22.05', '24.11', '26.05'] as const;

function recording(release: string, file: string): URL {
  return new URL(`../../recordings/accounting/${release}/${file}`, import.meta.url);
}

async function answers(release: string) {
  const scenario = JSON.parse(readFileSync(recording(release, 'scenario.json'), 'utf8')) as AccountingScenario;
  const processes = replayProcesses(readRecording(recording(release, 'questions.json.gz')), { chunkBytes: 997 });
  return { scenario, ...(await askAccounting(processes, systemClock(), scenario)) };
}

/** What slurmdbd makes of a text (latin1: a character is a byte): quotes of names become `` ` ``, bytes that are not UTF-8 `?`. */
function stored(bytes: string, quotes: 'kept' | 'turned'): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8').replaceAll('\ufffd', '?');
  return quotes === 'kept' ? text : text.replace(/["']/g, (quote) => (quote === '"' ? '`' : quote));
}

const unlimited: Limits = {
  ...{ grpTres: {}, grpTresMins: {}, grpTresRunMins: {}, maxTresPerJob: {}, maxTresPerNode: {}, maxTresMinsPerJob: {} },
  ...{ grpJobs: null, grpSubmitJobs: null, maxJobs: null, maxSubmitJobs: null, grpWall: null, maxWallPerJob: null },
};

for (const release of asked) {
  test(`${release}: ended jobs are those of the scenario, each once, none forged`, async () => {
    const { ended, scenario, byId, bobs } = await answers(release);
    const { roles, from, to } = scenario;
    assert.deepEqual(ended.rejects, []);
    // The array became two tasks that ran and the rest; the het job has two components.
    const ids = [...Object.values(roles), 10, 11, (roles['het'] ?? 0) + 1];
    assert.deepEqual(
      ended.jobs.map(({ jobId }) => jobId).sort((a, b) => a - b),
      ids.sort((a, b) => a - b),
    );
    const sorted = (jobs: readonly AccountedJob[]) => [...jobs].sort((a, b) => a.jobId - b.jobId);
    assert.deepEqual(sorted(byId.jobs), sorted(ended.jobs));
    assert.deepEqual(ended.slices, [{ kind: 'slice', from, to, rows: ids.length, rejected: 0 }]);
    const his = ended.jobs.filter(({ user, partition }) => user === 'bob' && ['cpu', 'gpu'].includes(partition));
    assert.deepEqual(sorted(bobs.jobs), sorted(his));
  });

  test(`${release}: names, comments and paths that look like Slurm's output stay what they are`, async () => {
    const { ended, scenario } = await answers(release);
    for (const [role, texts] of Object.entries(hostileTexts)) {
      const { name, comment = '', directory } = texts(scenario.roles['plain'] ?? 0);
      const job = ended.jobs.find(({ jobId }) => jobId === scenario.roles[role]);
      assert.ok(job, role);
      // job_name is a tinytext: 255 characters.
      assert.equal(job.name, stored(name, 'turned').slice(0, 255), role);
      assert.equal(job.comment, stored(comment, 'kept'), role);
      if (directory !== undefined) assert.ok(job.workDir.endsWith(`/${stored(directory, 'turned')}`), job.workDir);
      const { user, account, partition, qos, nodes, state, array, het, adminComment } = job;
      assert.deepEqual([user, account, partition, qos, nodes, state.base], ['bob', 'chem', 'cpu', 'normal', 'node03', 'CANCELLED'], role);
      assert.deepEqual([array, het, adminComment, job.allocated], [null, null, '', { billing: 2, cpu: 2, mem: 2000, node: 1 }], role);
    }
    const plain = ended.jobs.find(({ jobId }) => jobId === scenario.roles['plain']);
    assert.deepEqual([plain?.user, plain?.name, plain?.adminComment], ['alice', 'plain', 'admin "x"\nJobId=1 JobName=']);
  });

  test(`${release}: what never ran has no start, whenever it was cancelled`, async () => {
    const { ended, scenario } = await answers(release);
    const of = (role: string) => ended.jobs.find(({ jobId }) => jobId === scenario.roles[role]);
    for (const role of ['held', 'dependent', 'begin', 'two_partitions', 'cancelled_pending', 'array']) {
      assert.deepEqual([of(role)?.state.base, of(role)?.start, of(role)?.nodes], ['CANCELLED', null, ''], role);
    }
    assert.deepEqual(of('array')?.array, { jobId: scenario.roles['array'], taskId: null, pending: '7,9%2' });
    assert.deepEqual(of('het')?.het, { jobId: scenario.roles['het'], offset: 0 });
    assert.deepEqual(of('signalled')?.exitCode, { code: 0, signal: 11 });
  });

  test(`${release}: accounts, users, associations, QOS, TRES, clusters, privileges and offers`, async () => {
    const { offers, privileges, accounts, users, associations, ofAlice, qos, tres, clusters, runaway, usage } = await answers(release);
    assert.equal(offers.release.text.startsWith(release), true);
    assert.deepEqual([offers.missing, offers.restarts], Number(release) < 24.11 ? [['restarts'], false] : [[], true]);
    assert.deepEqual([offers.batchScript, offers.environment], [true, true]);
    const none = { controller: [], accounting: [] };
    const facts = { user: 'root', adminLevel: 'Administrator', coordinates: [], privateData: none, maxQueryTimeRange: null };
    assert.deepEqual(privileges, facts);
    assert.deepEqual(accounts.records, [
      { name: 'chem', description: 'chem', organization: 'lab' },
      { name: 'physics', description: 'physics', organization: 'lab' },
      { name: 'root', description: 'default root account', organization: 'root' },
    ]);
    assert.deepEqual(users.records, [
      { name: 'alice', defaultAccount: 'physics', adminLevel: 'None' },
      { name: 'bob', defaultAccount: 'chem', adminLevel: 'None' },
      { name: 'root', defaultAccount: 'root', adminLevel: 'Administrator' },
    ]);
    const names = associations.records.map(({ account, user, fairshare }) => `${account}/${user} ${fairshare}`);
    assert.deepEqual(names, ['root/ 1', 'root/root 1', 'chem/ 10', 'chem/alice 1', 'chem/bob 1', 'physics/ 10', 'physics/alice 1']);
    const alice = { cluster: 'labcluster', account: 'physics', user: 'alice', partition: '', parent: '', fairshare: 1, defaultQos: '' };
    assert.deepEqual(
      ofAlice.records.map((association) => ({ ...association, id: 0 })),
      [{ id: 0, ...alice, qos: ['high', 'normal'], ...unlimited }],
    );
    assert.deepEqual(
      qos.records.map(({ name, priority, description }) => [name, priority, description]),
      [
        ['normal', 0, 'Normal QOS default'],
        ['high', 100, 'high'],
      ],
    );
    assert.deepEqual(tres.records.slice(0, 2), [
      { id: 1, type: 'cpu', name: '' },
      { id: 2, type: 'mem', name: '' },
    ]);
    assert.ok(tres.records.some(({ id, type, name }) => id === 1002 && type === 'gres' && name === 'gpu:a100'));
    assert.deepEqual([clusters.records[0]?.name, clusters.records[0]?.controlHost], ['labcluster', '127.0.0.1']);
    assert.deepEqual([runaway.records, usage.records], [[], []]);
    for (const { rejects } of [accounts, users, associations, qos, tres, clusters, runaway]) assert.deepEqual(rejects, []);
  });

  test(`${release}: a batch script byte for byte, and one that is not there`, async () => {
    const { script, noScript, ping, shares } = await answers(release);
    assert.deepEqual(script, { kind: 'known', value: '#!/bin/sh\n# This script was created by sbatch --wrap.\n\nexit 0\n' });
    assert.deepEqual(noScript, { kind: 'gone' });
    assert.equal(ping.up, true);
    const found = shares.records.map(({ account, user, rawShares }) => `${account}/${user} ${rawShares}`);
    assert.deepEqual(found, ['root/ 0', 'root/root 1', 'chem/ 10', 'chem/alice 1', 'chem/bob 1', 'physics/ 10', 'physics/alice 1']);
  });

  test(`${release}: writes end the same way and read back as written`, async () => {
    const { limits, qos, description, ...outcomes } = await askAdmin(
      replayProcesses(readRecording(recording(release, 'admin.json.gz'))),
      systemClock(),
    );
    const bio = { id: 0, cluster: 'labcluster', account: 'bio', user: '', partition: '', parent: 'physics', fairshare: 7 };
    assert.deepEqual(JSON.parse(limits ?? ''), {
      ...bio,
      ...{ qos: ['high', 'normal'], defaultQos: 'normal', grpTres: { cpu: 10, mem: 5000, 'gres/gpu': 2 }, grpTresMins: { cpu: 600 } },
      ...{ grpTresRunMins: { cpu: 5 }, maxTresPerJob: { node: 1 }, maxTresPerNode: {}, maxTresMinsPerJob: { cpu: 7 }, grpJobs: 5 },
      ...{ grpSubmitJobs: 6, maxJobs: 3, maxSubmitJobs: 4, maxWallPerJob: 90, grpWall: 1000 },
    });
    assert.deepEqual(JSON.parse(outcomes['no limits'] ?? ''), { ...bio, qos: ['normal'], defaultQos: '', ...unlimited });
    const gold = {
      ...{ name: 'gold', priority: 5, preempt: [], usageFactor: 1.5, description: 'the best', ...unlimited },
      ...{
        maxTresPerAccount: { cpu: 5 },
        maxSubmitJobsPerUser: 8,
        grpTres: { cpu: 9 },
        grpTresMins: { cpu: 99 },
        maxTresPerJob: { cpu: 3 },
      },
    };
    const flags = ['DenyOnLimit', 'NoDecay'];
    assert.deepEqual(JSON.parse(qos ?? ''), { ...gold, flags, maxTresPerUser: { cpu: 4 }, maxJobsPerUser: 3, maxWallPerJob: 60 });
    assert.deepEqual(JSON.parse(outcomes['modified qos'] ?? ''), { ...gold, flags: [], maxTresPerUser: {}, maxJobsPerUser: null });
    assert.equal(description, 'a, b = c; $x | y `z`');
    const others = Object.entries(outcomes).filter(([name]) => !['no limits', 'modified qos'].includes(name));
    assert.deepEqual(Object.fromEntries(others), expectedOutcomes);
  });
}

const expectedOutcomes = {
  addAccount: 'changed',
  'addAccount again': 'unchanged',
  'addAccount below nothing': 'slurm.unknown',
  modifyAccount: 'changed',
  'modifyAccount unknown': 'slurm.unknown',
  addUser: 'changed',
  'addUser again': 'unchanged',
  'addUser to nothing': 'slurm.unknown',
  setDefaultAccount: 'changed',
  'setDefaultAccount to a foreign one': 'slurm.refused',
  setLimits: 'changed',
  clearLimits: 'changed',
  'setLimits of a user': 'changed',
  'setLimits of nobody': 'slurm.unknown',
  'setLimits of no resource': 'slurm.refused',
  'setLimits with no QOS': 'slurm.refused',
  resetRawUsage: 'changed',
  'resetRawUsage of a user': 'changed',
  addQos: 'changed',
  'addQos again': 'unchanged',
  modifyQos: 'changed',
  'modifyQos unknown': 'slurm.unknown',
  removeUser: 'changed',
  'removeUser again': 'unchanged',
  removeQos: 'changed',
  'removeQos again': 'unchanged',
  removeAccount: 'changed',
  'removeAccount again': 'unchanged',
};
