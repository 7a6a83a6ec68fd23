import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Engine, goodToken, payloadOf, t0 } from './engine-bed.ts';

describe('delivery to cc-backend', { concurrency: 4 }, () => {
  it('a start and a stop arrive, the start first and each once', async () => {
    await using engine = await Engine.start();
    await engine.startDaemon();
    await engine.started(7, t0);
    await engine.pass(30);
    engine.ended(7, t0, t0 + 30);
    await engine.until('job 7 stopped', () => engine.stateOf(7, t0) === 'completed');
    await engine.pass(60);
    assert.deepEqual([engine.writes('start_job').length, engine.writes('stop_job').length], [1, 1]);
    assert.equal(payloadOf(engine.writes('start_job')[0]?.requestBody ?? '').user, 'alice');
  });

  it('W1: the stop of a job waits for two commits of the server after its start', async () => {
    await using engine = await Engine.start();
    await engine.startDaemon();
    await engine.started(7, t0);
    const startedAt = engine.now;
    engine.ended(7, t0, t0 + 2);
    await engine.pass(17);
    assert.equal(engine.writes('stop_job').length, 0, 'no stop within 20 s');
    await engine.until('job 7 stopped', () => engine.stateOf(7, t0) === 'completed', 10);
    assert.ok(engine.now - startedAt >= 20);
  });

  it('W5: with startTag the job is committed at once and its stop does not wait', async () => {
    await using engine = await Engine.start({ config: { startTag: 'source:sluice' } });
    await engine.startDaemon();
    await engine.started(7, t0);
    assert.equal(engine.row(7, t0)?.table, 'job');
    engine.ended(7, t0, t0 + 2);
    await engine.until('job 7 stopped', () => engine.stateOf(7, t0) === 'completed', 3);
  });

  it('W1: a victim of the race, stopped by answer and running by the list, is stopped again after a comparison', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: 60 } });
    await engine.startDaemon();
    const one = await engine.started(1);
    await engine.backend?.sync();
    const two = await engine.started(2);
    await engine.pass(30);
    // The stop of job 2 hits another row.
    engine.fault = ({ path, jobId }) => (path.includes('stop_job') && jobId === 2 ? { kind: 'w1' } : undefined);
    engine.ended(2, two, engine.now);
    await engine.until('a stop was answered', () => engine.writes('stop_job', 2).length === 1);
    engine.fault = () => undefined;
    await engine.until('job 2 is stopped indeed', () => engine.stateOf(2, two) === 'completed', 200);
    assert.equal(engine.stateOf(1, one) === undefined, false);
  });

  for (const requeuedJobs of ['keep-first', 'replace'] as const) {
    it(`W2: a run within a day of another of the same job, ${requeuedJobs}`, async () => {
      await using engine = await Engine.start({ config: { requeuedJobs }, backend: { commitIntervalMs: 5000 } });
      await engine.startDaemon();
      const first = await engine.started(7);
      await engine.pass(30);
      engine.slurm.rows.push(...requeued(engine, 7, first, engine.now));
      const second = engine.now + 5;
      engine.slurm.begin({ jobId: 7, start: second });
      engine.hook('start', 7);
      await engine.pass(60);
      engine.ended(7, second, engine.now);
      await engine.pass(90);
      if (requeuedJobs === 'keep-first') {
        assert.equal(engine.row(7, second), undefined);
        assert.equal(engine.stateOf(7, first), 'cancelled');
      } else {
        assert.equal(engine.row(7, first), undefined);
        assert.equal(engine.stateOf(7, second), 'completed');
      }
      assert.deepEqual(engine.journal('SELECT * FROM delivery WHERE todo IN (1, 2, 3)'), [], 'nothing waits or was set aside');
    });

    it(`W2: the other run was delivered by another program, ${requeuedJobs}`, async () => {
      await using engine = await Engine.start({ config: { requeuedJobs } });
      const first = engine.now - 1000;
      engine.slurm.begin({ jobId: 7, start: first });
      await engine.startDaemon({ journalPath: `${engine.directory}/other.db` });
      await engine.until('the other program has started it', () => engine.row(7, first) !== undefined);
      await engine.stopDaemon();
      await engine.backend?.sync();
      engine.slurm.controllerJobs.clear();
      await engine.startDaemon();
      const second = engine.now;
      engine.slurm.begin({ jobId: 7, start: second });
      engine.hook('start', 7);
      await engine.pass(40);
      if (requeuedJobs === 'keep-first') assert.equal(engine.row(7, second), undefined);
      else {
        assert.equal(engine.row(7, first), undefined);
        assert.equal(engine.stateOf(7, second), 'running');
      }
      assert.deepEqual(engine.journal('SELECT * FROM delivery WHERE todo IN (1, 3)'), []);
    });
  }

  it('W2: several runs of one id in a backlog are sent in the order of their starts', async () => {
    await using engine = await Engine.start({ config: { slurmQueryMaxSpan: '7d' } });
    const day = 86_400;
    for (const days of [2, 6, 4]) engine.slurm.onlyAccounted({ jobId: 7, start: t0 - days * day, end: t0 - days * day + 60 });
    await engine.startDaemon();
    await engine.until(
      'all three are stopped',
      () => engine.backend?.rows('job').filter((row) => row.job_state === 'completed').length === 3,
      200,
    );
    const starts = engine.writes('start_job').filter(({ status }) => status === 201);
    assert.deepEqual(
      starts.map(({ requestBody }) => payloadOf(requestBody).startTime),
      [6, 4, 2].map((days) => t0 - days * day),
    );
  });

  it('W3, W4: a start whose answer was lost is looked up and stands once, cached or committed', async () => {
    await using engine = await Engine.start();
    let dropped = 0;
    engine.fault = ({ path, jobId }) => {
      if (!path.includes('start_job') || dropped >= 2 || jobId === undefined) return undefined;
      dropped++;
      return { kind: 'drop', when: 'after' };
    };
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.hook('start', 7);
    await engine.until('the first answer is lost', () => dropped === 1);
    await engine.until('the second answer is lost, too', () => dropped === 2, 120);
    await engine.backend?.sync();
    await engine.until('it counts as delivered', () => engine.journal('SELECT * FROM delivery WHERE known = 1').length === 1, 120);
    assert.equal(engine.backend?.rows('job').length, 1);
    assert.equal(engine.backend?.rows('job_cache').length, 0);
    assert.equal(engine.journal('SELECT * FROM delivery WHERE todo = 3').length, 0);
  });

  it('W14: a stop whose answer was lost is not doubled', async () => {
    await using engine = await Engine.start();
    await engine.startDaemon();
    const start = await engine.started(7);
    await engine.pass(25);
    let dropped = false;
    engine.fault = ({ path }) => {
      if (!path.includes('stop_job') || dropped) return undefined;
      dropped = true;
      return { kind: 'drop', when: 'after' };
    };
    engine.ended(7, start);
    await engine.until('it counts as delivered', () => engine.journal('SELECT * FROM delivery WHERE known = 2').length === 1, 60);
    assert.equal(engine.stateOf(7, start), 'completed');
    assert.equal(engine.writes('stop_job').length, 2);
  });

  it('W17: a server that takes jobs by NATS only holds what waits, is said once, and takes it when it is mended', async () => {
    await using engine = await Engine.start({ backend: { natsMode: true } });
    await engine.startDaemon();
    for (const jobId of [1, 2, 3]) {
      engine.slurm.begin({ jobId, start: t0 });
      engine.hook('start', jobId);
    }
    await engine.pass(40);
    assert.equal(engine.lines('main.api-subjects').length, 1);
    assert.equal(engine.journal('SELECT * FROM delivery WHERE todo = 1').length, 3, 'all are kept');
    await engine.stopBackend();
    await engine.startBackend({ natsMode: false });
    await engine.until('all are started', () => engine.backend?.rows('job_cache').length === 3, 120);
  });

  it('§4.17: a stop for a job that the server does not know is preceded by its start', async () => {
    await using engine = await Engine.start({ config: { ccPollInterval: '1h' } });
    await engine.startDaemon();
    const start = await engine.started(7);
    await engine.pass(25);
    await engine.stopBackend();
    await engine.startBackend({ database: ':memory:' });
    engine.ended(7, start);
    await engine.until('it is stopped there', () => engine.stateOf(7, start) === 'completed', 120);
    assert.deepEqual(
      engine.writes('stop_job').map(({ status }) => status),
      [404, 200],
    );
  });

  it('what is refused for good is set aside with its reason, holds up nobody, and is taken up again by a request', async () => {
    await using engine = await Engine.start();
    engine.fault = ({ path, jobId }) =>
      path.includes('start_job') && jobId === 1 ? { kind: 'refuse', status: 400, error: 'no such cluster: x' } : undefined;
    const daemon = await engine.startDaemon();
    assert.ok(daemon);
    engine.slurm.begin({ jobId: 1, start: t0 });
    engine.hook('start', 1);
    await engine.started(2, t0);
    const setAside = () => engine.journal('SELECT reason FROM delivery WHERE todo = 3');
    await engine.until('its refusal is noted', () => setAside().length > 0, 5);
    assert.match(String(setAside()[0]?.['reason']), /no such cluster/);
    engine.fault = () => undefined;
    await engine.request({ kind: 'retry' });
    await engine.until('it is started after all', () => engine.row(1, t0) !== undefined, 60);
  });

  it('one run that always fails delays no other, however quiet the night', async () => {
    await using engine = await Engine.start();
    engine.fault = ({ path, jobId }) => (path.includes('start_job') && jobId === 1 ? { kind: 'panic' } : undefined);
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 1, start: t0 });
    engine.hook('start', 1);
    await engine.until('it has failed often', () => engine.writes('start_job', 1).length >= 12, 600);
    const before = engine.clock.now();
    await engine.started(2);
    assert.ok(engine.clock.now() - before < 3000, `the other took ${engine.clock.now() - before} ms`);
    assert.equal(engine.lines('takes nothing at the moment').length, 0);
  });

  it('a denied token is said once with what mends it; a new one is taken up by a reload', async () => {
    await using engine = await Engine.start({ token: goodToken({ exp: t0 - 5 }) });
    const daemon = await engine.startDaemon();
    for (const jobId of [1, 2, 3]) {
      engine.slurm.begin({ jobId, start: t0 });
      engine.hook('start', jobId);
    }
    await engine.pass(60);
    assert.equal(engine.lines('takes nothing at the moment').length, 1);
    assert.equal(engine.lines(goodToken().slice(0, 20)).length, 0, 'the token is not in the log');
    assert.equal(engine.journal('SELECT * FROM delivery WHERE todo = 1').length, 3);
    engine.putToken(goodToken());
    await engine.reload(daemon);
    await engine.until('all are started', () => engine.backend?.rows('job_cache').length === 3, 5);
    assert.equal(engine.lines('takes jobs again').length, 1);
  });

  it('cc-backend away for ten minutes: all arrives after, in order, and it is said once', async () => {
    await using engine = await Engine.start({ down: true });
    await engine.startDaemon();
    for (let jobId = 1; jobId <= 20; jobId++) {
      engine.slurm.begin({ jobId, start: t0 });
      engine.hook('start', jobId);
    }
    await engine.pass(60);
    for (let jobId = 1; jobId <= 10; jobId++) engine.ended(jobId, t0, t0 + 60);
    await engine.pass(540);
    assert.equal(engine.lines('cc-backend takes nothing').length, 1);
    await engine.startBackend({ commitIntervalMs: 5000 });
    await engine.until('all starts', () => countOf(engine) === 20, 120);
    await engine.until('all stops', () => engine.writes('stop_job').filter(({ status }) => status === 200).length === 10, 120);
    assert.equal(engine.writes('start_job').length, 20, 'each once');
  });

  it('never more writes at a time than ccRestConcurrency and ccStopConcurrency allow', async () => {
    await using engine = await Engine.start({ config: { ccRestConcurrency: 3, ccStopConcurrency: 2, startTag: 'a:b' } });
    const [open, most] = [
      { start_job: 0, stop_job: 0 },
      { start_job: 0, stop_job: 0 },
    ];
    engine.fault = ({ method, path }) => {
      const what = path.includes('start_job') ? 'start_job' : 'stop_job';
      if (method !== 'POST' || !path.includes('/jobs/')) return undefined;
      open[what]++;
      most[what] = Math.max(most[what], open[what]);
      engine.clock.sleep(400).then(() => open[what]--);
      return { kind: 'slow', ms: 400 };
    };
    for (let jobId = 1; jobId <= 30; jobId++) engine.slurm.onlyAccounted({ jobId, start: t0 - 500, end: t0 - 100 });
    await engine.startDaemon();
    await engine.until('all are stopped', () => engine.writes('stop_job').length === 30, 120);
    assert.deepEqual(most, { start_job: 3, stop_job: 2 });
  });

  it('SIGTERM in the middle: what is under way is ended and noted, the rest goes on after a restart, nothing twice', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    engine.fault = ({ method, path }) => (method === 'POST' && path.includes('_job') ? { kind: 'slow', ms: 500 } : undefined);
    for (let jobId = 1; jobId <= 30; jobId++) engine.slurm.onlyAccounted({ jobId, start: t0 - 500, end: t0 - 100 });
    await engine.startDaemon();
    await engine.until('some have started', () => engine.writes('start_job').length >= 6);
    assert.deepEqual(await engine.stopDaemon(), []);
    await engine.startDaemon();
    await engine.until('all are stopped', () => engine.writes('stop_job').length >= 30, 120);
    assert.deepEqual([engine.writes('start_job').length, engine.writes('stop_job').length], [30, 30]);
  });
});

function countOf(engine: Engine): number {
  return (engine.backend?.rows('job').length ?? 0) + (engine.backend?.rows('job_cache').length ?? 0);
}

/** The row of accounting that a requeue ended. */
function requeued(engine: Engine, jobId: number, start: number, end: number) {
  const before = engine.slurm.rows.length;
  engine.slurm.onlyAccounted({ jobId, start, end, state: 'REQUEUED' });
  return engine.slurm.rows.splice(before).map((row) => ({ ...row, state: { ...row.state, base: 'PENDING', flags: ['REQUEUED'] } }));
}
