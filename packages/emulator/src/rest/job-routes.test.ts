import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, withRest } from './slurmrestd.fixture.ts';

const script = '#!/bin/sh\nsleep 60\n';

test('a job is submitted as it was described, in the words of every dialect', async () => {
  for (const [release, version, job] of [
    ['22.05', 'v0.0.38', { environment: { A: 'b' }, nodes: [2, 3], time_limit: 30, tres_per_node: 'gres:gpu:a100:1' }],
    [
      '23.11',
      'v0.0.40',
      { environment: ['A=b'], minimum_nodes: 2, maximum_nodes: 3, time_limit: { set: true, number: 30 }, tres_per_node: 'gres/gpu:a100:1' },
    ],
    [
      '26.05',
      'v0.0.45',
      { environment: ['A=b'], nodes: '2-3', time_limit: { set: true, infinite: false, number: 30 }, tres_per_node: 'gres/gpu:a100:1' },
    ],
  ] as const) {
    await withRest(release, async ({ ask, slurm }) => {
      const common = { name: 'two', partition: 'gpu', comment: 'of a test', current_working_directory: '/tmp', hold: true };
      const { status, text } = await ask('POST', `/slurm/${version}/job/submit`, { script, job: { ...common, ...job } });
      assert.equal(status, 200, text);
      const [made] = [...slurm.controller.jobs()];
      const { request } = made ?? {};
      assert.deepEqual(
        [request?.name, request?.minNodes, request?.maxNodes, request?.timeLimit, request?.gresPerNode, request?.comment, request?.hold],
        ['two', 2, 3, 30, 'gpu:a100:1', 'of a test', true],
        release,
      );
      assert.deepEqual([request?.environment, request?.script], [{ A: 'b' }, script]);
    });
  }
});

test('arrays, het jobs, updates, holds and signals', () =>
  withRest('24.11', async ({ ask, slurm }) => {
    const post = (path: string, body: unknown) => ask('POST', `/slurm/v0.0.42/${path}`, body);
    const job = { script, environment: ['A=b'], current_working_directory: '/tmp' };
    await post('job/submit', { job: { ...job, array: '0-3%2', hold: true } });
    assert.equal(slurm.controller.select('1').length, 1);
    await post('job/1', { time_limit: 5, comment: 'later', hold: false });
    slurm.time.advance(30);
    const tasks = slurm.controller.select('1');
    assert.ok(tasks.every(({ comment, timeLimit }) => comment === 'later' && timeLimit === 5));
    assert.ok(tasks.some(({ state }) => state === 'RUNNING'));
    const states = await ask('GET', '/slurm/v0.0.42/jobs/state');
    assert.ok((at(states.json, 'jobs') as readonly Record<string, unknown>[]).some(({ job_id }) => job_id === '1_0'));
    const killed = await ask('DELETE', '/slurm/v0.0.42/jobs', { jobs: ['1', '4711'] });
    assert.deepEqual(at(killed.json, 'status', 0, 'error', 'code'), 2017);
    slurm.time.advance(60);
    assert.ok(slurm.controller.select('1').every(({ state }) => state === 'CANCELLED'));
    const het = await post('job/submit', { jobs: [job, { ...job, partition: 'gpu' }] });
    const id = Number(at(het.json, 'job_id'));
    assert.equal(slurm.controller.select(`${id}`).length, 2);
    const shown = await ask('GET', `/slurm/v0.0.42/job/${id}`);
    assert.deepEqual(at(shown.json, 'jobs', 1, 'het_job_offset', 'number'), 1);
  }));

test('history is chosen by user, account, state and time', () =>
  withRest('24.11', async ({ ask, slurm, token }) => {
    const job = { script, environment: ['A=b'], current_working_directory: '/tmp', time_limit: { set: true, number: 1 } };
    for (const user of ['alice', 'bob']) {
      await ask('POST', '/slurm/v0.0.42/job/submit', { job }, { 'X-SLURM-USER-TOKEN': token(user) });
    }
    slurm.time.advance(7200);
    const count = async (query: string) => at((await ask('GET', `/slurmdb/v0.0.42/jobs?${query}`)).json, 'jobs', 'length');
    const now = slurm.time.now();
    assert.equal(await count(''), 2);
    assert.equal(await count('users=alice'), 1);
    assert.equal(await count('account=chem'), 1);
    assert.equal(await count(`start_time=${now - 60}&end_time=${now}`), 0);
    assert.equal(await count(`start_time=uts${now - 7300}&end_time=uts${now}`), 2);
    assert.equal(await count('state=RUNNING&start_time=now-10minutes&end_time=now'), 0);
    assert.equal((await ask('GET', '/slurmdb/v0.0.42/jobs?start_time=yesteryear')).status, 422);
    const one = await ask('GET', '/slurmdb/v0.0.42/jobs?users=alice&skip_steps=true');
    assert.equal(at(one.json, 'jobs', 0, 'steps', 'length'), 0);
  }));

test('nodes are drained, reservations made and taken away', () =>
  withRest('25.05', async ({ ask, slurm }) => {
    await ask('POST', '/slurm/v0.0.43/node/node01', { state: ['DRAIN'], reason: 'a test' });
    const node = await ask('GET', '/slurm/v0.0.43/node/node01');
    assert.deepEqual(at(node.json, 'nodes', 0, 'state'), ['IDLE', 'DRAIN']);
    assert.equal(at(node.json, 'nodes', 0, 'reason'), 'a test');
    const now = slurm.time.now();
    const body = {
      name: 'maint',
      node_list: ['gpu02'],
      users: ['root'],
      start_time: { set: true, number: now + 600 },
      duration: { set: true, number: 60 },
    };
    assert.equal((await ask('POST', '/slurm/v0.0.43/reservation', body)).status, 200);
    const found = await ask('GET', '/slurm/v0.0.43/reservation/maint');
    assert.deepEqual(at(found.json, 'reservations', 0, 'end_time', 'number'), now + 600 + 3600);
    assert.equal((await ask('DELETE', '/slurm/v0.0.43/reservation/maint')).status, 200);
    assert.equal(slurm.controller.reservations().length, 0);
  }));
