import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { labSpec } from '../config/lab-spec.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { openEmulator } from '../open-emulator.ts';
import { userOfJwt } from '../rest/jwt.ts';
import { keptJwtKey } from '../rest/jwt-key.ts';
import { accountAssociation } from './administer.ts';
import { type ControlOptions, serveControl } from './serve-control.ts';
import { decayedMinutes } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

interface Served {
  readonly slurm: EmulatedSlurm;
  readonly faults: unknown[];
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<{ status: number; body: Json }>;
  get(path: string): Promise<Json>;
  post(path: string, body?: unknown): Promise<Json>;
}

/** A cluster at the beginning of 2024 whose time stands still; a node has 16 CPUs and they are what is billed. */
async function served(use: (served: Served) => Promise<void>, options: Partial<ControlOptions> = {}): Promise<void> {
  const slurm = openEmulator({ spec: labSpec(), file: ':memory:', start: Date.UTC(2024, 0, 1) / 1000, rate: 0 });
  const faults: unknown[] = [];
  const plane = await serveControl(slurm, { listen: '127.0.0.1:0', onFault: (error) => faults.push(error), ...options });
  const ask: Served['ask'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`http://${plane.address}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const good = async (method: string, path: string, body?: unknown) => {
    const answer = await ask(method, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  try {
    await use({ slurm, faults, ask, get: (path) => good('GET', path), post: (path, body) => good('POST', path, body) });
  } finally {
    await plane.close();
    await slurm.close();
  }
}

const account = (status: Json, name: string) => (status['accounts'] as Readonly<Record<string, Json>>)[name];

test('settings of a period land where sacctmgr shows them, one request per setting as the agent sends them', () =>
  served(async ({ slurm, post, get }) => {
    const answer = await post('/api/apply-periodic-settings', { resource_id: 'HPC_one', fairshare: 333 });
    assert.deepEqual([answer['status'], answer['resource_id'], answer['timestamp']], ['success', 'HPC_one', '2024-01-01T00:00:00Z']);
    await post('/api/apply-periodic-settings', { resource_id: 'HPC_one', grp_tres_mins: { billing: 72_000 } });
    await post('/api/apply-periodic-settings', { resource_id: 'HPC_one', grp_tres: { CPU: 640, gpu: 8 }, max_tres_mins: { cpu: 43_200 } });
    const own = accountAssociation(slurm, 'hpc_one')?.own;
    assert.equal(own?.fairshare, 333);
    assert.deepEqual(own?.grpTresMins, { billing: 72_000 });
    assert.deepEqual(own?.grpTres, { cpu: 640, 'gres/gpu': 8 });
    assert.deepEqual(own?.maxTresMinsPerJob, { cpu: 43_200 });
    assert.deepEqual(account(await get('/api/status'), 'hpc_one'), {
      allocation: 1000,
      usage: 0,
      qos: 'normal',
      fairshare: 333,
      limits: { 'GrpTRESMins:billing': 72_000, 'MaxTRESMins:cpu': 43_200, 'GrpTRES:cpu': 640, 'GrpTRES:gres/gpu': 8 },
    });
    await post('/api/apply-periodic-settings', { resource_id: 'HPC_one', grp_tres: { cpu: -1, gpu: null } });
    assert.deepEqual(accountAssociation(slurm, 'hpc_one')?.own.grpTres, {});
  }));

test('a resource that the cluster does not track is refused before anything is written', () =>
  served(async ({ slurm, ask }) => {
    const { status, body } = await ask('POST', '/api/apply-periodic-settings', { resource_id: 'a', fairshare: 5, grp_tres: { cpus: 1 } });
    assert.equal(status, 400);
    assert.equal(body['detail'], 'the cluster tracks no resource "cpus"; "cpu" is one');
    assert.equal(accountAssociation(slurm, 'a'), undefined);
  }));

test('reported usage counts against the share, stands in accounting, decays, and is taken away by a reset', () =>
  served(async ({ slurm, post, get }) => {
    await post('/api/accounts', { name: 'one', description: 'One', organization: 'lab', allocation: 100 });
    await post('/api/time/advance?days=10');
    const report = await post('/api/submit-report', { resource_id: 'one', usage: 110, billing_period: '2024-Q1', users: { ada: 80.5 } });
    assert.deepEqual(report['threshold_status'], {
      level: 'slowdown',
      status: 'soft_limit_exceeded',
      percent: 110,
      usage: 110,
      allocation: 100,
      grace_ratio: 0.2,
    });
    assert.equal(Math.round(decayedMinutes(slurm, 'one')['billing'] ?? 0), 110 * 60 * 16);
    const rows = [...slurm.database.jobRows({ accounts: ['one'] })];
    assert.deepEqual(
      rows.map(({ user, state, nodeCount, start, end }) => [user, state, nodeCount, (end ?? 0) - (start ?? 0)]),
      [
        ['one_user', 'COMPLETED', 30, 3540],
        ['ada', 'COMPLETED', 84, 3450],
      ],
    );
    await post('/api/time/advance?days=7');
    assert.equal(Math.round(decayedMinutes(slurm, 'one')['billing'] ?? 0), (110 * 60 * 16) / 2, 'the half-life is 7 days');
    await post('/api/apply-periodic-settings', { resource_id: 'one', reset_raw_usage: true });
    assert.equal(decayedMinutes(slurm, 'one')['billing'] ?? 0, 0);
    assert.equal(account(await get('/api/status'), 'one')?.['usage'], 0);
    await post('/api/submit-report', { resource_id: 'one', usage: 3, date: '2024-01-15' });
    assert.equal(account(await get('/api/status'), 'one')?.['usage'], 3);
    await post('/api/time/advance?quarters=1');
    assert.equal(account(await get('/api/status'), 'one')?.['usage'], 0, 'a new quarter');
  }));

test('a QOS that is set is made, and holds jobs', () =>
  served(async ({ slurm, post, ask }) => {
    await post('/api/downscale-resource', { resource_id: 'physics', action: 'set_qos', qos: 'blocked', reason: 'over' });
    const alice = { uid: 1001, gid: 1001, user: 'alice', group: 'alice' };
    const request = { workDir: '/', script: '#!/bin/sh\nsleep 60\n', command: '', environment: {}, submitLine: 'sbatch', submitHost: 'vm' };
    const { jobId } = slurm.controller.submit([{ ...request, account: 'physics' }], alice);
    slurm.time.advance(60);
    const job = slurm.controller.job(jobId);
    assert.deepEqual([job?.qos, job?.state, job?.reason], ['blocked', 'PENDING', 'QOSGrpJobsLimit']);
    assert.equal((await post('/api/restore-resource', { resource_id: 'physics' }))['qos'], 'normal');
    assert.equal((await ask('POST', '/api/downscale-resource', { resource_id: 'physics', action: 'delete', qos: 'x' })).status, 400);
    const unknown = await ask('POST', '/api/restore-resource', { resource_id: 'nobody' });
    assert.deepEqual([unknown.status, unknown.body['detail']], [400, 'the cluster has no account "nobody"']);
  }));

test('time goes by the calendar', () =>
  served(async ({ post, ask }) => {
    assert.equal((await post('/api/time/set', { date: '2024-01-31' }))['current_time'], '2024-01-31T00:00:00Z');
    assert.equal((await post('/api/time/advance?months=1'))['current_time'], '2024-02-29T00:00:00Z');
    const later = await post('/api/time/advance?quarters=1&days=2');
    assert.deepEqual([later['current_time'], later['current_period']], ['2024-05-31T00:00:00Z', '2024-Q2']);
    for (const bad of ['', '?days=-1', '?days=1e9', '?months=x', '?years=1']) {
      assert.equal((await ask('POST', `/api/time/advance${bad}`)).status, 400, bad);
    }
    for (const date of ['2024-02-30', 'tomorrow', 5]) assert.equal((await ask('POST', '/api/time/set', { date })).status, 400);
  }));

test('clusters, and tokens that a slurmrestd with the same key would take', () =>
  served(
    async ({ post, get }) => {
      await post('/api/clusters', { name: 'second' });
      const { clusters } = await get('/api/clusters');
      assert.deepEqual((clusters as readonly Json[]).map(({ name }) => name).sort(), ['labcluster', 'second']);
      const { token, SLURM_JWT: line } = await post('/api/token', { username: 'alice' });
      assert.equal(line, `SLURM_JWT=${token}`);
      const [head, claims, signature] = String(token).split('.');
      assert.equal(createHmac('sha256', 'secret').update(`${head}.${claims}`).digest('base64url'), signature);
      const { sun, iat, exp } = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString('utf8')) as Record<string, number>;
      assert.deepEqual([sun, Number(exp) - Number(iat)], ['alice', 1800]);
    },
    { jwtKey: Buffer.from('secret') },
  ));

test('tokens are signed with the key of the cluster, as slurmrestd asks of them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-control-'));
  const path = join(directory, 'jwt_hs256.key');
  const spec = labSpec();
  const slurm = openEmulator({ spec: { ...spec, settings: { ...spec.settings, AuthAltParameters: `jwt_key=${path}` } }, file: ':memory:' });
  const control = await serveControl(slurm, { listen: '127.0.0.1:0' });
  try {
    const made = await fetch(`http://${control.address}/api/token`, { method: 'POST', body: '{"username":"alice"}' });
    const { token } = (await made.json()) as { readonly token: string };
    assert.deepEqual(userOfJwt(token, keptJwtKey(path, randomBytes), slurm.time.now()), { user: 'alice' });
    assert.equal(userOfJwt(token, randomBytes(32), slurm.time.now()), undefined);
  } finally {
    await control.close();
    await slurm.close();
    rmSync(directory, { recursive: true });
  }
});

test('what is no request of the API is refused in JSON', () =>
  served(async ({ ask, get }) => {
    assert.deepEqual((await ask('GET', '/api/nothing')).body, { detail: 'Not Found' });
    assert.equal((await ask('GET', '/api/nothing')).status, 404);
    assert.equal((await ask('GET', '/api/accounts')).status, 405);
    assert.equal((await ask('POST', '/api/accounts', '{"name":')).status, 400);
    assert.equal((await ask('POST', '/api/accounts', { name: '../x' })).status, 400);
    assert.equal((await ask('POST', '/api/accounts', `"${'x'.repeat(1024 * 1024)}"`)).status, 413);
    assert.equal((await ask('POST', '/api/accounts', { name: 'x' }, { origin: 'http://elsewhere' })).status, 403);
    assert.equal((await get('/'))['cluster'], 'labcluster');
  }));

test('no body makes it fail', () =>
  served(async ({ ask, faults }) => {
    const paths = [
      'apply-periodic-settings',
      'downscale-resource',
      'restore-resource',
      'submit-report',
      'clusters',
      'token',
      'time/set',
      'accounts',
    ];
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ resource_id: fc.anything(), name: fc.anything(), usage: fc.anything(), grp_tres_mins: fc.anything() })
        .map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), bodies, async (path, body) => {
        const { status } = await ask('POST', `/api/${path}`, body);
        assert.ok(status === 200 || status === 400, `${status}`);
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(faults, []);
  }));

test('with a token only who sends it is heard, and without one nobody from outside', async () => {
  await served(
    async ({ ask }) => {
      assert.equal((await ask('GET', '/api/status')).status, 401);
      assert.equal((await ask('GET', '/api/status', undefined, { authorization: 'Bearer wrong' })).status, 401);
      assert.equal((await ask('GET', '/api/status', undefined, { authorization: 'Bearer right' })).status, 200);
    },
    { token: 'right' },
  );
  const slurm = openEmulator({ spec: labSpec(), file: ':memory:', rate: 0 });
  await assert.rejects(serveControl(slurm, { listen: '0.0.0.0:0' }), { code: 'usage' });
  await assert.rejects(serveControl(slurm, { listen: 'nowhere' }), { code: 'usage' });
  await slurm.close();
});
