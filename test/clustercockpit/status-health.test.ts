import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStatus, statusExitCode } from '@sluice/clustercockpit';
import { createHealth } from '@sluice/service';
import { Engine } from './engine-bed.ts';

async function withHealth(options: Parameters<typeof Engine.start>[0] = {}) {
  const engine = await Engine.start(options);
  const health = createHealth(engine.clock);
  return { engine, health };
}

test('health: ready once the controller was looked at, or it is known why not', async () => {
  const { engine, health } = await withHealth();
  await using _ = engine;
  engine.slurm.controllerDown = true;
  await engine.startDaemon({}, { health });
  await engine.pass(1);
  const without = await health.ready();
  assert.equal(without.status, 'ok');
  assert.match(without.checks['slurmctld']?.detail ?? '', /the clusters: Slurm cannot be asked/);
  engine.slurm.controllerDown = false;
  await engine.pass(10);
  assert.deepEqual((await health.ready()).checks, {
    looks: { ok: true },
    journal: { ok: true },
    slurmctld: { ok: true },
    sinks: { ok: true },
  });
});

test('health: a sink in trouble for five minutes is not ready, and live all the same', async () => {
  const { engine, health } = await withHealth();
  await using _ = engine;
  await engine.startDaemon({}, { health });
  await engine.pass(2);
  await engine.stopBackend();
  engine.slurm.begin({ jobId: 1, start: engine.now });
  engine.hook('start', 1);
  await engine.pass(60);
  assert.equal((await health.ready()).status, 'ok');
  await engine.pass(280);
  const late = await health.ready();
  assert.equal(late.status, 'failed');
  assert.match(late.checks['sinks']?.detail ?? '', /rest takes nothing since /);
  assert.equal((await health.live()).status, 'ok');
});

test('health: a look at the controller that never ends is stuck after ten minutes', async () => {
  const { engine, health } = await withHealth();
  await using _ = engine;
  await engine.startDaemon({}, { health });
  await engine.pass(2);
  const release = Promise.withResolvers<void>();
  const { nodes } = engine.slurm.controller;
  engine.slurm.controller.nodes = async () => {
    await release.promise;
    return nodes();
  };
  await engine.pass(30);
  assert.equal((await health.live()).status, 'ok');
  for (let minute = 0; minute < 12; minute++) await engine.clock.advance(60_000);
  const stuck = await health.live();
  assert.match(stuck.checks['looks']?.detail ?? '', /labcluster has neither succeeded nor failed for 7\d\d s/);
  release.resolve();
  await engine.pass(1);
  assert.equal((await health.live()).status, 'ok');
});

test('status beside the daemon: it runs, its clusters, what waits for a commit, and that it has stopped', async () => {
  const { engine } = await withHealth();
  await using _ = engine;
  const file = (name: string) => `${engine.directory}/${name}`;
  const config = { journalPath: file('journal.db'), spoolPath: file('spool'), ccRestSubmitJobs: true, natsServer: null };
  const look = () => readStatus({ config, clock: engine.clock });
  assert.equal((await look()).daemon.state, 'never');
  await engine.startDaemon({ ccCommitInterval: 120 });
  engine.slurm.begin({ jobId: 1, start: engine.now });
  engine.hook('start', 1);
  await engine.until('the start stands', () => engine.row(1, engine.now) !== undefined || engine.writes('start_job', 1).length > 0);
  engine.slurm.end({ jobId: 1, start: engine.now, end: engine.now + 5 });
  engine.hook('end', 1);
  await engine.pass(31);
  const status = await look();
  assert.deepEqual([status.daemon.state, statusExitCode(status)], ['running', 0]);
  assert.equal(status.note?.server?.version, '1.5');
  const { cluster, slurm, open } = status.clusters[0] ?? {};
  assert.deepEqual([cluster, slurm, open], ['labcluster', '24.11.5', 0]);
  const { startsWaiting, stopsWaiting, awaitingCommit, lagMs } = status.sinks[0] ?? {};
  assert.deepEqual([startsWaiting, stopsWaiting, awaitingCommit, lagMs], [0, 1, 1, 0]);
  await engine.stopDaemon();
  const stopped = await look();
  assert.deepEqual([stopped.daemon.state, stopped.note?.stopped, statusExitCode(stopped)], ['stopped', true, 75]);
});
