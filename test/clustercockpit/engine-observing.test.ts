import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Engine, payloadOf, t0 } from './engine-bed.ts';

const day = 86_400;

describe('observing Slurm', { concurrency: 4 }, () => {
  it('absence is never an end: a controller that is empty, away or breaks off ends no job', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.started(1);
    await engine.started(2);
    const jobs = [...engine.slurm.controllerJobs];
    engine.slurm.controllerJobs.clear();
    await engine.pass(40);
    engine.slurm.controllerDown = true;
    await engine.pass(40);
    engine.slurm.controllerDown = false;
    for (const [jobId, job] of jobs) engine.slurm.controllerJobs.set(jobId, job);
    engine.slurm.breaksAfter = 1;
    await engine.pass(40);
    engine.slurm.breaksAfter = undefined;
    await engine.pass(40);
    assert.equal(engine.writes('stop_job').length, 0);
    assert.equal(engine.lines('slurmctld of labcluster: slurmctld does not answer').length, 1, 'said once');
    assert.deepEqual(engine.journal('SELECT * FROM run WHERE missing_ms IS NOT NULL'), []);
  });

  it('nothing is sent while a job is CONFIGURING; then its start as it is by then', async () => {
    await using engine = await Engine.start();
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0, flags: ['CONFIGURING'] });
    engine.hook('start', 7);
    await engine.pass(30);
    assert.equal(engine.writes('start_job').length, 0);
    engine.slurm.begin({ jobId: 7, start: t0 + 30 });
    await engine.until('it is started', () => engine.row(7, t0 + 30) !== undefined);
    assert.equal(engine.writes('start_job').length, 1);
  });

  it('REVOKED is no run', async () => {
    await using engine = await Engine.start();
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0, flags: ['REVOKED'] });
    engine.slurm.onlyAccounted({ jobId: 8, start: t0, end: t0, flags: ['REVOKED'] });
    engine.hook('start', 7);
    await engine.pass(30);
    assert.equal(engine.exchanges.filter(({ path, method }) => method === 'POST' && path.includes('_job')).length, 0);
  });

  it('a job that starts and ends between two polls comes from accounting, whole', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.pass(12);
    engine.slurm.onlyAccounted({ jobId: 7, start: engine.now, end: engine.now + 1, state: 'FAILED' });
    await engine.until('it is stopped', () => engine.backend?.rows('job')[0]?.job_state === 'failed', 30);
  });

  it('a row that stands there by halves just after the end of a run that nobody saw is not believed', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    const run = { jobId: 7, start: engine.now - 3, end: engine.now, nodes: 'node[01-02]' };
    engine.slurm.onlyAccounted({ ...run, nodes: 'node01' });
    await engine.pass(12);
    engine.slurm.rows.length = 0;
    engine.slurm.onlyAccounted(run);
    await engine.until('it is there', () => engine.row(7, run.start) !== undefined, 90);
    assert.equal(engine.row(7, run.start)?.num_nodes, 2);
  });

  for (const [style, later] of [
    ['up to 24.05: rows keep the start', false],
    ['from 24.11 on: rows begin at the resize', true],
  ] as const) {
    it(`a resized job is one run, ${style}`, async () => {
      await using engine = await Engine.start({ config: { startTag: 'a:b' } });
      await engine.startDaemon();
      engine.slurm.onlyAccounted({ jobId: 7, start: t0 - 500, end: t0 - 300, state: 'RUNNING', flags: ['RESIZING'] });
      engine.slurm.onlyAccounted({ jobId: 7, start: later ? t0 - 300 : t0 - 500, end: t0 - 100, state: 'COMPLETED' });
      await engine.until('it is stopped', () => engine.stateOf(7, t0 - 500) === 'completed', 60);
      await engine.pass(20);
      assert.equal(engine.backend?.rows('job').length, 1);
      assert.equal(engine.row(7, t0 - 500)?.duration, 400);
    });
  }

  it('a requeued run ends as accounting says, the next one starts; both by the hook', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b', requeuedJobs: 'replace', slurmPollInterval: '1h' } });
    await engine.startDaemon();
    const first = await engine.started(7);
    await engine.pass(5);
    const end = engine.now;
    const before = engine.slurm.rows.length;
    engine.slurm.onlyAccounted({ jobId: 7, start: first, end });
    const requeued = engine.slurm.rows
      .splice(before)
      .map((row) => ({ ...row, state: { ...row.state, base: 'PENDING', flags: ['REQUEUED'] } }));
    engine.slurm.rows.push(...requeued);
    engine.hook('end', 7);
    await engine.until('the first is stopped', () => engine.stateOf(7, first) === 'cancelled', 30);
    const second = engine.now;
    engine.slurm.begin({ jobId: 7, start: second });
    engine.hook('start', 7);
    await engine.until('the second is started', () => engine.stateOf(7, second) === 'running', 5);
  });

  it('a run that nobody saw while it ran has its hwthreads as long as the controller has it, also when it was requeued before', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b', requeuedJobs: 'replace' } });
    const [first, second] = [engine.now - 100, engine.now - 50];
    engine.slurm.onlyAccounted({ jobId: 7, start: first, end: first + 10, state: 'NODE_FAIL' });
    engine.slurm.end({ jobId: 7, start: second, end: second + 10, restarts: 1 });
    engine.slurm.end({ jobId: 8, start: second, end: second + 10 });
    await engine.startDaemon();
    await engine.until('both have ended', () => [7, 8].every((id) => engine.stateOf(id, second) === 'completed'), 60);
    for (const id of [7, 8]) assert.deepEqual(JSON.parse(engine.row(id, second)?.resources ?? '')[0].hwthreads, [0, 8], `job ${id}`);
  });

  it('the end of a run that is known in full needs its record alone, and takes nothing from what is known', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b', slurmPollInterval: '1h' } });
    await engine.startDaemon();
    const start = await engine.started(7);
    const whole = engine.journal('SELECT facts FROM run WHERE job_id = 7');
    await engine.pass(5);
    const before = engine.slurm.asked.length;
    engine.ended(7, start);
    await engine.until('it is stopped', () => engine.stateOf(7, start) === 'completed', 5);
    assert.ok(engine.slurm.asked.slice(before).includes('bare 7'));
    assert.deepEqual(engine.journal('SELECT facts FROM run WHERE job_id = 7'), whole);
    assert.deepEqual(JSON.parse(engine.row(7, start)?.resources ?? '')[0].hwthreads, [0, 8]);
  });

  it('a requeued job that starts at once is asked of the controller, though its end waits for accounting', async () => {
    await using engine = await Engine.start({
      config: { startTag: 'a:b', requeuedJobs: 'replace', slurmPollInterval: '1h', slurmQueryDelay: 30 },
    });
    await engine.startDaemon();
    await engine.started(7);
    await engine.pass(2);
    engine.slurm.controllerJobs.clear();
    engine.hook('end', 7);
    await engine.pass(2);
    const second = engine.now;
    engine.slurm.begin({ jobId: 7, start: second });
    engine.hook('start', 7);
    await engine.until('the second is started', () => engine.stateOf(7, second) === 'running', 5);
  });

  it('accounting that hangs delays no start and no end that slurmctld tells of', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    const one = await engine.started(1);
    const back = Promise.withResolvers<void>();
    engine.slurm.accountingStall = back.promise;
    engine.slurm.controllerJobs.delete(1);
    engine.hook('end', 1);
    await engine.pass(30);
    const before = engine.clock.now();
    const two = await engine.started(2);
    engine.ended(2, two);
    await engine.until('job 2 is stopped', () => engine.stateOf(2, two) === 'completed', 5);
    assert.ok(engine.clock.now() - before < 5000);
    engine.slurm.begin({ jobId: 3, start: engine.now });
    await engine.until('the poll goes on', () => engine.writes('start_job', 3).length === 1, 15);
    engine.slurm.accountingStall = undefined;
    engine.slurm.onlyAccounted({ jobId: 1, start: one, end: one + 5 });
    back.resolve();
    await engine.until('job 1 is stopped', () => engine.stateOf(1, one) === 'completed', 30);
  });

  it('§9.7: while slurmctld has something to tell slurmdbd the watermark stays; what comes late is read', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.pass(15);
    const mark = () => Number(engine.journal("SELECT value FROM note WHERE name = 'accounting/labcluster'")[0]?.['value']);
    const held = mark();
    engine.slurm.dbdAgentQueue = 5;
    await engine.pass(150);
    assert.ok(mark() <= held + 10, `the mark went on by ${mark() - held} s`);
    engine.slurm.onlyAccounted({ jobId: 7, start: held + 20, end: held + 30 });
    engine.slurm.dbdAgentQueue = 0;
    await engine.until('the late one is stopped', () => engine.stateOf(7, held + 20) === 'completed', 60);
    await engine.until('the mark follows', () => mark() > held + 140, 60);
  });

  it('slurmQueryMaxSpan: what it cuts off is one gap, named once with the command, however long accounting was away', async () => {
    await using engine = await Engine.start({ config: { slurmQueryMaxSpan: '1h', slurmPollInterval: '10m' } });
    await engine.startDaemon();
    await engine.pass(5);
    engine.slurm.accountingDown = true;
    await engine.pass(2 * 3600);
    assert.deepEqual(engine.journal('SELECT * FROM gap'), []);
    engine.slurm.accountingDown = false;
    await engine.until('the gap is named', () => engine.lines('sluice cc backfill --cluster labcluster --since').length > 0, 1300);
    await engine.pass(1300);
    assert.equal(engine.journal('SELECT * FROM gap').length, 1);
    assert.equal(engine.lines('sluice cc backfill').length, 1);
  });

  it('a clock that is set back: history is read again, and what ends meanwhile is not lost', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b', slurmQueryMaxSpan: '2d' } });
    await engine.startDaemon();
    await engine.pass(15);
    await engine.stopDaemon();
    engine.setNote('accounting/labcluster', String(t0 + day));
    engine.slurm.onlyAccounted({ jobId: 7, start: t0 - 3000, end: t0 - 2000 });
    await engine.startDaemon();
    await engine.until('it is stopped', () => engine.stateOf(7, t0 - 3000) === 'completed', 60);
    assert.equal(engine.lines('the clock was set back').length, 1);
  });

  it('lastRunPath is never ahead of what has not been delivered', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.pass(30);
    engine.fault = ({ path, jobId }) => (path.includes('start_job') && jobId === 7 ? { kind: 'panic' } : undefined);
    engine.slurm.onlyAccounted({ jobId: 7, start: t0 + 10, end: t0 + 20 });
    await engine.pass(300);
    assert.ok(statSync(engine.lastRunPath).mtimeMs / 1000 <= t0 + 20);
    engine.fault = () => undefined;
    await engine.until('it is stopped', () => engine.stateOf(7, t0 + 10) === 'completed', 700);
    await engine.until('the file follows', () => statSync(engine.lastRunPath).mtimeMs / 1000 > t0 + 250, 60);
  });

  it('a job id that is used again after slurmctld lost its memory is another run', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    const first = await engine.started(7, t0 - 2 * day);
    engine.slurm.controllerJobs.clear();
    const second = await engine.started(7);
    assert.notEqual(first, second);
    assert.equal(engine.stateOf(7, first), 'running', 'its end is not known');
    engine.slurm.onlyAccounted({ jobId: 7, start: first, end: first + 60, state: 'NODE_FAIL' });
    engine.slurm.begin({ jobId: 7, start: second });
    await engine.until('the end of the first comes from accounting', () => engine.stateOf(7, first) === 'node_fail', 1200);
    assert.equal(engine.stateOf(7, second), 'running');
  });

  it('a hook of a foreign cluster is dropped, and said once', async () => {
    await using engine = await Engine.start();
    await engine.startDaemon();
    engine.hook('start', 7, 'elsewhere');
    engine.hook('start', 8, 'elsewhere');
    await engine.pass(12);
    assert.equal(engine.lines('which is not observed').length, 1);
    assert.ok(!engine.slurm.asked.some((what) => what === 'details 7'));
  });

  it('1,000 events wait while slurmctld is down: few questions, none lost, a new one is not behind them', async () => {
    await using engine = await Engine.start({ config: { slurmPollInterval: '1h' } });
    await engine.startDaemon();
    await engine.pass(2);
    engine.slurm.controllerDown = true;
    for (let jobId = 1; jobId <= 1000; jobId++) engine.hook('start', jobId);
    await engine.pass(30);
    const asked = engine.slurm.asked.filter((what) => what.startsWith('details')).length;
    assert.ok(asked < 30, `${asked} questions in 30 s`);
    for (let jobId = 1; jobId <= 1000; jobId++) engine.slurm.begin({ jobId, start: t0 });
    engine.slurm.controllerDown = false;
    const started = () => engine.journal('SELECT count(*) AS n FROM run')[0]?.['n'];
    await engine.until('all are recorded', () => started() === 1000, 30);
  });

  it('the layout of the nodes outlives a restart without slurmctld: ended jobs of whole nodes stay so', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    await engine.startDaemon();
    await engine.pass(5);
    await engine.stopDaemon();
    engine.slurm.controllerDown = true;
    engine.slurm.onlyAccounted({ jobId: 7, start: t0 - 100, end: t0 - 50 });
    engine.slurm.rows.splice(0, 1, ...engine.slurm.rows.slice(0, 1).map((row) => ({ ...row, allocated: { cpu: 16 }, cpus: 16 })));
    await engine.startDaemon();
    await engine.until('it is started', () => engine.writes('start_job', 7).length === 1, 30);
    assert.equal(payloadOf(engine.writes('start_job', 7)[0]?.requestBody ?? '').shared, 'none');
  });

  it('everything down at the start: the daemon runs, says each once, and recovers', async () => {
    await using engine = await Engine.start({ down: true });
    engine.slurm.controllerDown = true;
    engine.slurm.accountingDown = true;
    await engine.startDaemon();
    await engine.pass(120);
    assert.equal(engine.lines('Slurm cannot be asked for the name of its cluster').length, 1);
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.slurm.controllerDown = false;
    await engine.pass(60);
    engine.slurm.accountingDown = false;
    await engine.startBackend();
    await engine.until('it is started', () => engine.row(7, t0) !== undefined, 200);
    assert.equal(engine.lines('accounting of labcluster: slurmdbd').length, 1);
    assert.equal(engine.lines('cc-backend takes nothing').length, 1);
    assert.deepEqual(await engine.stopDaemon(), []);
  });

  it('a cc-backend that hangs at the start keeps nobody from observing', async () => {
    await using engine = await Engine.start();
    let hangs = true;
    engine.fault = () => (hangs ? { kind: 'slow', ms: 120_000 } : undefined);
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0 });
    await engine.until('it is recorded', () => engine.journal('SELECT * FROM run').length === 1, 20);
    hangs = false;
    await engine.until('it is started', () => engine.row(7, t0) !== undefined, 300);
  });

  it('node states that cc-backend does not answer hold up no look at Slurm', async () => {
    await using engine = await Engine.start({ config: { ccRestTimeout: 4 } });
    engine.fault = ({ path }) => (path.includes('nodestate') ? { kind: 'slow', ms: 3_600_000 } : undefined);
    await engine.startDaemon();
    await engine.pass(15);
    const before = engine.slurm.asked.filter((what) => what === 'activeStates').length;
    await engine.pass(45);
    assert.ok(engine.slurm.asked.filter((what) => what === 'activeStates').length >= before + 3);
  });

  it('two controllers: the one beside the acting slurmctld delivers; the other takes over within 60 s', async () => {
    await using engine = await Engine.start({ host: 'two.example.org' });
    engine.slurm.controllers = [
      { host: 'one', up: true },
      { host: 'two', up: true },
    ];
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 7, start: t0 });
    engine.hook('start', 7);
    await engine.pass(30);
    assert.equal(engine.writes('start_job').length, 0);
    engine.slurm.controllers = [];
    await engine.pass(30);
    assert.equal(engine.writes('start_job').length, 0, 'nobody could be asked: it stays as it was');
    engine.slurm.controllers = [
      { host: 'one', up: false },
      { host: 'two', up: true },
    ];
    await engine.until('it delivers', () => engine.row(7, t0) !== undefined, 60);
    engine.slurm.controllers = [
      { host: 'one', up: true },
      { host: 'two', up: true },
    ];
    await engine.pass(15);
    engine.slurm.begin({ jobId: 8, start: engine.now });
    engine.hook('start', 8);
    await engine.pass(20);
    assert.equal(engine.writes('start_job').length, 1);
  });
});
