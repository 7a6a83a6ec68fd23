import assert from 'node:assert/strict';
import { closeSync, openSync, type writeSync } from 'node:fs';
import { test } from 'node:test';
import { manualClock, Secret, SluiceError } from '@sluice/io';
import { createLog, type LogOptions, levelOfName, levelOfNumber } from './log.ts';
import { descriptorDestination } from './log-destination.ts';
import { saidOnce } from './said-once.ts';

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ name: 'sluice-test', destination: { write: (line: string) => void lines.push(line) }, ...options });
  return { log, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('a line is one JSON object with level, time, name and message', () => {
  const { log, lines, records } = capture();
  log.info({ jobs: 3 }, 'cycle');
  log.debug('not written');
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.endsWith('}\n'));
  const { time, ...rest } = records()[0] ?? {};
  assert.deepEqual(rest, { level: 'info', name: 'sluice-test', jobs: 3, msg: 'cycle' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('secrets are in no line: by the names of fields, as values, in texts and in errors', () => {
  const { log, lines } = capture();
  const key = new Secret('hunter2');
  log.info(
    { password: 'hunter2', nested: { deep: { apiToken: 'hunter2' } }, key, list: [{ jwt: 'hunter2' }] },
    'Authorization: Bearer hunter2',
  );
  log.error({ err: new Error('GET https://user:hunter2@host/ failed', { cause: new Error('token=hunter2') }) }, 'failed');
  log.child({ cookie: 'hunter2' }).child({ secret: 'hunter2' }).info({ url: 'http://x/?key=hunter2' });
  log.info({
    req: { method: 'GET', url: '/jobs?token=hunter2', headers: { cookie: 'hunter2' }, socket: process },
    res: { statusCode: 200, socket: process },
  });
  assert.doesNotMatch(lines.join(''), /hunter2/);
  assert.match(lines.at(-1) ?? '', /"req":\{"method":"GET","url":"[^"]*"\},"res":\{"statusCode":200\}\}/);
});

test('an expected error has its code and hint but no stack, an unexpected one its stack', () => {
  const { log, records } = capture();
  log.error(
    { err: new SluiceError('slurm.unreachable', 'slurmctld does not answer', { hint: 'Start it.', cause: new Error('refused') }) },
    'x',
  );
  log.error({ err: new TypeError('oops') }, 'x');
  const [expected, fault] = records();
  assert.deepEqual(expected?.['err'], {
    code: 'slurm.unreachable',
    message: 'slurmctld does not answer',
    hint: 'Start it.',
    cause: 'refused',
  });
  assert.match(JSON.stringify(fault?.['err']), /"stack":"TypeError: oops.*log\.test\.ts/);
});

test('people get one line with the message first, and control characters cannot steer their terminal', () => {
  const { log, lines } = capture({ form: 'human' });
  log.warn({ cluster: 'a b', jobs: 3 }, 'job \u001b[2J\u009b named');
  log.error({ err: new SluiceError('slurm.denied', 'no', { hint: 'Ask.' }) }, 'failed');
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d WARN {2}job \\x1b\[2J\\x9b named cluster="a b" jobs=3\n$/);
  assert.match(lines[1] ?? '', /ERROR failed\n {4}slurm\.denied: no\n {4}hint: Ask\.\n$/);
});

test('the priority of the journal stands before a line when asked', () => {
  const { log, lines } = capture({ journaldPriority: true, level: 'trace' });
  log.error('a');
  log.info('b');
  log.trace('c');
  assert.deepEqual(
    lines.map((line) => line.slice(0, 4)),
    ['<3>{', '<6>{', '<7>{'],
  );
});

test('levels by the numbers and names of the replaced programs', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9, -1].map(levelOfNumber), ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'trace', 'fatal']);
  assert.deepEqual(['INFO', 'Warning', 'CRITICAL', 'debug', '3', 'loud'].map(levelOfName), [
    'info',
    'warn',
    'fatal',
    'debug',
    'info',
    undefined,
  ]);
});

test('a lasting problem is said when it begins, after an hour, and when it ends, with its count', async () => {
  const { log, records } = capture();
  const clock = manualClock(1_000_000);
  const said = saidOnce({ log, clock });
  for (let minute = 0; minute < 90; minute++) {
    said.begins('rest', 'cc-backend does not answer', { url: 'http://x' });
    await clock.advance(60_000);
  }
  assert.equal(said.lasting().get('rest')?.count, 90);
  said.ends('rest', 'cc-backend answers again');
  said.ends('rest', 'cc-backend answers again');
  assert.deepEqual(
    records().map(({ level, msg, occurrences, seconds }) => ({ level, msg, occurrences, seconds })),
    [
      { level: 'warn', msg: 'cc-backend does not answer', occurrences: undefined, seconds: undefined },
      { level: 'warn', msg: 'still: cc-backend does not answer', occurrences: 61, seconds: 3600 },
      { level: 'info', msg: 'cc-backend answers again', occurrences: 90, seconds: 5400 },
    ],
  );
});

test('a lasting problem that goes on for another reason is said again after a minute', async () => {
  const { log, records } = capture();
  const clock = manualClock(1_000_000);
  const said = saidOnce({ log, clock });
  for (let second = 0; second < 200; second++) {
    said.begins('rest', second < 30 ? 'nobody listens' : 'the token is refused', {}, second < 30 ? 'http.unreachable' : 'cc.denied');
    await clock.advance(1000);
  }
  assert.deepEqual(
    records().map(({ msg, seconds }) => [msg, seconds]),
    [
      ['nobody listens', undefined],
      ['the token is refused', 60],
    ],
  );
});

test('a log that cannot be written harms nobody and later says how much is missing', (t) => {
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const log = createLog({ name: 'test', destination: descriptorDestination(full) });
  for (let line = 0; line < 100; line++) log.info('no space');
  let broken = true;
  const written: string[] = [];
  const destination = descriptorDestination(2, ((_: number, text: Buffer) => {
    if (broken) throw Object.assign(new Error('closed'), { code: 'EPIPE' });
    const part = text.subarray(0, 10);
    written.push(part.toString());
    return part.length;
  }) as typeof writeSync);
  destination.write('first line\n');
  destination.write('second line\n');
  broken = false;
  destination.write('third line\n');
  assert.match(written.join(''), /^\{"level":"warn","lost":2,.*\}\nthird line\n$/);
});
