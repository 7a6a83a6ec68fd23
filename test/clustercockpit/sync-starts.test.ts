import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { syncExitCode } from '@sluice/clustercockpit';
import { isCode } from '@sluice/io';
import type { Node } from '@sluice/slurm';
import type { CcBackend, Exchange, FaultRequest } from '@sluice/standins';
import { errorOf, job, now, standIn, stopOf, tokenWith } from './client-bed.ts';
import { type Held, said, sync } from './sync-bed.ts';

function resourcesOf(backend: CcBackend, jobId: number) {
  const row = [...backend.rows('job'), ...backend.rows('job_cache')].find(({ job_id }) => job_id === jobId);
  return JSON.parse(row?.resources ?? 'null') as { hostname: string; hwthreads?: number[]; accelerators?: string[] }[];
}

const node = (name: string): Node =>
  ({
    cluster: 'local',
    name,
    hostname: name,
    sockets: 2,
    coresPerSocket: 4,
    threadsPerCore: 2,
    cpus: { total: 16, allocated: 0 },
    gres: { total: [], used: [] },
  }) as unknown as Node;

const running = (...ids: readonly number[]): readonly Held[] => ids.map((jobId) => ({ jobId, start: now - 600 }));

describe('sync starts', () => {
  test('what runs and is not listed, oldest first, under cc-backend’s name of the cluster', async () => {
    const begun: number[] = [];
    const observe = ({ method, path, requestBody }: Exchange) => {
      if (method === 'POST' && path === '/api/jobs/start_job/') begun.push((JSON.parse(requestBody) as { jobId: number }).jobId);
    };
    await using line = await standIn({ observe });
    const held: Held[] = [
      { jobId: 1, start: now - 10 },
      { jobId: 2, start: now - 20, state: 'SUSPENDED' },
      { jobId: 3, start: now - 30 },
      { jobId: 4, start: now - 40, state: 'COMPLETED', end: now - 5 },
      { jobId: 5, start: now - 5, state: 'PENDING' },
    ];
    const report = await sync(line, { held });
    assert.deepEqual(said(report), ['start 1 sent', 'start 2 sent', 'start 3 sent']);
    assert.deepEqual([report.cluster, report.ccCluster, report.running], ['local', 'labcluster', 3]);
    assert.deepEqual(begun, [3, 2, 1]);
    assert.ok(line.backend.job('labcluster', 1, now - 10));
  });

  for (const version of ['1.3', '1.4'] as const) {
    test(`§10 with cc-backend ${version}, too`, async () => {
      await using line = await standIn({ version, allowedIps: ['*'] });
      assert.deepEqual(said(await sync(line, { held: running(1, 2) })), ['start 1 sent', 'start 2 sent']);
      const rows = [{ jobId: 1, start: now - 600, end: now - 5, state: 'NODE_FAIL' }];
      const report = await sync(line, { held: running(2), rows });
      assert.deepEqual([said(report), report.listed], [['stop 1 sent'], 2]);
      assert.deepEqual(said(await sync(line, { held: running(2), rows })), []);
    });
  }

  test('W3 W5 what is cached only is there already', async () => {
    await using line = await standIn();
    const held = running(1, 2);
    assert.deepEqual(said(await sync(line, { held })), ['start 1 sent', 'start 2 sent']);
    const again = await sync(line, { held });
    assert.deepEqual([said(again), again.listed, syncExitCode(again)], [['start 1 there', 'start 2 there'], 0, 0]);
    await line.backend.sync();
    assert.deepEqual(said(await sync(line, { held })), []);
    assert.equal(line.backend.rows('job').length, 2);
  });

  test('W4 a run that cc-backend shows as ended though it runs is told', async () => {
    await using line = await standIn();
    const start = { ...job, jobId: 1, startTime: now - 600 };
    await line.client.start(start);
    await line.backend.sync();
    await line.client.stop(stopOf(start));
    const report = await sync(line, { held: running(1) });
    assert.deepEqual([said(report), syncExitCode(report)], [['start 1 refused'], 65]);
    assert.match(report.outcomes[0]?.reason ?? '', /has it as completed, though it runs/);
  });

  test('W2 a requeued run within a day is left out, or takes the place of the earlier one', async () => {
    await using line = await standIn();
    const first = { ...job, jobId: 1, startTime: now - 3600 };
    await line.client.start(first);
    await line.backend.sync();
    await line.client.stop(stopOf(first, { jobState: 'cancelled' }));
    const kept = await sync(line, { held: running(1) });
    assert.deepEqual([said(kept), syncExitCode(kept)], [['start 1 left out'], 0]);
    assert.match(kept.outcomes[0]?.reason ?? '', /requeued_jobs: keep-first/);
    const replaced = await sync(line, { held: running(1) }, { keys: { requeued_jobs: 'replace' } });
    assert.deepEqual(said(replaced), ['start 1 sent']);
    assert.equal(line.backend.job('labcluster', 1, now - 3600), undefined);
  });

  test('not what the configuration, the administrator or the moment leaves out', async () => {
    await using line = await standIn();
    const held: Held[] = [
      { jobId: 1, start: now, nodes: 'login1' },
      { jobId: 2, start: now, adminComment: 'a,disable_cc_submission' },
      { jobId: 3, start: now, state: 'RUNNING,CONFIGURING' },
      { jobId: 4, start: now },
    ];
    const report = await sync(line, { held }, { keys: { node_regex: '^(node|gpu)[\\d\\[\\],-]+$' } });
    assert.deepEqual(said(report), ['start 1 left out', 'start 2 left out', 'start 3 left out', 'start 4 sent']);
    assert.equal(syncExitCode(report), 0);
    assert.match(report.outcomes.find(({ run }) => run.jobId === 1)?.reason ?? '', /node_regex/);
  });

  test('§5.7 a host that no subcluster names is refused, and told', async () => {
    await using line = await standIn();
    const report = await sync(line, { held: [{ jobId: 1, start: now, nodes: 'elsewhere1' }] });
    assert.deepEqual([said(report), syncExitCode(report)], [['start 1 refused'], 65]);
  });

  test('only one job, only one direction', async () => {
    await using line = await standIn();
    await line.client.start({ ...job, jobId: 9, startTime: now - 900 });
    await line.backend.sync();
    const slurm = { held: running(1, 2), rows: [{ jobId: 9, start: now - 900, end: now, state: 'COMPLETED' }] };
    assert.deepEqual(said(await sync(line, slurm, { jobId: 2 })), ['start 2 sent']);
    assert.deepEqual(said(await sync(line, slurm, { direction: 'start', jobId: 9 })), []);
    assert.deepEqual(said(await sync(line, slurm, { direction: 'stop' })), ['stop 9 sent']);
  });

  test('as far as the limit goes, stops first; what is refused takes nothing of it', async () => {
    await using line = await standIn();
    for (const jobId of [11, 12, 13]) await line.client.start({ ...job, jobId });
    await line.backend.sync();
    const rows = [11, 12, 13].map((jobId) => ({ jobId, start: job.startTime, end: now, state: 'COMPLETED' }));
    const held: Held[] = [
      { jobId: 1, start: now - 30, nodes: 'elsewhere1' },
      { jobId: 2, start: now - 20 },
      { jobId: 3, start: now - 10 },
      { jobId: 4, start: now - 5 },
    ];
    const report = await sync(line, { held, rows }, { limit: 2 });
    assert.deepEqual(said(report), ['start 1 refused', 'start 2 sent', 'start 3 sent', 'stop 11 sent', 'stop 12 sent']);
    assert.deepEqual(report.limited, ['stop', 'start']);
    await line.backend.sync();
    const next = await sync(line, { held, rows }, { limit: 2 });
    assert.deepEqual([said(next), next.limited], [['start 1 refused', 'start 4 sent', 'stop 13 sent'], []]);
  });

  test('a dry run sends nothing and tells the same', async () => {
    const written: string[] = [];
    const fault = ({ method, path }: FaultRequest) => {
      if (method !== 'GET' && path !== '/query') written.push(path);
      return undefined;
    };
    await using line = await standIn({ fault });
    for (const jobId of [1, 9]) await line.client.start({ ...job, jobId, startTime: now - 600 });
    await line.backend.sync();
    await line.client.stop(stopOf({ ...job, jobId: 1, startTime: now - 600 }));
    written.length = 0;
    const slurm = { held: running(1, 2), rows: [{ jobId: 9, start: now - 600, end: now, state: 'COMPLETED' }] };
    const report = await sync(line, slurm, { dryRun: true });
    assert.deepEqual(said(report), ['start 1 refused', 'start 2 sent', 'stop 9 sent']);
    assert.deepEqual(written, []);
  });

  test('§5.3 §5.4 hardware threads and accelerators by the topology, else by the longest beginning; FPGAs, too', async () => {
    await using line = await standIn();
    const held: Held[] = [
      { jobId: 1, start: now, nodes: 'node01', cpuIds: [0, 1, 8, 9] },
      { jobId: 2, start: now, nodes: 'gpu01', cpuIds: [2], gres: [{ name: 'gpu', type: 'a100', count: 2, indices: [1, 3] }] },
      { jobId: 3, start: now, nodes: 'node02', gres: [{ name: 'fpga', type: 'u280', count: 1, indices: [10] }] },
    ];
    const total = [{ name: 'gpu', type: 'a100', count: 4, indices: null }];
    const nodes = [node('node01'), node('node02'), { ...node('gpu01'), gres: { total, used: [] } }];
    const accelerators = { node: { 10: 'short' }, node0: { 10: 'fpga-10' }, gpu: { 0: 'other' } };
    const report = await sync(line, { held, nodes }, { keys: { accelerators } });
    assert.deepEqual(said(report), ['start 1 sent', 'start 2 sent', 'start 3 sent']);
    assert.deepEqual(resourcesOf(line.backend, 1)[0]?.hwthreads, [0, 4, 8, 12]);
    assert.deepEqual(resourcesOf(line.backend, 2)[0]?.accelerators, ['00000000:3F:00.0', '00000000:81:00.0']);
    assert.deepEqual(resourcesOf(line.backend, 3)[0]?.accelerators, ['fpga-10']);
  });

  test('the environment only where it is wanted, masked', async () => {
    await using line = await standIn();
    const environment = { GRUSS: 'übergrößé ☃', DB_PASSWORD: 'hunter2' };
    await sync(line, { held: running(1), environment });
    await sync(line, { held: running(2), environment }, { keys: { include_environment: true } });
    const [plain = '', full = ''] = line.backend.rows('job_cache').map(({ meta_data }) => meta_data ?? '');
    assert.ok(!plain.includes('GRUSS'));
    assert.ok(full.includes('GRUSS=übergrößé ☃') && full.includes('DB_PASSWORD=[redacted]') && !full.includes('hunter2'));
  });

  test('a cluster that cc-backend does not have, and a token that it refuses, are told at once', async () => {
    await using line = await standIn();
    const unknown = await errorOf(sync(line, { held: running(1) }, { keys: { clustername: 'elsewhere' } }));
    assert.deepEqual([unknown.code, unknown.exitCode], ['config.invalid', 78]);
    assert.match(unknown.message, /no cluster "elsewhere"; it has: labcluster/);
    await using expired = await standIn({}, { token: tokenWith({ exp: now - 60 }) });
    const denied = await errorOf(sync(expired, { held: running(1) }));
    assert.ok(isCode(denied, 'cc.denied'));
    assert.equal(denied.exitCode, 77);
  });

  test('§6.1 a cc-backend that takes jobs by NATS only is told once', async () => {
    await using line = await standIn({ natsMode: true });
    const report = await sync(line, { held: running(1, 2, 3) });
    assert.equal(report.trouble?.code, 'cc.no-route');
    assert.equal(syncExitCode(report), 78);
  });
});
