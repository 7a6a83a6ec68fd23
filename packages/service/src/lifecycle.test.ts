import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { type Call, manualClock, type Processes, SluiceError } from '@sluice/io';
import { createHealth } from './health.ts';
import { type Part, type ProgramOptions, runProgram } from './lifecycle.ts';
import { createLog } from './log.ts';
import { systemdNotifier } from './systemd.ts';

class Host extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

/** systemd-notify as a list of what it was told. */
function recordingProcesses(code = 0) {
  const calls: Call[] = [];
  const processes: Processes = {
    run: (call) => {
      calls.push(call);
      return Promise.resolve({ code, signal: null, stderr: code === 0 ? '' : 'no socket', durationMs: 1, stdout: Buffer.alloc(0) });
    },
    stream: () => assert.fail('not used'),
  };
  return { processes, calls, told: () => calls.map((call) => call.args.join(' ')) };
}

function stage(
  parts: readonly Part[],
  more: Partial<ProgramOptions> = {},
  env: Readonly<Record<string, string>> = { NOTIFY_SOCKET: '/x' },
) {
  const lines: string[] = [];
  const log = createLog({ name: 'test', destination: { write: (line: string) => void lines.push(line) } });
  const clock = manualClock();
  const host = new Host();
  const systemd = recordingProcesses();
  const notifier = systemdNotifier({ env, processes: systemd.processes, log, pid: 7 });
  const running = runProgram({ name: 'test', parts, log, clock, host, notifier, monotonicUsec: () => 99n, ...more });
  const messages = () => lines.map((line) => JSON.parse(line) as { level: string; msg: string });
  return { running, clock, host, messages, told: systemd.told };
}

function recorder(events: string[], name: string): Part {
  return { name, start: () => void events.push(`+${name}`), stop: () => void events.push(`-${name}`) };
}

async function settled(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !condition(); turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(condition(), 'this should have happened by now');
}

test('parts start in order and stop in the opposite one; systemd hears of it', async () => {
  const events: string[] = [];
  const { running, host, told } = stage([recorder(events, 'journal'), recorder(events, 'poller'), recorder(events, 'server')]);
  await settled(() => told().length === 1);
  host.emit('SIGTERM');
  assert.equal(await running, 0);
  assert.deepEqual(events, ['+journal', '+poller', '+server', '-server', '-poller', '-journal']);
  assert.deepEqual(told(), ['READY=1 STATUS=running', 'STOPPING=1 STATUS=stopping']);
  assert.equal(host.eventNames().length, 0, 'no listener stays');
  assert.deepEqual(host.exits, []);
});

test('without a notify socket nothing is started', async () => {
  const { running, host, messages, told } = stage([], {}, {});
  await settled(() => messages().some(({ msg }) => msg === 'running'));
  host.emit('SIGINT');
  assert.equal(await running, 0);
  assert.deepEqual(told(), []);
});

test('a part that cannot start ends the program with the exit code of its error; the others are stopped', async () => {
  const events: string[] = [];
  const broken: Part = {
    name: 'broken',
    start: () => {
      throw new SluiceError('config.invalid', 'no');
    },
  };
  const { running, told } = stage([recorder(events, 'journal'), broken, recorder(events, 'never')]);
  assert.equal(await running, 78);
  assert.deepEqual(events, ['+journal', '-journal']);
  assert.deepEqual(told(), ['STOPPING=1 STATUS=stopping']);
});

test('a signal while parts start ends the start', async () => {
  const events: string[] = [];
  const slow: Part = {
    name: 'slow',
    start: ({ stopping }) => new Promise((_, reject) => stopping.addEventListener('abort', () => reject(new Error('aborted')))),
  };
  const { running, host, told } = stage([recorder(events, 'journal'), slow, recorder(events, 'never')]);
  await settled(() => events.length === 1);
  host.emit('SIGTERM');
  assert.equal(await running, 0);
  assert.deepEqual(events, ['+journal', '-journal']);
  assert.ok(!told().some((text) => text.includes('READY')));
});

test('a part that fails later drains the program and gives the exit code', async () => {
  let fail: (error: unknown) => void = () => {};
  const part: Part = {
    name: 'journal',
    start: (context) => {
      fail = context.fail;
    },
  };
  const { running, messages } = stage([part]);
  await settled(() => messages().some(({ msg }) => msg === 'running'));
  fail(new SluiceError('journal.full', 'no space'));
  assert.equal(await running, 75);
  assert.ok(messages().some(({ level, msg }) => level === 'error' && msg === 'journal cannot go on'));
});

test('what does not drain before the deadline is told, the rest is stopped, and the exit code says so', async () => {
  const events: string[] = [];
  let told = false;
  const stuck: Part = {
    name: 'stuck',
    stop: (deadline) => {
      deadline.addEventListener('abort', () => {
        told = true;
      });
      return new Promise(() => {});
    },
  };
  const { running, host, clock, messages } = stage([recorder(events, 'journal'), stuck], { drainMs: 5000 });
  await settled(() => messages().some(({ msg }) => msg === 'running'));
  host.emit('SIGTERM');
  await clock.untilSleeping();
  await clock.advance(5000);
  assert.equal(await running, 75);
  assert.equal(told, true);
  assert.deepEqual(events, ['+journal', '-journal']);
  assert.ok(messages().some(({ msg }) => msg === 'stuck did not stop within 5 s'));
});

test('a second signal ends the process at once', async () => {
  const stuck: Part = { name: 'stuck', stop: () => new Promise(() => {}) };
  const { host, messages } = stage([stuck]);
  await settled(() => messages().some(({ msg }) => msg === 'running'));
  host.emit('SIGTERM');
  host.emit('SIGTERM');
  assert.deepEqual(host.exits, [143]);
});

test('an uncaught exception and an unhandled rejection are logged and end the process with 70', async () => {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    const { host, messages } = stage([]);
    await settled(() => messages().some(({ msg }) => msg === 'running'));
    host.emit(event, new TypeError('oops'));
    assert.deepEqual(host.exits, [70]);
    assert.ok(messages().some(({ level }) => level === 'fatal'));
    host.emit('SIGTERM');
  }
});

test('SIGHUP reloads; a broken configuration keeps the old one and says so; two at once are not lost', async () => {
  let reloads = 0;
  const reload = () => {
    reloads += 1;
    if (reloads === 1) throw new SluiceError('config.invalid', 'the configuration has one error:\n  x: no');
  };
  const { running, host, told, messages } = stage([], { reload });
  await settled(() => told().length === 1);
  host.emit('SIGHUP');
  host.emit('SIGHUP');
  host.emit('SIGHUP');
  await settled(() => told().length === 5);
  assert.equal(reloads, 2);
  assert.deepEqual(told().slice(1), [
    'RELOADING=1 MONOTONIC_USEC=99',
    'READY=1 STATUS=running with the old configuration: the new one has errors',
    'RELOADING=1 MONOTONIC_USEC=99',
    'READY=1 STATUS=running',
  ]);
  assert.ok(messages().some(({ level, msg }) => level === 'error' && /old one stays/.test(msg)));
  host.emit('SIGTERM');
  assert.equal(await running, 0);
});

test('a SIGHUP while the parts start is not lost', async () => {
  let go = () => {};
  let reloads = 0;
  const slow: Part = {
    name: 'slow',
    start: () =>
      new Promise((resolve) => {
        go = resolve;
      }),
  };
  const { running, host, told } = stage([slow], {
    reload: () => {
      reloads += 1;
    },
  });
  host.emit('SIGHUP');
  assert.equal(reloads, 0);
  go();
  await settled(() => told().length === 3);
  assert.equal(reloads, 1);
  host.emit('SIGTERM');
  assert.equal(await running, 0);
});

test('the watchdog is fed at half its time, only while the live checks are well', async () => {
  const clock = manualClock();
  const health = createHealth(clock);
  let well = true;
  health.add(
    'loop',
    () => {
      if (!well) throw new Error('stuck');
      return undefined;
    },
    { kind: 'live' },
  );
  const env = { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' };
  const { running, host, told, messages } = stage([], { clock, health }, env);
  await clock.untilSleeping();
  await clock.advance(90_000);
  await settled(() => told().filter((text) => text === 'WATCHDOG=1').length === 3);
  well = false;
  await clock.advance(90_000);
  assert.equal(told().filter((text) => text === 'WATCHDOG=1').length, 3);
  assert.equal(messages().filter(({ msg }) => /watchdog is not fed/.test(msg)).length, 1);
  host.emit('SIGTERM');
  assert.equal(await running, 0);
});

test('a watchdog of another process is not ours; a failing systemd-notify is said once and harms nothing', async () => {
  const lines: string[] = [];
  const log = createLog({ name: 'test', destination: { write: (line: string) => void lines.push(line) } });
  const { processes, calls } = recordingProcesses(1);
  const notifier = systemdNotifier({ env: { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '1000000', WATCHDOG_PID: '8' }, processes, log, pid: 7 });
  assert.equal(notifier.watchdogMs, undefined);
  await notifier.notify('STATUS=one\nREADY=1');
  await notifier.notify('STATUS=two');
  assert.deepEqual(
    calls.map((call) => call.args),
    [['STATUS=one READY=1'], ['STATUS=two']],
  );
  assert.deepEqual(calls[0]?.program.inherit, ['NOTIFY_SOCKET']);
  assert.equal(lines.length, 1);
});
