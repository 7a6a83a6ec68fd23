import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Bed } from './bed.ts';
import { slurmSays } from './slurm-says.ts';

/** Nodes, partitions, daemons and settings. */
export function clusterCases(bed: () => Bed): void {
  it('the release and what it offers are those of the installed Slurm', async () => {
    const { controller, accounting, jobs, accountingAdmin } = bed().connector();
    const [year = 0, month = 0, micro = 0] = bed().lab.release.split('.').map(Number);
    const release = { text: bed().lab.release, major: year * 100 + month, micro };
    for (const facet of [controller, accounting, jobs, accountingAdmin]) assert.deepEqual((await facet.offers()).release, release);
    assert.equal((await controller.offers()).allocations, true);
    const offers = await accounting.offers();
    assert.deepEqual([offers.batchScript, offers.environment, offers.restarts], [true, true, release.major >= 2411]);
  });

  it('each node has the layout, state, CPUs, memory and GPUs that were configured and that sinfo says', async () => {
    const { records, rejects } = await bed().connector().controller.nodes();
    assert.deepEqual(rejects, []);
    assert.deepEqual(records.map(({ name }) => name).sort(), ['gpu01', 'gpu02', 'node01', 'node02', 'node03', 'node04']);
    for (const node of records) {
      assert.deepEqual(
        [node.sockets, node.coresPerSocket, node.threadsPerCore, node.cpus.total, node.memoryMiB.total],
        [2, 4, 2, 16, 64_000],
      );
      const isGpu = node.name.startsWith('gpu');
      assert.deepEqual(node.partitions, [isGpu ? 'gpu' : 'cpu', 'shared']);
      const [state = '', cpus = '', reason = ''] = (
        await bed().lab.ask('sinfo', ['-h', '-N', '-p', 'shared', '-n', node.name, '-o', '%T|%C|%E'])
      ).split('|');
      assert.equal(node.state.toLowerCase(), state.replace(/[^a-z].*$/, ''), node.name);
      assert.equal(String(node.cpus.allocated), cpus.split('/')[0], node.name);
      assert.equal(node.reason.split(' [')[0], reason === 'none' ? '' : reason, node.name);
      assert.equal(node.version, bed().lab.release);
      assert.deepEqual(node.gres.total, isGpu ? [{ name: 'gpu', type: 'a100', count: 4, indices: null }] : []);
      assert.equal(node.tres.total['cpu'], 16);
      assert.equal(node.tres.allocated['cpu'] ?? 0, node.cpus.allocated, node.name);
    }
  });

  it("what jobs hold on a node adds up to the node's own figures", async () => {
    const { controller } = bed().connector();
    const [nodes, allocations] = await Promise.all([controller.nodes(), controller.allAllocations()]);
    for (const node of nodes.records) {
      const held = allocations.records.flatMap((one) => one.nodes).filter((one) => one.node === node.name);
      const gpus = held.flatMap(({ gres }) => gres).flatMap(({ indices }) => indices ?? []);
      assert.deepEqual(node.gres.used.flatMap(({ indices }) => indices ?? []).sort(), gpus.sort(), node.name);
      // Two jobs that share a node's CPUs hold each of them twice; a suspended job's CPUs are free.
      if (['node04', 'gpu02'].includes(node.name)) continue;
      assert.equal(
        held.reduce((sum, { cpus }) => sum + cpus, 0),
        node.cpus.allocated,
        node.name,
      );
    }
  });

  it('partitions are those of slurm.conf', async () => {
    const { records, rejects } = await bed().connector().controller.partitions();
    assert.deepEqual(rejects, []);
    const brief = records.map((one) => [one.name, one.isDefault, one.state, one.nodeCount, one.cpus, one.maxTime]);
    assert.deepEqual(brief.sort(), [
      ['cpu', true, 'UP', 4, 64, 'unlimited'],
      ['gpu', false, 'UP', 2, 32, 'unlimited'],
      ['shared', false, 'UP', 6, 96, 'unlimited'],
    ]);
    assert.equal(records.find(({ name }) => name === 'cpu')?.nodes, 'node[01-04]');
    assert.match(records.find(({ name }) => name === 'shared')?.oversubscribe ?? '', /^YES:4$/);
    assert.equal(records.find(({ name }) => name === 'gpu')?.allowAccounts, null);
  });

  it('both daemons answer, and the load is that of the queue', async () => {
    const { controller, accounting } = bed().connector();
    const controllers = await controller.ping();
    assert.deepEqual(
      controllers.map(({ role, up }) => ({ role, up })),
      [{ role: 'primary', up: true }],
    );
    assert.equal((await accounting.ping()).up, true);
    const load = await controller.diagnostics();
    assert.equal(load.cluster, 'labcluster');
    assert.equal(load.dbdAgentQueue, 0);
    // slurmctld counts its jobs each half minute only.
    const sdiag = await bed().lab.ask('sdiag', []);
    assert.equal(String(load.jobsRunning), sdiag.match(/^Jobs running:\s+(\d+)/m)?.[1]);
    assert.ok(
      load.rpcs.some(({ name, count }) => name === 'REQUEST_JOB_INFO' && count > 0),
      JSON.stringify(load.rpcs.slice(0, 3)),
    );
  });

  it('settings are those of slurm.conf', async () => {
    const config = await bed().connector().controller.config();
    assert.equal(config['ClusterName'], 'labcluster');
    assert.match(config['MinJobAge'] ?? '', /^7200\b/);
    assert.match(config['SlurmctldPort'] ?? '', new RegExp(`^${bed().lab.port}$`));
  });

  it('accounting knows the cluster, the accounts, the users, the QOS and the TRES that were made', async () => {
    const { accounting } = bed().connector();
    const clusters = await accounting.clusters();
    assert.deepEqual(
      clusters.records.map(({ name, controlPort }) => [name, controlPort]),
      [['labcluster', bed().lab.port]],
    );
    const accounts = (await accounting.accounts()).records;
    const physics = { name: 'physics', description: 'physics', organization: 'lab' };
    assert.deepEqual(
      accounts.find(({ name }) => name === 'physics'),
      physics,
    );
    const users = (await accounting.users()).records;
    assert.deepEqual(
      users.find(({ name }) => name === 'alice'),
      { name: 'alice', defaultAccount: 'physics', adminLevel: 'None' },
    );
    assert.equal(users.find(({ name }) => name === 'root')?.adminLevel, 'Administrator');
    const qos = (await accounting.qos()).records;
    assert.equal(qos.find(({ name }) => name === 'high')?.priority, 100);
    const tres = (await accounting.tres()).records.map(({ type, name }) => (name ? `${type}/${name}` : type));
    for (const name of ['cpu', 'mem', 'node', 'billing', 'gres/gpu', 'gres/gpu:a100'])
      assert.ok(tres.includes(name), `${name} is not in ${tres}`);
  });

  it('the association tree is what sacctmgr says, row by row', async () => {
    const { records, rejects } = await bed().connector().accounting.associations();
    assert.deepEqual(rejects, []);
    const fields = 'format=cluster,account,user,partition,share,id,parentname';
    const theirs = await slurmSays(bed().lab).managed('show', 'assoc', fields);
    const ours = records.map((one) => [one.cluster, one.account, one.user, one.partition, one.fairshare, one.id, one.parent].join('|'));
    assert.deepEqual(ours.sort(), [...theirs].sort());
    const alice = records.find((one) => one.user === 'alice' && one.account === 'physics');
    assert.deepEqual([...(alice?.qos ?? [])].sort(), ['high', 'normal']);
    const some = await bed()
      .connector()
      .accounting.associations({ users: ['bob'] });
    assert.deepEqual(
      some.records.map(({ user, account }) => [user, account]),
      [['bob', 'chem']],
    );
  });

  it('shares have one row per association, with the shares that were set', async () => {
    const { records, rejects } = await bed().connector().accounting.shares();
    assert.deepEqual(rejects, []);
    const rows = (await bed().lab.ask('sshare', ['-n', '-P', '-a', '-o', 'Account,User'])).split('\n').map((row) => row.trim());
    assert.deepEqual(records.map(({ account, user }) => `${account}|${user}`).sort(), rows.sort());
    assert.equal(records.find(({ account, user }) => account === 'physics' && user === '')?.rawShares, 10);
  });

  it('root may do all, bob next to nothing, and each is told so', async () => {
    const root = await bed().connector().accounting.privileges();
    assert.deepEqual([root.user, root.adminLevel, root.coordinates], ['root', 'Administrator', []]);
    const bob = await bed().connector('bob').accounting.privileges();
    assert.deepEqual([bob.user, bob.adminLevel, bob.coordinates], ['bob', 'None', []]);
    assert.deepEqual(bob.privateData, { controller: [], accounting: [] });
  });
}
