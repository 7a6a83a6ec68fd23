import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isCode } from '@sluice/io';
import { openStore } from './store.ts';

function place(t: { after(done: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-store-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'state.db');
}

test('what is put is read at once, in the order it came in, and after the file was opened again', (t) => {
  const path = place(t);
  const store = openStore(path);
  for (const id of [9, 10, 100]) store.put('job', id, { jobId: id, name: 'first' });
  store.put('job', 9, { jobId: 9, name: 'second' });
  store.put('job', 11, {});
  store.remove('job', 11);
  assert.deepEqual(store.get('job', 9), { jobId: 9, name: 'second' });
  assert.equal(store.get('job', 11), undefined);
  assert.deepEqual(
    store.list('job').map(({ id }) => id),
    ['9', '10', '100'],
  );
  store.put('setting', 'time', 17);
  store.close();
  store.close();
  const again = openStore(path);
  t.after(() => again.close());
  assert.equal(again.get('setting', 'time'), 17);
  assert.equal(again.list('job').length, 3);
  assert.deepEqual(again.list('node'), []);
});

test('a value that changes between two flushes is written as it stands then', (t) => {
  const store = openStore(place(t));
  t.after(() => store.close());
  const job = { state: 'PENDING' };
  store.put('job', 1, job);
  job.state = 'RUNNING';
  store.flush();
  assert.deepEqual(store.get('job', 1), { state: 'RUNNING' });
});

test('what was held back is written by a flush', (t) => {
  const store = openStore(place(t));
  t.after(() => store.close());
  let held = 3;
  store.beforeFlush(() => {
    store.put('late', 1, held);
    held = 0;
  });
  store.flush();
  assert.equal(store.get('late', 1), 3);
});

test('one process at a time holds a store', (t) => {
  const path = place(t);
  const store = openStore(path);
  assert.throws(
    () => openStore(path),
    (error) => isCode(error, 'instance.running'),
  );
  store.close();
  openStore(path).close();
});

test('a store needs no file', () => {
  const store = openStore(':memory:');
  store.put('a', 'b', [1]);
  store.flush();
  assert.deepEqual(store.get('a', 'b'), [1]);
  store.close();
});
