import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type ManualClock, manualClock, SluiceError } from '@sluice/io';
import { createLog, saidOnce } from '@sluice/service';
import type { CcCluster } from '../decide/cc-cluster.ts';
import { defaultSettings } from '../decide/context.ts';
import { cluster, held, node, run, subCluster, topology, usual } from '../decide/decide.fixture.ts';
import { Decisions } from './decisions.ts';

const served = (hwthreads: typeof usual) => [cluster(subCluster('n1', { topology: hwthreads }))];

describe('what decisions rest on', () => {
  let clock: ManualClock;
  let clusters: readonly CcCluster[] | undefined;
  let asked: number;
  let decisions: Decisions;

  beforeEach(() => {
    clock = manualClock(1_700_000_000_000);
    [clusters, asked] = [served(usual), 0];
    decisions = new Decisions({
      settings: defaultSettings,
      client: {
        async clusters() {
          asked++;
          if (clusters) return clusters;
          throw new SluiceError('http.unreachable', 'nobody listens');
        },
      },
      nodes: () => [node('n1')],
      clock,
      said: saidOnce({ log: createLog({ name: 'test', level: 'fatal' }), clock }),
    });
  });

  async function hwthreads() {
    const decided = await decisions.start(run([held('n1', { cpuIds: [2, 3] })]));
    assert.ok('payload' in decided, JSON.stringify(decided));
    return decided.payload.resources[0]?.hwthreads;
  }

  it('a topology that cc-backend was started anew with is used before long, and asked for seldom', async () => {
    assert.deepEqual([await hwthreads(), await hwthreads(), asked], [[1, 9], [1, 9], 1]);
    clusters = served(topology((core) => [2 * core, 2 * core + 1]));
    await clock.advance(600_000);
    assert.deepEqual([await hwthreads(), await hwthreads(), asked], [[2, 3], [2, 3], 2]);
  });

  it('a reload of the configuration has it asked at once', async () => {
    await hwthreads();
    clusters = served(topology((core) => [2 * core, 2 * core + 1]));
    decisions.settle(defaultSettings);
    assert.deepEqual(await hwthreads(), [2, 3]);
  });

  it('a cc-backend that does not answer keeps no run waiting for what it has said before', async () => {
    await hwthreads();
    clusters = undefined;
    await clock.advance(600_000);
    assert.deepEqual([await hwthreads(), await hwthreads(), asked], [[1, 9], [1, 9], 2]);
  });
});
