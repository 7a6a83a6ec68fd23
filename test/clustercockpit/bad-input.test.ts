import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labCluster } from '@sluice/standins';
import { Engine, goodToken, t0 } from './engine-bed.ts';

/** Everything that an administrator who reads the log has to take note of. */
function warnings(engine: Engine): readonly string[] {
  const lines = engine.said.map((line) => JSON.parse(line) as { readonly level: string; readonly msg: string });
  return lines.filter(({ level }) => level === 'warn' || level === 'error').map(({ msg }) => msg);
}

/** One job that begins while it is so, and time in which everything is tried again and again. */
async function suffer(engine: Engine): Promise<void> {
  engine.slurm.begin({ jobId: 1, start: t0 });
  engine.hook('start', 1);
  await engine.pass(45);
  assert.equal(engine.journal('SELECT * FROM delivery WHERE todo = 1').length, 1, 'the start is kept');
}

const arrived = (engine: Engine) => engine.until('the start arrives', () => engine.row(1, t0) !== undefined, 90);

describe('what is wrong outside is said once, with what mends it, and everything arrives afterwards', { concurrency: true }, () => {
  it('an expired token; the new one in its file needs no reload', async () => {
    const expired = goodToken({ exp: t0 - 5 });
    await using engine = await Engine.start({ token: expired });
    await engine.startDaemon();
    await suffer(engine);
    assert.equal(warnings(engine).length, 1, warnings(engine).join('\n'));
    assert.match(warnings(engine)[0] ?? '', /expired at 2026-.*cc-backend -jwt sluice.*what waits is kept/s);
    assert.ok(!engine.said.join('').includes(expired.slice(-40)), 'the token is nowhere');
    engine.putToken(goodToken());
    await arrived(engine);
    await engine.until('that is said', () => engine.lines('takes jobs again').length === 1, 5);
  });

  it('a token that is none', async () => {
    await using engine = await Engine.start({ token: 'no token at all' });
    await engine.startDaemon();
    await suffer(engine);
    assert.equal(warnings(engine).length, 1, warnings(engine).join('\n'));
    assert.match(warnings(engine)[0] ?? '', /is no JWT.*cc-backend -jwt NAME/s);
    assert.ok(!engine.said.join('').includes('no token at all'));
  });

  it('nobody listens', async () => {
    await using engine = await Engine.start({ down: true });
    await engine.startDaemon();
    await suffer(engine);
    assert.equal(warnings(engine).length, 1, warnings(engine).join('\n'));
    assert.match(warnings(engine)[0] ?? '', /Nothing listens there.*sluice cc check/s);
    await engine.startBackend();
    await arrived(engine);
  });

  it('no TLS where TLS is spoken', async () => {
    await using engine = await Engine.start();
    await engine.startDaemon({ ccRestUrl: engine.backend?.url.replace('http:', 'https:') });
    await suffer(engine);
    assert.equal(warnings(engine).length, 1, warnings(engine).join('\n'));
    assert.match(warnings(engine)[0] ?? '', /wrong version number.*http:\/\/ instead of https:\/\//s);
    assert.ok(!(warnings(engine)[0] ?? '').includes('\n'), 'one line');
  });

  it('a cluster that cc-backend does not have', async () => {
    await using engine = await Engine.start({ backend: { clusters: [{ ...labCluster(), name: 'another' }] } });
    await engine.startDaemon();
    await suffer(engine);
    assert.equal(warnings(engine).length, 1, warnings(engine).join('\n'));
    assert.match(warnings(engine)[0] ?? '', /no cluster labcluster.*clusterNames/s);
    await engine.stopBackend();
    await engine.startBackend({ clusters: [labCluster()] });
    await arrived(engine);
  });

  it('a host that no subcluster names: the run is set aside, the log says so, and it goes by itself when the host is there', async () => {
    const [only] = labCluster().subClusters;
    await using engine = await Engine.start({
      backend: { clusters: [{ ...labCluster(), subClusters: only ? [{ ...only, nodes: 'elsewhere[1-9]' }] : [] }] },
    });
    await engine.startDaemon();
    engine.slurm.begin({ jobId: 1, start: t0 });
    engine.slurm.begin({ jobId: 2, start: t0 });
    await engine.pass(30);
    assert.equal(warnings(engine).length, 1, warnings(engine).join('\n'));
    assert.match(warnings(engine)[0] ?? '', /set aside.*node01.*sluice cc status.*sluice cc retry/s);
    await engine.stopBackend();
    await engine.startBackend({ clusters: [labCluster()] });
    await engine.until('cc-backend has the host now, and the jobs', () => engine.backend?.rows('job_cache').length === 2, 900);
  });

  it('a slurmctld that does not answer; jobs are taken up when it does', async () => {
    await using engine = await Engine.start();
    engine.slurm.controllerDown = true;
    await engine.startDaemon();
    await engine.pass(45);
    assert.ok(warnings(engine).length <= 2, warnings(engine).join('\n'));
    assert.match(warnings(engine).join('\n'), /slurmctld/);
    engine.slurm.controllerDown = false;
    engine.slurm.begin({ jobId: 1, start: t0 });
    await arrived(engine);
  });
});
