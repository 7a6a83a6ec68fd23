import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { manualClock } from '@sluice/io';
import { ask } from './requests.ts';

describe('requests to the daemon', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-requests-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const journalPath = () => join(directory, 'journal.db');

  it('where no daemon has ever run nothing is made that its user could not open later', async () => {
    const options = { clock: manualClock(1_700_000_000_000), sinks: ['rest'], first: 'rest', name: 'one' } as const;
    assert.equal(await ask(journalPath(), { kind: 'filled', cluster: 'alpha', since: 1, until: 2 }, options), 0);
    assert.deepEqual(readdirSync(directory), []);
  });
});
