import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Engine, t0 } from './engine-bed.ts';

const many = Array.from({ length: 250 }, (_, index) => index + 1);
const day = 86_400;

describe('many jobs that nobody has seen yet', { concurrency: 3 }, () => {
  it('that run are one question, and stand with what they hold; what that leaves open is asked as usual', async () => {
    await using engine = await Engine.start();
    for (const jobId of many) engine.slurm.begin({ jobId, start: t0 - 600 });
    engine.slurm.begin({ jobId: 400, start: t0 - 600, flags: ['COMPLETING'] });
    engine.slurm.begin({ jobId: 401, start: t0 - 600, flags: ['CONFIGURING'] });
    await engine.startDaemon();
    await engine.until('all are there', () => engine.backend?.rows('job_cache').length === 250);
    assert.deepEqual(
      engine.slurm.asked.filter((what) => /^(?:many|details)/.test(what)),
      ['many 250'],
    );
    assert.deepEqual(JSON.parse(engine.row(7, t0 - 600)?.resources ?? '')[0].hwthreads, [0, 8]);
    for (const jobId of [400, 401]) assert.equal(engine.row(jobId, t0 - 600), undefined, 'their start is not final');
  });

  it('are asked by hundreds where the one question breaks off, each once', async () => {
    await using engine = await Engine.start();
    for (const jobId of many) engine.slurm.begin({ jobId, start: t0 - 600 });
    engine.slurm.manyBreaksAfter = 20;
    await engine.startDaemon();
    await engine.until('all are there', () => engine.backend?.rows('job_cache').length === 250);
    const asked = engine.slurm.asked.filter((what) => what.startsWith('details')).map((what) => what.split(' ').slice(1));
    assert.deepEqual(
      asked.map(({ length }) => length),
      [100, 100, 30],
    );
    assert.equal(new Set(asked.flat()).size, 230);
    assert.equal(engine.writes('start_job').length, 250);
  });

  it('that ended while nobody looked have what they held; runs before a requeue come from accounting, in their order', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b', requeuedJobs: 'replace', slurmPollInterval: '1h' } });
    const [first, second] = [t0 - day / 2, t0 - 100];
    for (const jobId of many) {
      engine.slurm.onlyAccounted({ jobId, start: first, end: first + 10, state: 'NODE_FAIL' });
      engine.slurm.end({ jobId, start: second, end: t0 - 10, restarts: 1 });
    }
    await engine.startDaemon();
    await engine.until('all have ended', () => many.every((jobId) => engine.stateOf(jobId, second) === 'completed'), 120);
    assert.deepEqual(JSON.parse(engine.row(7, second)?.resources ?? '')[0].hwthreads, [0, 8]);
    assert.ok(!engine.slurm.asked.some((what) => what.startsWith('details')));
    for (const jobId of [1, 250]) assert.equal(engine.stateOf(jobId, first), undefined, 'the first is replaced');
  });
});

it('a reading of history that those before and after overlap says so, one after an absence does not', async () => {
  await using engine = await Engine.start();
  await engine.startDaemon();
  await engine.until('history was read again', () => readings(engine).length > 1, 90);
  engine.slurm.accountingDown = true;
  await engine.pass(300);
  engine.slurm.asked.length = 0;
  engine.slurm.accountingDown = false;
  await engine.until('history was read twice more', () => readings(engine).length > 1, 180);
  for (const [, from, to, overlapped] of readings(engine)) assert.equal(overlapped === 'overlapped', Number(to) - Number(from) <= 240);
  const kinds = new Set(readings(engine).map(([, , , overlapped]) => overlapped));
  assert.deepEqual(kinds, new Set([undefined, 'overlapped']));
});

const readings = ({ slurm }: Engine) => slurm.asked.filter((what) => what.startsWith('endedJobs')).map((what) => what.split(' '));
