import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { at, withRest } from './slurmrestd.fixture.ts';

describe('who may ask', () => {
  test('nobody without a token, and nobody with two', () =>
    withRest('24.11', async ({ ask, token }) => {
      const none = await ask('GET', '/slurm/v0.0.42/ping', undefined, {});
      assert.deepEqual([none.status, none.type, none.text], [401, 'text/plain', 'Authentication failure']);
      const two = { 'X-SLURM-USER-TOKEN': token('root'), authorization: `Bearer ${token('root')}` };
      assert.equal((await ask('GET', '/slurm/v0.0.42/ping', undefined, two)).status, 401);
      assert.equal((await ask('GET', '/openapi/v3', undefined, {})).status, 401);
    }));

  test('a token that is over or of another key is refused by the daemons', () =>
    withRest('24.11', async ({ ask, slurm, token }) => {
      const old = token('alice', 60);
      slurm.time.advance(61);
      for (const bad of [old, `${token('alice')}x`]) {
        const jobs = await ask('GET', '/slurm/v0.0.42/jobs', undefined, { 'X-SLURM-USER-NAME': 'alice', 'X-SLURM-USER-TOKEN': bad });
        assert.equal(jobs.status, 511);
        assert.equal(at(jobs.json, 'errors', 0, 'error_number'), 1007);
        const users = await ask('GET', '/slurmdb/v0.0.42/users', undefined, { 'X-SLURM-USER-TOKEN': bad });
        assert.deepEqual([users.status, at(users.json, 'errors', 0, 'error_number')], [502, 7000]);
      }
    }));

  test('who has a token speaks for himself; root for anybody', () =>
    withRest('25.05', async ({ ask, token }) => {
      const as = (name: string, of: string) => ({ 'X-SLURM-USER-NAME': name, 'X-SLURM-USER-TOKEN': token(of) });
      assert.equal((await ask('GET', '/slurm/v0.0.43/jobs', undefined, as('alice', 'alice'))).status, 200);
      assert.equal((await ask('GET', '/slurm/v0.0.43/jobs', undefined, as('bob', 'alice'))).status, 511);
      assert.equal((await ask('GET', '/slurm/v0.0.43/jobs', undefined, as('bob', 'root'))).status, 200);
      assert.equal((await ask('GET', '/slurm/v0.0.43/jobs', undefined, { authorization: `Bearer ${token('bob')}` })).status, 200);
      assert.equal((await ask('GET', '/slurm/v0.0.43/jobs', undefined, as('mallory', 'mallory'))).status, 511);
    }));

  test('without a key any token will do, with a name', () =>
    withRest(
      '24.11',
      async ({ ask }) => {
        const named = { 'X-SLURM-USER-NAME': 'alice', 'X-SLURM-USER-TOKEN': 'whatever' };
        assert.equal((await ask('GET', '/slurm/v0.0.42/jobs', undefined, named)).status, 200);
        assert.equal((await ask('GET', '/slurm/v0.0.42/jobs', undefined, { 'X-SLURM-USER-TOKEN': 'whatever' })).status, 401);
      },
      { jwtKey: null },
    ));

  test('on a unix socket the local user needs none', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'slurmrestd-'));
    try {
      const bob = { uid: 1002, gid: 1002, user: 'bob', group: 'bob' };
      const listen = { path: join(directory, 'slurmrestd.sock') };
      await withRest(
        '24.11',
        async ({ ask, address, slurm }) => {
          assert.equal(address, `unix:${listen.path}`);
          const job = { script: '#!/bin/sh\nsleep 9\n', current_working_directory: '/tmp', environment: ['A=b'] };
          assert.equal((await ask('POST', '/slurm/v0.0.42/job/submit', { job }, {})).status, 200);
          assert.equal([...slurm.controller.jobs()][0]?.user, 'bob');
        },
        { listen, local: bob },
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('versions and paths', () => {
  test('the dialects of the release and those that are added, no others', () =>
    withRest(
      '26.05',
      async ({ ask }) => {
        for (const [dialect, status] of [
          [41, 404],
          [42, 200],
          [43, 200],
          [44, 200],
          [45, 200],
          [46, 200],
          [47, 404],
        ] as const) {
          assert.equal((await ask('GET', `/slurm/v0.0.${dialect}/ping/`)).status, status, `v0.0.${dialect}`);
        }
        const { json } = await ask('GET', '/slurmdb/v0.0.46/tres/');
        assert.equal(at(json, 'meta', 'plugin', 'data_parser'), 'data_parser/v0.0.46');
      },
      { moreDialects: [46] },
    ));

  test('the OpenAPI document names the paths that are answered, and no others', () =>
    withRest('22.05', async ({ ask }) => {
      const { json } = await ask('GET', '/openapi/v3');
      const paths = Object.keys(at(json, 'paths') ?? {});
      assert.ok(paths.includes('/slurm/v0.0.38/job/submit') && paths.includes('/slurmdb/v0.0.38/associations'));
      assert.ok(!paths.some((path) => /instances|shares|reconfigure|users_association/.test(path)));
      for (const path of paths.filter((one) => !one.includes('{') && !one.endsWith('job/submit'))) {
        const get = at(json, 'paths', path, 'get') !== undefined;
        assert.equal((await ask('GET', path)).status === 405, !get, path);
      }
    }));

  test('YAML for who asks for it', () =>
    withRest('24.11', async ({ ask, token }) => {
      const headers = { 'X-SLURM-USER-TOKEN': token('root'), accept: 'application/yaml' };
      const { text, type } = await ask('GET', '/slurm/v0.0.42/ping', undefined, headers);
      assert.equal(type, 'application/yaml');
      assert.match(text, /^%YAML 1\.1\n--- !!map\n!!str pings: !!seq\n- !!map\n {2}!!str hostname: !!str localhost\n/);
    }));
});

describe('faults', () => {
  test('a slurmrestd that is down cuts everybody off', () =>
    withRest('24.11', async ({ ask, slurm }) => {
      slurm.setFaults({ slurmrestd: 'down' });
      await assert.rejects(ask('GET', '/slurm/v0.0.42/ping'), /http\.dropped|http\.unreachable|slurmrestd|closed|reset/i);
      slurm.setFaults({ slurmrestd: 'up' });
      assert.equal((await ask('GET', '/slurm/v0.0.42/ping')).status, 200);
    }));

  test('23.11 answers nothing at all without slurmdbd; 24.11 does what slurmctld does', async () => {
    for (const [release, dialect, status] of [
      ['23.11', 40, 500],
      ['24.11', 42, 200],
    ] as const) {
      await withRest(release, async ({ ask, slurm }) => {
        slurm.setFaults({ slurmdbd: 'down' });
        const { status: said } = await ask('GET', `/slurm/v0.0.${dialect}/jobs`);
        assert.equal(said, status, release);
      });
    }
  });
});
