import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { manualClock, systemProcesses } from '@sluice/io';
import { ask, takeRequests } from './requests.ts';

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

  it('what is no request is removed and told, unread where it is no file of a request: a FIFO keeps nobody waiting', async () => {
    const requests = join(directory, 'requests');
    mkdirSync(requests);
    const at = (name: string) => join(requests, `${name}.request`);
    const program = { name: 'mkfifo', timeoutMs: 60_000, inherit: ['PATH'], maxOutputBytes: 4096 };
    await systemProcesses(process.env).run({ program, args: [at('1-fifo')] });
    symlinkSync('/dev/zero', at('2-link'));
    writeFileSync(at('3-large'), '');
    truncateSync(at('3-large'), 3 * 1024 ** 3);
    mkdirSync(at('4-directory'));
    writeFileSync(at('5-other'), '{"kind":"stop"}');
    writeFileSync(at('6-good'), '{"kind":"retry","jobIds":[7]}');
    const refused: string[] = [];
    const taken = takeRequests(journalPath(), (file, reason) =>
      refused.push(`${file.slice(requests.length + 1)}: ${reason.split('\n')[0]}`),
    );
    assert.deepEqual(taken, [{ kind: 'retry', jobIds: [7] }]);
    assert.deepEqual(
      refused.map((line) => line.replace(/^5-other.*/, '5')),
      [
        '1-fifo.request: it is not a regular file',
        '2-link.request: it is not a regular file',
        '3-large.request: it is larger than 1048576 bytes',
        '4-directory.request: it is not a regular file',
        '5',
      ],
    );
    assert.deepEqual(readdirSync(requests), []);
  });
});
