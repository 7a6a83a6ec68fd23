import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isCode } from '@sluice/io';
import type { Bed } from './bed.ts';
import { slurmSays } from './slurm-says.ts';

/** Accounts, users, associations, QOS, limits, fairshare and usage by plans, each verified by sacctmgr or sshare. */
export function adminWriteCases(bed: () => Bed): void {
  const admin = () => bed().connector().accountingAdmin;
  const managed = (...words: readonly string[]) => slurmSays(bed().lab).managed(...words);
  const association = (fields: string, where: string) => managed('show', 'assoc', where, `format=${fields}`);

  it('an account is added once, changed, and a plan says what it would do before it does', async () => {
    const account = { name: 'sluice_a', description: 'a "quoted" d|escription', organization: "o'rg" };
    const plan = admin().addAccount(account, { parent: 'physics' });
    assert.match(plan.text, /sacctmgr/);
    assert.deepEqual(await managed('show', 'account', 'sluice_a', 'format=account'), []);
    assert.equal(await plan.run(), 'changed');
    assert.equal(await admin().addAccount(account, { parent: 'physics' }).run(), 'unchanged');
    assert.deepEqual(await association('account,parentname', 'account=sluice_a'), ['sluice_a|physics']);
    const read = (await bed().connector().accounting.accounts()).records.find(({ name }) => name === 'sluice_a');
    assert.deepEqual(await managed('show', 'account', 'sluice_a', 'format=descr'), [read?.description]);
    assert.deepEqual(await managed('show', 'account', 'sluice_a', 'format=org'), [read?.organization]);

    assert.equal(await admin().modifyAccount('sluice_a', { description: 'plain', parent: 'chem' }).run(), 'changed');
    assert.deepEqual(await managed('show', 'account', 'sluice_a', 'format=descr'), ['plain']);
    assert.deepEqual(await association('account,parentname', 'account=sluice_a'), ['sluice_a|chem']);
  });

  it('a user is added to accounts, gets a default account, and adding again changes nothing', async () => {
    await admin().addAccount({ name: 'sluice_b', description: 'b', organization: 'lab' }).run();
    assert.equal(await admin().addUser('bob', { account: 'sluice_a' }).run(), 'changed');
    assert.equal(await admin().addUser('bob', { account: 'sluice_a' }).run(), 'unchanged');
    assert.equal(await admin().addUser('bob', { account: 'sluice_b' }).run(), 'changed');
    const accounts = await association('account', 'user=bob');
    assert.deepEqual([...accounts].sort(), ['chem', 'sluice_a', 'sluice_b']);
    assert.equal(await admin().setDefaultAccount('bob', 'sluice_b').run(), 'changed');
    assert.deepEqual(await managed('show', 'user', 'bob', 'format=defaultaccount'), ['sluice_b']);
    assert.equal(await admin().setDefaultAccount('bob', 'chem').run(), 'changed');
  });

  it('limits are set and taken away, of accounts and of users, and read back the same', async () => {
    const account = { account: 'sluice_a' };
    const limits = {
      fairshare: 17,
      grpTres: { cpu: 10, 'gres/gpu': 2 },
      grpTresMins: { cpu: 1000 },
      maxTresPerJob: { node: 3 },
      grpJobs: 5,
      grpSubmitJobs: 50,
      maxWallPerJob: 120,
      grpWall: 6000,
    };
    assert.equal(await admin().setLimits(account, limits).run(), 'changed');
    const fields = 'share,grptres,grptresmins,maxtres,grpjobs,grpsubmit,maxwall,grpwall';
    const [row = ''] = (await managed('show', 'assoc', 'account=sluice_a', `format=user,${fields}`)).filter((line) => line.startsWith('|'));
    assert.equal(row, '|17|cpu=10,gres/gpu=2|cpu=1000|node=3|5|50|02:00:00|4-04:00:00');
    const read = (
      await bed()
        .connector()
        .accounting.associations({ accounts: ['sluice_a'] })
    ).records.find(({ user }) => user === '');
    const { fairshare, grpTres, grpTresMins, maxTresPerJob, grpJobs, grpSubmitJobs, maxWallPerJob, grpWall } = read ?? assert.fail();
    assert.deepEqual({ fairshare, grpTres, grpTresMins, maxTresPerJob, grpJobs, grpSubmitJobs, maxWallPerJob, grpWall }, limits);

    assert.equal(
      await admin()
        .setLimits(account, { grpTres: { cpu: null }, grpTresMins: { cpu: null }, grpJobs: null, grpWall: null, maxWallPerJob: null })
        .run(),
      'changed',
    );
    const [after = ''] = (await managed('show', 'assoc', 'account=sluice_a', `format=user,${fields}`)).filter((line) =>
      line.startsWith('|'),
    );
    assert.equal(after, '|17|gres/gpu=2||node=3||50||');

    const user = { account: 'sluice_a', user: 'bob' };
    assert.equal(
      await admin()
        .setLimits(user, { fairshare: 'parent', maxJobs: 2, qos: ['normal', 'high'] })
        .run(),
      'changed',
    );
    assert.deepEqual(await managed('show', 'assoc', 'account=sluice_a', 'user=bob', 'format=share,maxjobs,qos'), ['parent|2|high,normal']);
    assert.equal(await admin().setLimits(user, { defaultQos: 'high' }).run(), 'changed');
    assert.deepEqual(await managed('show', 'assoc', 'account=sluice_a', 'user=bob', 'format=defaultqos'), ['high']);
  });

  it('a QOS is added, changed, and removed', async () => {
    assert.equal(
      await admin()
        .addQos('sluice_q', { priority: 7, maxTresPerUser: { cpu: 8 }, maxWallPerJob: 90, flags: ['DenyOnLimit'] })
        .run(),
      'changed',
    );
    assert.equal(await admin().addQos('sluice_q').run(), 'unchanged');
    const fields = 'format=name,priority,maxtrespu,maxwall,flags,maxjobspu,usagefactor';
    assert.deepEqual(await managed('show', 'qos', 'sluice_q', fields), ['sluice_q|7|cpu=8|01:30:00|DenyOnLimit||1.000000']);
    assert.equal(
      await admin()
        .modifyQos('sluice_q', { maxTresPerUser: { cpu: null }, maxWallPerJob: null, maxJobsPerUser: 3, usageFactor: 0.5 })
        .run(),
      'changed',
    );
    assert.deepEqual(await managed('show', 'qos', 'sluice_q', fields), ['sluice_q|7|||DenyOnLimit|3|0.500000']);
    const read = (await bed().connector().accounting.qos()).records.find(({ name }) => name === 'sluice_q');
    assert.deepEqual([read?.priority, read?.usageFactor, read?.maxJobsPerUser, read?.maxTresPerUser], [7, 0.5, 3, {}]);
    assert.equal(await admin().removeQos('sluice_q').run(), 'changed');
    assert.equal(await admin().removeQos('sluice_q').run(), 'unchanged');
    assert.deepEqual(await managed('show', 'qos', 'sluice_q'), []);
  });

  it('raw usage is set back to zero', async () => {
    const usage = async (): Promise<number> =>
      Number(
        await bed()
          .lab.ask('sshare', ['-n', '-P', '-A', 'physics', '-u', 'alice', '-o', 'RawUsage'])
          .then((text) => text.split('\n').at(-1)),
      );
    const ours = async () =>
      (await bed().connector().accounting.shares()).records.find(({ account, user }) => account === 'physics' && user === 'alice')
        ?.rawUsage ?? 0;
    const before = await usage();
    assert.ok(Math.abs((await ours()) - before) <= Math.max(60, before), `${await ours()} and ${before}`);
    assert.equal(await admin().resetRawUsage({ account: 'physics', user: 'alice' }).run(), 'changed');
    const after = await usage();
    // Jobs run on and are charged every few seconds.
    assert.ok(after < Math.max(before, 60) || before === 0, `${before}, then ${after}`);
  });

  it('users and accounts are removed, and removing again changes nothing', async () => {
    assert.equal(await admin().removeUser('bob', { account: 'sluice_b' }).run(), 'changed');
    assert.equal(await admin().removeUser('bob', { account: 'sluice_b' }).run(), 'unchanged');
    assert.deepEqual([...(await association('account', 'user=bob'))].sort(), ['chem', 'sluice_a']);
    assert.equal(await admin().removeUser('bob', { account: 'sluice_a' }).run(), 'changed');
    for (const name of ['sluice_a', 'sluice_b']) {
      assert.equal(await admin().removeAccount(name).run(), 'changed', name);
      assert.equal(await admin().removeAccount(name).run(), 'unchanged', name);
    }
    assert.deepEqual(await association('account', 'account=sluice_a,sluice_b'), []);
    assert.deepEqual(await managed('show', 'user', 'bob', 'format=user,defaultaccount'), ['bob|chem']);
  });

  it('bob may change nothing of it', async () => {
    const { accountingAdmin } = bed().connector('bob');
    const plans = [
      accountingAdmin.addAccount({ name: 'sluice_c', description: 'c', organization: 'lab' }),
      accountingAdmin.setLimits({ account: 'chem', user: 'bob' }, { fairshare: 1000 }),
      accountingAdmin.addQos('sluice_r'),
      accountingAdmin.removeUser('alice', { account: 'chem' }),
      accountingAdmin.resetRawUsage({ account: 'chem', user: 'bob' }),
    ];
    // 22.05 says of some that nothing was affected "or your user doesn't have privilege".
    for (const plan of plans)
      await assert.rejects(plan.run(), (error) => isCode(error, 'slurm.denied', 'slurm.refused', 'slurm.unknown'), plan.text);
    assert.deepEqual(await managed('show', 'account', 'sluice_c', 'format=account'), []);
    assert.deepEqual([...(await association('account,share', 'user=alice'))].sort(), ['chem|1', 'physics|1']);
  });

  it('what does not exist is not changed in silence', async () => {
    await assert.rejects(admin().setLimits({ account: 'nosuch' }, { grpJobs: 1 }).run(), (error) =>
      isCode(error, 'slurm.unknown', 'slurm.refused'),
    );
    await assert.rejects(admin().addUser('bob', { account: 'nosuch' }).run(), (error) => isCode(error, 'slurm.unknown', 'slurm.refused'));
    await assert.rejects(admin().modifyQos('nosuch', { priority: 1 }).run(), (error) => isCode(error, 'slurm.unknown', 'slurm.refused'));
    await assert.rejects(
      async () => admin().addAccount({ name: 'a b;c', description: '', organization: '' }).run(),
      (error) => isCode(error, 'data.invalid'),
    );
  });
}
