import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labCluster } from '@sluice/standins';
import { Engine, t0 } from './engine-bed.ts';
import { type ScriptedSlurm, scriptedSlurm } from './scripted-slurm.ts';

/** One daemon for `labcluster` and for `other`, which cc-backend calls `beta`. */
async function twoClusters(): Promise<{ engine: Engine; other: ScriptedSlurm }> {
  const other = scriptedSlurm('other');
  const engine = await Engine.start({
    config: { startTag: 'a:b', clusters: ['labcluster', 'other'], clusterNames: { other: 'beta' } },
    backend: { clusters: [labCluster(), labCluster('beta')] },
  });
  await engine.startDaemon({}, { connect: (cluster) => (cluster === 'other' ? other : engine.slurm) });
  return { engine, other };
}

const stateOf = (engine: Engine, cluster: string, jobId: number) => engine.backend?.job(cluster, jobId, t0)?.job_state;

describe('two clusters in one daemon', { concurrency: 3 }, () => {
  it('jobs of the same number and start are two jobs, each under the name of its cluster', async () => {
    const { engine, other } = await twoClusters();
    await using _ = engine;
    engine.slurm.begin({ jobId: 7, start: t0 });
    other.begin({ jobId: 7, start: t0, nodes: 'node02' });
    engine.hook('start', 7);
    engine.hook('start', 7, 'other');
    await engine.until(
      'both are started',
      () => stateOf(engine, 'labcluster', 7) === 'running' && stateOf(engine, 'beta', 7) === 'running',
    );
    other.end({ jobId: 7, start: t0, end: t0 + 5, nodes: 'node02' });
    engine.hook('end', 7, 'other');
    await engine.until('the one is stopped', () => stateOf(engine, 'beta', 7) === 'completed');
    await engine.pass(30);
    assert.equal(stateOf(engine, 'labcluster', 7), 'running');
    assert.equal(engine.backend?.rows('job').length, 2);
  });

  it('the one goes on while the other cannot be asked, and nothing of the other ends by it', async () => {
    const { engine, other } = await twoClusters();
    await using _ = engine;
    other.begin({ jobId: 8, start: t0, nodes: 'node02' });
    engine.hook('start', 8, 'other');
    await engine.until('it is started', () => stateOf(engine, 'beta', 8) === 'running');
    other.controllerDown = true;
    other.accountingDown = true;
    engine.slurm.begin({ jobId: 9, start: t0 });
    await engine.until('a job of the other cluster is seen by a look', () => stateOf(engine, 'labcluster', 9) === 'running');
    engine.slurm.end({ jobId: 9, start: t0, end: t0 + 5 });
    await engine.until('and ends', () => stateOf(engine, 'labcluster', 9) === 'completed', 60);
    assert.equal(stateOf(engine, 'beta', 8), 'running');
    other.controllerDown = false;
    other.accountingDown = false;
    other.end({ jobId: 8, start: t0, end: t0 + 20, nodes: 'node02' });
    await engine.until('the other is heard again', () => stateOf(engine, 'beta', 8) === 'completed', 120);
  });

  it('where the cluster of this host is not wanted, the other one is observed, and it is not', async () => {
    const other = scriptedSlurm('other');
    await using engine = await Engine.start({
      config: { startTag: 'a:b', clusters: ['other'] },
      backend: { clusters: [labCluster(), labCluster('other')] },
    });
    await engine.startDaemon({}, { connect: (cluster) => (cluster === 'other' ? other : engine.slurm) });
    engine.slurm.begin({ jobId: 7, start: t0 });
    other.begin({ jobId: 8, start: t0, nodes: 'node02' });
    await engine.until('the job of the other is started', () => stateOf(engine, 'other', 8) === 'running', 30);
    assert.equal(engine.backend?.rows('job').length, 1);
  });

  it('of all clusters, one whose slurmctld is away while the daemon is started again is observed further', async () => {
    const other = scriptedSlurm('other');
    await using engine = await Engine.start({
      config: { startTag: 'a:b' },
      backend: { clusters: [labCluster(), labCluster('other')] },
    });
    const hosts = new Map([
      ['labcluster', 'head'],
      ['other', 'away'],
      ['never', ''],
    ]);
    const clusters = async () => ({
      records: [...hosts].map(([name, controlHost]) => ({ name, controlHost, controlPort: 6817 })),
      rejects: [],
    });
    const local = { ...engine.slurm, accounting: { ...engine.slurm.accounting, clusters } };
    const asked = new Set<string | undefined>();
    const connect = (cluster?: string) => {
      asked.add(cluster);
      return cluster === 'other' ? other : local;
    };
    await engine.startDaemon({}, { connect });
    await engine.until('both are observed', () => asked.has('other'), 30);
    await engine.stopDaemon();
    // What slurmdbd says of a cluster as soon as its slurmctld is gone.
    hosts.set('other', '');
    other.controllerDown = true;
    await engine.startDaemon({}, { connect });
    await engine.pass(30);
    other.controllerDown = false;
    other.begin({ jobId: 8, start: t0, nodes: 'node02' });
    await engine.until('its job is started', () => stateOf(engine, 'other', 8) === 'running', 120);
    assert.deepEqual([...asked], [undefined, 'other']);
  });

  it('the name of a cluster that is not observed is no reason to ask another one', async () => {
    const { engine, other } = await twoClusters();
    await using _ = engine;
    engine.hook('start', 7, 'third');
    const asked = [engine.slurm.asked.length, other.asked.length];
    await engine.pass(5);
    const details = [...engine.slurm.asked.slice(asked[0]), ...other.asked.slice(asked[1])].filter((what) => what.startsWith('details'));
    assert.deepEqual(details, []);
  });
});
