// A small program of two parts that says on stdout what it does; `behaviour` decides what goes wrong.
import { join } from 'node:path';
import { systemClock, systemProcesses } from '@sluice/io';
import { lockInstance } from './journal/instance-lock.ts';
import { type Part, runProgram } from './lifecycle.ts';
import { createLog } from './log.ts';
import { systemdNotifier } from './systemd.ts';

const [directory = '', behaviour = 'serve'] = process.argv.slice(2);
const log = createLog({ name: 'fixture' });
const say = (text: string) => void process.stdout.write(`${text}\n`);

let release = () => {};
const lock: Part = {
  name: 'lock',
  start: () => {
    release = lockInstance(join(directory, 'fixture.lock'), process.pid).release;
  },
  stop: () => release(),
};

let timer: NodeJS.Timeout | undefined;
const work: Part = {
  name: 'work',
  start: () => {
    timer = setInterval(() => {}, 1000);
    setImmediate(() => {
      say(`ready ${process.pid}`);
      if (behaviour === 'throw') throw new Error('on purpose');
      if (behaviour === 'reject') Promise.reject(new Error('on purpose'));
    });
  },
  stop: () => {
    if (behaviour === 'hang') {
      say('draining');
      return new Promise(() => {});
    }
    clearInterval(timer);
    say('drained');
    return undefined;
  },
};

process.exitCode = await runProgram({
  name: 'fixture',
  parts: [lock, work],
  log,
  clock: systemClock(),
  host: process,
  notifier: systemdNotifier({ env: {}, processes: systemProcesses({}), log, pid: process.pid }),
  reload: () => say('reloaded'),
});
