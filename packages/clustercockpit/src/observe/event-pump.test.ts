import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ManualClock, manualClock, SluiceError } from '@sluice/io';
import type { EventAnswer } from './cluster-observer.ts';
import { type Asked, EventPump } from './event-pump.ts';

describe('the questions that events give cause for', () => {
  let clock: ManualClock;
  let pump: EventPump;
  let stop: AbortController;
  let running: Promise<void>;
  let asked: string[];
  let failures: unknown[];
  let done: number[];
  let answer: (jobId: number) => EventAnswer;
  let accounting: () => Promise<void>;
  let beta: Asked | undefined;

  beforeEach(() => {
    clock = manualClock(1_700_000_000_000);
    asked = [];
    failures = [];
    done = [];
    answer = () => 'running';
    accounting = async () => {};
    beta = undefined;
    pump = new EventPump({
      observerOf: (cluster) =>
        cluster === 'alpha'
          ? {
              async askEvents(jobIds) {
                asked.push(`controller ${jobIds.length > 5 ? jobIds.length : jobIds.join(' ')}`);
                return new Map(jobIds.map((jobId) => [jobId, answer(jobId)]));
              },
              askAccounting(jobIds) {
                asked.push(`accounting ${jobIds.join(' ')}`);
                return accounting();
              },
            }
          : beta,
      clock,
      queryDelayMs: 3000,
      maxRetries: 3,
      recorded: () => {},
      failed: (_, error) => failures.push(error),
    });
    stop = new AbortController();
    running = pump.run(stop.signal);
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  const add = (jobId: number, kind: 'start' | 'end') => pump.add({ cluster: 'alpha', jobId, kind, done: () => done.push(jobId) });

  it('takes no event of a cluster that is not observed', () => {
    assert.equal(pump.add({ cluster: 'beta', jobId: 1, kind: 'start', done: () => {} }), false);
  });

  it('asks once about a job that runs, and together about those that come close to each other', async () => {
    add(1, 'start');
    await clock.advance(10);
    add(2, 'start');
    await clock.advance(200);
    add(3, 'start');
    await clock.advance(200);
    assert.deepEqual(
      [asked, done],
      [
        ['controller 1 2', 'controller 3'],
        [1, 2, 3],
      ],
    );
  });

  it('asks again at growing intervals about a job that is just ending, then accounting, once', async () => {
    add(1, 'end');
    await clock.advance(60_000);
    assert.deepEqual(asked, [...Array.from({ length: 4 }, () => 'controller 1'), 'accounting 1']);
    assert.deepEqual(done, [1]);
  });

  it('keeps an event while neither can be asked, and asks few at a time again and again', async () => {
    answer = () => 'unasked';
    for (let jobId = 1; jobId <= 5000; jobId++) add(jobId, 'start');
    await clock.advance(20_500);
    assert.deepEqual(
      asked,
      Array.from({ length: 5 }, () => 'controller 200'),
    );
    assert.deepEqual([done.length, pump.size], [0, 5000]);
    answer = () => 'running';
    await clock.advance(20_000);
    assert.deepEqual([done.length, pump.size], [5000, 0]);
  });

  it('tells of an accounting that fails, asks it again, and goes on asking the controller meanwhile', async () => {
    answer = (jobId) => (jobId === 1 ? 'gone' : 'running');
    const hanging = Promise.withResolvers<void>();
    accounting = () => hanging.promise;
    add(1, 'end');
    await clock.advance(5000);
    add(2, 'start');
    await clock.advance(200);
    assert.deepEqual(done, [2]);
    hanging.reject(new SluiceError('slurm.unreachable', 'slurmdbd does not answer'));
    accounting = async () => {};
    await clock.advance(6000);
    assert.equal(failures.length, 1);
    assert.deepEqual(done, [2, 1]);
  });

  it('asks the controller of one cluster while that of another hangs', async () => {
    const hanging = Promise.withResolvers<ReadonlyMap<number, EventAnswer>>();
    const betaAsked: string[] = [];
    beta = {
      askEvents(jobIds) {
        betaAsked.push(jobIds.join(' '));
        return hanging.promise;
      },
      askAccounting: async () => {},
    };
    pump.add({ cluster: 'beta', jobId: 7, kind: 'start', done: () => done.push(7) });
    await clock.advance(500);
    add(1, 'start');
    await clock.advance(200);
    add(2, 'start');
    pump.add({ cluster: 'beta', jobId: 8, kind: 'start', done: () => done.push(8) });
    await clock.advance(200);
    const meanwhile = [[...done], [...betaAsked]];
    hanging.resolve(new Map([7, 8].map((jobId) => [jobId, 'running'])));
    await clock.advance(200);
    assert.deepEqual(meanwhile, [[1, 2], ['7']], 'and the one that hangs is asked nothing more');
    assert.deepEqual(
      [done, betaAsked],
      [
        [1, 2, 7, 8],
        ['7', '8'],
      ],
    );
  });

  it('asks the controller about a new event of a job that accounting is being asked about', async () => {
    answer = () => 'gone';
    const hanging = Promise.withResolvers<void>();
    accounting = () => hanging.promise;
    add(1, 'end');
    await clock.advance(4000);
    answer = () => 'ended';
    add(1, 'start');
    hanging.resolve();
    await clock.advance(300);
    assert.equal(asked.at(-1), 'controller 1');
    assert.deepEqual(done, [1, 1]);
  });
});
