import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DemoView, lineOf, type Snapshot, tableOf } from './view.ts';

const snapshot: Snapshot = {
  seconds: 60,
  hour: 32.5,
  slurm: { pending: 3, running: 7, completed: 20, failed: 2, timeout: 0, cancelled: 1 },
  cc: { running: 6, completed: 20, failed: 2, timeout: 0, cancelled: 1 },
  starts: 29,
  stops: 23,
  waiting: 1,
  lagSeconds: 2,
  setAside: 0,
  cpus: { used: 48, all: 96 },
  trouble: null,
};

test('the table has what Slurm has beside what ClusterCockpit has', () => {
  const text = tableOf(snapshot);
  assert.match(text, /^08:30 of a day in fast motion, 60 s · 48 of 96 CPUs in use/);
  assert.match(text, /^running +7 +6$/m);
  assert.match(text, /^pending +3 +-$/m);
  assert.match(text, /delivered 29 starts, 23 stops · 1 wait · lag 2 s · 0 set aside/);
  assert.match(tableOf({ ...snapshot, trouble: 'cc-backend does not answer' }), /trouble: cc-backend does not answer/);
});

test('a line has the same', () => {
  assert.equal(
    lineOf(snapshot),
    '  60 s  3 pending, 7 running, 23 ended · delivered 29 starts, 23 stops · 1 wait, lag 2 s · 0 set aside\n',
  );
});

test('on a terminal a table takes the place of the one before; lines do not wrap', () => {
  const texts: string[] = [];
  const view = new DemoView({ write: (text) => void texts.push(text), columns: 40 });
  view.show(snapshot);
  view.show(snapshot);
  assert.ok(texts[0]?.split('\n').every((line) => line.length < 40));
  const height = (texts[0]?.split('\n').length ?? 0) - 1;
  assert.ok(texts[1]?.startsWith(`\x1b[${height}A\x1b[J`));
});

test('a terminal that does not know its size has 80 columns', () => {
  const texts: string[] = [];
  new DemoView({ write: (text) => void texts.push(text), columns: 0 }).show(snapshot);
  assert.match(texts[0] ?? '', /CPUs in use\n/);
});

test('a log gets a line every five seconds, and one when the first job arrives', () => {
  const texts: string[] = [];
  const view = new DemoView({ write: (text) => void texts.push(text), columns: undefined });
  for (let seconds = 0; seconds <= 11; seconds++) view.show({ ...snapshot, seconds, starts: seconds < 2 ? 0 : 1 });
  assert.deepEqual(
    texts.map((text) => text.trim().split(' ')[0]),
    ['0', '2', '7'],
  );
});
