import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Engine, payloadOf, t0 } from './engine-bed.ts';

describe('a reload of the configuration', () => {
  it('has scripts asked for that were not wanted before', async () => {
    await using engine = await Engine.start({ config: { sendScript: false } });
    const daemon = await engine.startDaemon();
    await engine.started(1, t0);
    await engine.reload(daemon, { sendScript: true });
    await engine.started(2, engine.now);
    const scripts = engine.writes('start_job').map(({ requestBody }) => payloadOf(requestBody).metaData['jobScript']);
    assert.deepEqual(scripts, [undefined, '#!/bin/sh\n']);
  });

  it('W1: a start tag stays until the restart, with the wait of the stops that goes with it', async () => {
    await using engine = await Engine.start({ config: { startTag: 'a:b' } });
    const daemon = await engine.startDaemon();
    await engine.reload(daemon, { startTag: null });
    await engine.started(1, t0);
    assert.deepEqual(payloadOf(engine.writes('start_job')[0]?.requestBody ?? '').tags, [{ type: 'a', name: 'b', scope: 'global' }]);
    assert.equal(engine.lines('take effect after a restart: startTag').length, 1);
  });

  it('a token that comes with another address is not sent to the server that is asked until the restart', async () => {
    await using engine = await Engine.start();
    const daemon = await engine.startDaemon();
    await engine.reload(daemon, { ccRestUrl: 'http://127.0.0.1:1', ccRestJwt: 'for-the-other-one' });
    assert.equal(engine.lines('take effect after a restart: ccRestUrl, ccRestJwt').length, 1);
    await engine.started(1, engine.now);
    assert.equal(engine.lines('takes nothing at the moment').length, 0);
  });

  it('names what a restart has yet to put in force, as long as that is so', async () => {
    await using engine = await Engine.start();
    const daemon = await engine.startDaemon();
    const told = () => engine.lines('take effect after a restart: slurmPollInterval').length;
    await engine.reload(daemon, { slurmPollInterval: 20 });
    await engine.reload(daemon, { slurmPollInterval: 20, sendScript: false });
    assert.equal(told(), 2);
    await engine.reload(daemon, { slurmPollInterval: 10 });
    assert.equal(told(), 2, 'what was taken back needs no restart');
  });
});
