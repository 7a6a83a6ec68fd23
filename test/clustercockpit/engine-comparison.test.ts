import assert from 'node:assert/strict';
import { copyFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { labCluster } from '@sluice/standins';
import { Engine, t0 } from './engine-bed.ts';

describe('comparison with cc-backend', { concurrency: 4 }, () => {
  it('§4.4: an incomplete list proves nothing: a fault in its second slice sends nothing again', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 30, startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.started(7);
    await engine.pass(25);
    let broken = 0;
    // Full pages of jobs that nobody knows: the list goes on, and breaks off.
    engine.fault = ({ path }) => {
      if (!path.includes('state=running')) return undefined;
      const [, from, to] = /start-time=(\d+)-(\d+)/.exec(path) ?? [];
      if (Number(to) < 4_000_000_000) {
        broken++;
        return { kind: 'refuse', status: 500, error: 'database is locked' };
      }
      const jobs = Array.from({ length: 1000 }, (_, index) => ({
        jobId: 10_000 + index,
        cluster: 'labcluster',
        startTime: t0 + 2000 - index,
        jobState: 'running',
        duration: 1,
      }));
      return { kind: 'body', status: 200, body: JSON.stringify({ jobs, items: 1000, page: 1, from }) };
    };
    await engine.until('a list broke off', () => broken >= 2, 200);
    await engine.pass(20);
    assert.equal(engine.writes('start_job').length, 1);
    assert.equal(engine.writes('stop_job').length, 0);
    assert.equal(engine.lines('cannot be compared').length, 1);
    assert.deepEqual(engine.journal('SELECT * FROM stray'), []);
  });

  it('lost starts: a server that was set back to an older database gets them again, the running and the ended', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 60 }, backend: { commitIntervalMs: 5000 } });
    await engine.startDaemon();
    const one = await engine.started(1);
    await engine.pass(25);
    await engine.stopBackend();
    copyFileSync(join(engine.directory, 'cc.db'), join(engine.directory, 'old.db'));
    await engine.startBackend();
    const two = await engine.started(2);
    await engine.pass(25);
    await engine.stopBackend();
    await engine.startBackend({ database: join(engine.directory, 'old.db') });
    await engine.until('job 2 stands again', () => engine.stateOf(2, two) === 'running', 200);
    engine.ended(1, one);
    engine.ended(2, two);
    await engine.until('both are stopped', () => [engine.stateOf(1, one), engine.stateOf(2, two)].join() === 'completed,completed', 120);
  });

  it('takeover: a running site moves over; what stands is neither sent nor asked about again, its ends are delivered', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 60 } });
    for (let jobId = 1; jobId <= 30; jobId++) engine.slurm.begin({ jobId, start: t0 - 1000 });
    // The program before us: another journal.
    await engine.startDaemon({ journalPath: join(engine.directory, 'before.db') });
    await engine.until('all stand', () => engine.backend?.rows('job_cache').length === 30);
    await engine.stopDaemon();
    await engine.backend?.sync();
    writeFileSync(engine.lastRunPath, '');
    utimesSync(engine.lastRunPath, t0 - 500, t0 - 500);
    // Of these the program before us never knew: they ended while it was away.
    engine.slurm.onlyAccounted({ jobId: 40, start: t0 - 450, end: t0 - 400 });
    engine.slurm.onlyAccounted({ jobId: 41, start: t0 - 9000, end: t0 - 8000 });
    const [written, asked] = [engine.exchanges.length, engine.slurm.asked.length];
    await engine.startDaemon();
    await engine.pass(15);
    assert.deepEqual(
      engine.exchanges
        .slice(written)
        .filter(({ method, path, requestBody }) => method === 'POST' && path.includes('start_job') && !requestBody.includes('"jobId":40')),
      [],
    );
    assert.deepEqual(
      engine.slurm.asked.slice(asked).filter((what) => what.startsWith('details')),
      [],
    );
    assert.ok(
      engine.slurm.asked.some((what) => what.startsWith(`endedJobs ${t0 - 620} `)),
      'history is read from lastRunPath on',
    );
    engine.ended(1, t0 - 1000);
    engine.slurm.onlyAccounted({ jobId: 2, start: t0 - 1000, end: engine.now, state: 'TIMEOUT' });
    await engine.until('job 1 is stopped', () => engine.stateOf(1, t0 - 1000) === 'completed');
    await engine.until('job 2 is stopped', () => engine.stateOf(2, t0 - 1000) === 'timeout');
    await engine.until('job 40 is stopped', () => engine.stateOf(40, t0 - 450) === 'completed');
    assert.equal(engine.row(41, t0 - 9000), undefined);
  });

  it('a run that stood before us and that the server loses is asked about anew and sent whole', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: '1h' } });
    engine.slurm.begin({ jobId: 1, start: t0 - 1000 });
    engine.slurm.begin({ jobId: 2, start: t0 - 1000 });
    await engine.startDaemon({ journalPath: join(engine.directory, 'before.db') });
    await engine.until('both stand', () => engine.backend?.rows('job_cache').length === 2);
    await engine.stopDaemon();
    await engine.backend?.sync();
    await engine.startDaemon();
    await engine.pass(15);
    await engine.stopBackend();
    await engine.startBackend({ database: ':memory:' });
    engine.ended(1, t0 - 1000);
    await engine.until('job 1 stands, stopped', () => engine.stateOf(1, t0 - 1000) === 'completed', 200);
    assert.equal(engine.row(1, t0 - 1000)?.hpc_user, 'alice');
    assert.deepEqual(engine.journal('SELECT * FROM delivery WHERE todo = 3'), []);
  });

  it('strays: jobs that Slurm does not know are shown, and nothing is done about them', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 60 } });
    engine.slurm.begin({ jobId: 9, start: t0 - 1000 });
    await engine.startDaemon({ journalPath: join(engine.directory, 'before.db') });
    await engine.until('it stands', () => engine.row(9, t0 - 1000) !== undefined);
    await engine.stopDaemon();
    await engine.backend?.sync();
    engine.slurm.controllerJobs.clear();
    await engine.startDaemon();
    await engine.pass(15);
    assert.deepEqual(
      engine.journal('SELECT job_id FROM stray').map((row) => row['job_id']),
      [9],
    );
    assert.equal(engine.writes('stop_job').length, 0);
  });

  it('runs that another program delivered, start and stop, are recognised by one list and not sent', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 60, startTag: 'a:b' } });
    for (let jobId = 1; jobId <= 30; jobId++) engine.slurm.onlyAccounted({ jobId, start: t0 - 1000 - jobId, end: t0 - 500 });
    await engine.startDaemon({ journalPath: join(engine.directory, 'before.db') });
    await engine.until('all are stopped', () => engine.writes('stop_job').length === 30, 90);
    await engine.stopDaemon();
    // Both controllers run the daemon; this one only kept its journal.
    engine.slurm.controllers = [
      { host: 'other', up: true },
      { host: 'head', up: true },
    ];
    await engine.startDaemon();
    await engine.pass(30);
    assert.equal(engine.writes('start_job').length, 30, 'the other delivers');
    engine.slurm.controllers = [
      { host: 'other', up: false },
      { host: 'head', up: true },
    ];
    await engine.until('it takes over', () => engine.lines('taking over').length === 1, 60);
    await engine.pass(20);
    assert.deepEqual([engine.writes('start_job').length, engine.writes('stop_job').length], [30, 30]);
    assert.equal(engine.journal('SELECT * FROM delivery WHERE known = 2').length, 30);
  });

  it('a run that goes on and that cc-backend shows as ended is reported', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 60, startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.started(7);
    await engine.pass(3700);
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.backend?.failOverdue(10);
    await engine.until('it is told', () => engine.lines('"wronglyEnded":1').length > 0, 200);
    assert.equal(engine.writes('start_job').length, 1);
  });

  it('clusterNames: the cluster has another name there, for starts, stops and comparisons', async () => {
    await using engine = await Engine.start({
      config: { ccPollInterval: 60, clusterNames: { labcluster: 'fritz' }, startTag: 'a:b' },
      backend: { clusters: [labCluster('fritz')] },
    });
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.hook('start', 7);
    await engine.until('it is started', () => engine.backend?.job('fritz', 7, t0) !== undefined);
    await engine.pass(130);
    assert.equal(engine.writes('start_job').length, 1);
    engine.ended(7, t0);
    await engine.until('it is stopped', () => engine.backend?.job('fritz', 7, t0)?.job_state === 'completed');
  });

  it('clusterNames that are put right by a reload hold for comparisons, too', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 60, clusterNames: { labcluster: 'wrong' }, startTag: 'a:b' } });
    const daemon = await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.hook('start', 7);
    await engine.until('it is held', () => engine.lines('cc-backend has no cluster wrong').length > 0);
    await engine.reload(daemon, { clusterNames: {} });
    await engine.until('it is started', () => engine.stateOf(7, t0) === 'running', 200);
    await engine.pass(130);
    assert.equal(engine.lines('compared with cc-backend: 1 running there, 0 otherwise').length > 0, true);
    assert.equal(engine.writes('start_job').length, 1);
  });

  it('W11: a cluster that cc-backend does not know holds its jobs, is said once, and is looked for again', async () => {
    await using engine = await Engine.start({ backend: { clusters: [labCluster('fritz')] } });
    await engine.startDaemon();
    for (const jobId of [1, 2, 3]) {
      engine.slurm.begin({ jobId, start: t0 });
      engine.hook('start', jobId);
    }
    await engine.pass(60);
    assert.equal(engine.lines('cc-backend has no cluster labcluster').length, 1);
    await engine.stopBackend();
    await engine.startBackend({ clusters: [labCluster()] });
    await engine.until('all are started', () => engine.backend?.rows('job_cache').length === 3, 200);
  });
});
