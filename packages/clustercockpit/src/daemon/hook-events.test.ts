import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { createLog, saidOnce } from '@sluice/service';
import type { EventPump } from '../observe/event-pump.ts';
import { HookEvents } from './hook-events.ts';

test('a refused event is a trouble for an hour, and not until the daemon ends', async (t) => {
  const spoolPath = mkdtempSync(join(tmpdir(), 'sluice-hook-events-'));
  t.after(() => rmSync(spoolPath, { recursive: true }));
  const clock = manualClock();
  const log = createLog({ name: 'test', level: 'fatal' });
  const said = saidOnce({ log, clock });
  const events = new HookEvents({ spoolPath, address: null, pump: {} as EventPump, clock, log, said });
  mkdirSync(join(spoolPath, '20261122'));
  const arrives = (pid: number) => writeFileSync(join(spoolPath, '20261122', `1795317000.000000001.7.prolog.${pid}.event`), 'no event');
  const troubles = () => {
    events.read();
    events.endQuiet();
    return [...said.lasting().keys()];
  };
  arrives(1);
  assert.deepEqual(troubles(), ['refused events']);
  await clock.advance(3_000_000);
  arrives(2);
  assert.deepEqual(troubles(), ['refused events']);
  await clock.advance(3_000_000);
  assert.deepEqual(troubles(), ['refused events'], 'the second was less than an hour ago');
  await clock.advance(1_000_000);
  assert.deepEqual(troubles(), []);
});
