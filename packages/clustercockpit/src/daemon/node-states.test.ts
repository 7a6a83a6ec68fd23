import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type ManualClock, manualClock, SluiceError } from '@sluice/io';
import { createLog, saidOnce } from '@sluice/service';
import type { Node } from '@sluice/slurm';
import type { NodeStatesPayload } from '../cc/payloads.ts';
import { decideContext, defaultSettings } from '../decide/context.ts';
import { NodeStateSender } from './node-states.ts';

const node = (name: string, state: string): Node =>
  ({
    cluster: 'alpha',
    name,
    hostname: name,
    state,
    flags: [],
    sockets: 1,
    coresPerSocket: 4,
    threadsPerCore: 1,
    cpus: { total: 4, allocated: state === 'ALLOCATED' ? 4 : 0 },
    memoryMiB: { total: 1000, allocated: 0, free: null },
    gres: { total: [], used: [] },
    tres: { total: {}, allocated: {} },
  }) as unknown as Node;

describe('the states of nodes', () => {
  let clock: ManualClock;
  let sent: string[][];
  let fails: boolean;
  let hangs: Promise<void> | undefined;
  let takes: boolean;
  let sender: NodeStateSender;

  beforeEach(() => {
    clock = manualClock(1_700_000_000_000);
    [sent, fails, hangs, takes] = [[], false, undefined, true];
    const context = decideContext(defaultSettings, null, []);
    sender = new NodeStateSender({
      client: {
        profile: async () => ({ version: '1.5', text: null, starts: 'rest', nodeStates: takes, jobCache: true }),
        async nodeStates({ nodes }: NodeStatesPayload) {
          await hangs;
          if (fails) throw new SluiceError('cc.failed', 'it fails');
          sent.push(nodes.map(({ hostname, states }) => `${hostname} ${states}`));
        },
      },
      decisions: { ready: async () => context },
      clock,
      intervalMs: 300_000,
      said: saidOnce({ log: createLog({ name: 'test', level: 'fatal' }), clock }),
    });
  });

  it('go out in whole at first, then what changed, and in whole again after the interval', async () => {
    await sender.send([node('n1', 'IDLE'), node('n2', 'IDLE')]);
    await sender.send([node('n1', 'IDLE'), node('n2', 'ALLOCATED')]);
    await sender.send([node('n1', 'IDLE'), node('n2', 'ALLOCATED')]);
    await clock.advance(300_000);
    await sender.send([node('n1', 'IDLE'), node('n2', 'ALLOCATED')]);
    assert.deepEqual(sent, [['n1 idle', 'n2 idle'], ['n2 allocated'], ['n1 idle', 'n2 allocated']]);
  });

  it('are not kept when they could not be sent: the newest of all go out next', async () => {
    await sender.send([node('n1', 'IDLE'), node('n2', 'IDLE')]);
    fails = true;
    await sender.send([node('n1', 'ALLOCATED'), node('n2', 'IDLE')]);
    fails = false;
    await sender.send([node('n1', 'DOWN'), node('n2', 'IDLE')]);
    assert.deepEqual(sent, [
      ['n1 idle', 'n2 idle'],
      ['n1 down', 'n2 idle'],
    ]);
  });

  it('never queue: while one message is under way, others are left out', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    hangs = promise;
    const first = sender.send([node('n1', 'IDLE')]);
    await sender.send([node('n1', 'ALLOCATED')]);
    resolve();
    await first;
    await sender.send([node('n1', 'DOWN')]);
    assert.deepEqual(sent, [['n1 idle'], ['n1 down']]);
  });

  it('are not sent to a server that has no place for them (before 1.5)', async () => {
    takes = false;
    await sender.send([node('n1', 'IDLE')]);
    assert.deepEqual(sent, []);
  });
});
