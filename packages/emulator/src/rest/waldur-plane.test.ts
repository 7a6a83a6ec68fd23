import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, type Rest, withRest } from './slurmrestd.fixture.ts';

/** What an allocations manager sends over slurmrestd, in two dialects; the second is that of the peer's emulator. */
const planes = [
  { release: '25.05', version: 'v0.0.43', moreDialects: [] },
  { release: '26.05', version: 'v0.0.46', moreDialects: [46] },
];

for (const { release, version, moreDialects } of planes) {
  describe(`accounts, members and limits over ${version}`, () => {
    const run = (use: (rest: Rest) => Promise<void>) => withRest(release, use, { moreDialects });
    const condition = { clusters: ['labcluster'] };
    const account = (name: string, parent?: string) => ({
      association_condition: { ...condition, accounts: [name], ...(parent === undefined ? {} : { association: { parent } }) },
      account: { description: `about ${name}`, organization: parent ?? name },
    });
    const member = (user: string, name: string, more: object = {}) => ({
      association_condition: { ...condition, users: [user], accounts: [name], association: { fairshare: 2_147_483_647, ...more } },
      user: { default: { account: name } },
    });
    const rows = (name: string, user = '') => `/slurmdb/${version}/associations/?account=${name}&user=${user}&cluster=labcluster`;

    test('an account is made under its parent, found, listed and taken away', () =>
      run(async ({ ask }) => {
        assert.equal((await ask('POST', `/slurmdb/${version}/accounts_association/`, account('hpc'))).status, 200);
        const made = await ask('POST', `/slurmdb/${version}/accounts_association/`, account('hpc_a', 'hpc'));
        assert.match(`${at(made.json, 'added_accounts')}`, /hpc_a/);
        const found = await ask('GET', `/slurmdb/${version}/account/hpc_a`);
        assert.deepEqual(
          [at(found.json, 'accounts', 0, 'description'), at(found.json, 'accounts', 0, 'organization')],
          ['about hpc_a', 'hpc'],
        );
        const own = await ask('GET', rows('hpc_a'));
        assert.equal(at(own.json, 'associations', 0, 'parent_account'), 'hpc');
        assert.equal((await ask('POST', `/slurmdb/${version}/accounts_association/`, account('hpc_a', 'hpc'))).status, 304);
        const gone = await ask('DELETE', `/slurmdb/${version}/account/hpc_a`);
        assert.deepEqual(at(gone.json, 'removed_accounts'), ['hpc_a']);
        const after = await ask('GET', `/slurmdb/${version}/account/hpc_a`);
        assert.deepEqual([after.status, at(after.json, 'accounts', 'length')], [200, 0]);
      }));

    test('limits are merged at their path, and -1 takes one away', () =>
      run(async ({ ask }) => {
        await ask('POST', `/slurmdb/${version}/accounts_association/`, account('hpc_b'));
        const post = (fields: object) =>
          ask('POST', `/slurmdb/${version}/associations/`, {
            associations: [{ account: 'hpc_b', cluster: 'labcluster', user: '', ...fields }],
          });
        const minutes = (...list: readonly object[]) => post({ max: { tres: { group: { minutes: list } } } });
        await minutes({ type: 'cpu', count: 60_000 }, { type: 'mem', count: 61_440 });
        await minutes({ type: 'cpu', count: 120_000 }, { type: 'gres', name: 'gpu', count: 600 });
        const limits = async () => {
          const { json } = await ask('GET', rows('hpc_b'));
          const list = at(json, 'associations', 0, 'max', 'tres', 'group', 'minutes') as readonly Record<string, unknown>[];
          return Object.fromEntries(list.map(({ type, name, count }) => [name === '' ? type : `${type}/${name}`, count]));
        };
        assert.deepEqual(await limits(), { cpu: 120_000, mem: 61_440, 'gres/gpu': 600 });
        await minutes({ type: 'mem', count: -1 });
        assert.deepEqual(await limits(), { cpu: 120_000, 'gres/gpu': 600 });
        await post({ shares_raw: 7, max: { jobs: { per: { submitted: 0 } } } });
        const { json } = await ask('GET', rows('hpc_b'));
        assert.equal(at(json, 'associations', 0, 'shares_raw'), 7);
        assert.deepEqual(at(json, 'associations', 0, 'max', 'jobs', 'per', 'submitted'), { set: true, infinite: false, number: 0 });
        await post({ max: { jobs: { per: { submitted: { set: false, infinite: true, number: 0 } } } } });
        const freed = await ask('GET', rows('hpc_b'));
        assert.equal(at(freed.json, 'associations', 0, 'max', 'jobs', 'per', 'submitted', 'infinite'), true);
      }));

    test('members come with their QOS and go again', () =>
      run(async ({ ask }) => {
        await ask('POST', `/slurmdb/${version}/accounts_association/`, account('hpc_c'));
        const qos = {
          name: 'boost',
          flags: ['DENY_LIMIT'],
          limits: { max: { jobs: { per: { user: 5 } }, wall_clock: { per: { job: 43_200 } } } },
        };
        assert.equal((await ask('POST', `/slurmdb/${version}/qos/`, { qos: [qos] })).status, 200);
        const shown = await ask('GET', `/slurmdb/${version}/qos/boost`);
        assert.deepEqual(at(shown.json, 'qos', 0, 'flags'), ['DENY_LIMIT']);
        assert.equal(at(shown.json, 'qos', 0, 'limits', 'max', 'wall_clock', 'per', 'job', 'number'), 43_200);
        const grant = member('bob', 'hpc_c', { qoslevel: 'normal,boost', defaultqos: 'boost' });
        assert.equal((await ask('POST', `/slurmdb/${version}/users_association/`, grant)).status, 200);
        const { json } = await ask('GET', rows('hpc_c', 'bob'));
        assert.deepEqual(at(json, 'associations', 0, 'qos'), ['normal', 'boost']);
        assert.equal(at(json, 'associations', 0, 'default', 'qos'), 'boost');
        assert.equal(at(json, 'associations', 0, 'shares_raw'), 2_147_483_647);
        const gone = await ask('DELETE', rows('hpc_c', 'bob,nobody'));
        assert.deepEqual(at(gone.json, 'removed_associations', 'length'), 1);
        assert.equal((await ask('DELETE', rows('hpc_c', 'bob'))).status, 304);
        assert.deepEqual(at((await ask('DELETE', `/slurmdb/${version}/qos/boost`)).json, 'removed_qos'), ['boost']);
      }));

    test('jobs of an account are found among all and cancelled one by one', () =>
      run(async ({ ask, token }) => {
        const as = (user: string) => ({ 'X-SLURM-USER-NAME': user, 'X-SLURM-USER-TOKEN': token(user) });
        const job = { script: '#!/bin/sh\nsleep 60\n', environment: ['A=b'], current_working_directory: '/tmp' };
        await ask('POST', `/slurm/${version}/job/submit`, { job: { ...job, account: 'chem' } }, as('bob'));
        await ask('POST', `/slurm/${version}/job/submit`, { job: { ...job, account: 'physics' } }, as('alice'));
        const { json } = await ask('GET', `/slurm/${version}/jobs/?account=chem&users=bob`);
        assert.equal(at(json, 'jobs', 'length'), 2);
        assert.match(`${at(json, 'warnings', 0, 'description')}`, /Ignoring unknown field "account"/);
        assert.deepEqual(at((await ask('DELETE', `/slurm/${version}/job/1`)).json, 'status'), []);
        const after = await ask('GET', `/slurm/${version}/job/1`);
        assert.deepEqual(at(after.json, 'jobs', 0, 'job_state', 0), 'CANCELLED');
      }));
  });
}
