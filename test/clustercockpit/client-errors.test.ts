import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ccBackendClient } from '@sluice/clustercockpit';
import { describeError, httpClient, isCode, type SluiceError, systemProcesses } from '@sluice/io';
import { type Answered, at, envelope, errorOf, first, job, now, release, scripted, standIn, stopOf, tokenWith } from './client-bed.ts';

/** What an administrator reads; a token is never in it. */
function told(error: SluiceError, ...tokens: readonly string[]): string {
  const lines = describeError(error, { stack: true }).join('\n');
  for (const token of tokens) assert.ok(!lines.includes(token), 'the token is told');
  return lines;
}

describe('§2 a token that is refused', () => {
  const table: readonly (readonly [string, string, RegExp])[] = [
    [
      'expired',
      tokenWith({ exp: now - 60 }),
      /hint: The token of sluice expired at 2026-11-18T\S+Z\. Make a new one: cc-backend -jwt sluice/,
    ],
    ['with a role too many', tokenWith({ roles: ['api', 'user'] }), /it needs api alone, or admin and api/],
    ['with the wrong role', tokenWith({ roles: ['user'] }), /has the roles user; it needs api alone/],
    ['without a subject', tokenWith({ sub: '' }), /cc-backend -jwt NAME/],
    ['broken', `${tokenWith()}x`, /was it made with this server's key\?/],
    ['no token', 'secret-of-ours', /no JWT/],
    ['none', '', /No token is configured/],
  ];
  for (const [name, token, hint] of table) {
    test(name, async () => {
      await using line = await standIn({}, { token });
      for (const ask of [() => line.client.start(job), () => line.client.clusters(), () => line.client.profile()]) {
        const error = await errorOf(ask());
        assert.ok(isCode(error, 'cc.denied'));
        assert.match(token === '' ? told(error) : told(error, token), hint);
      }
    });
  }

  test('one that expires while we run is told as that, and a new one is taken up', async () => {
    let expired = true;
    const refuse = () =>
      expired ? { ...envelope(401, 'token has invalid claims: token is expired', 'Unauthorized') } : { status: 201, body: {} };
    let token = tokenWith({ exp: now - 1 });
    await using line = await scripted(first(release('1.5.4'), at('POST', '/api/jobs/start_job/', refuse)), { token: () => token });
    assert.match(told(await errorOf(line.client.start(job)), token), /expired at/);
    expired = false;
    token = tokenWith();
    assert.deepEqual(await line.client.start(job), { kind: 'written' });
    assert.equal(line.asked.at(-1)?.headers['x-auth-token'], token);
  });

  test('an address that is not allowed is another matter', async () => {
    await using line = await standIn({ allowedIps: ['10.1.2.3'] });
    assert.match(told(await errorOf(line.client.clusters())), /unknown ip.*\n?.*main\.api-allowed-ips/);
  });

  test('a refusal that is not cc-backend’s is told as that of something between, with what it calls itself', async () => {
    const page = '<html><head><title>403 Forbidden</title></head><body><center>nginx</center></body></html>';
    const answers: readonly (readonly [Answered, RegExp])[] = [
      [
        { status: 403, headers: { server: 'nginx/1.22.1', via: '1.1 gate' }, body: page },
        /something before cc-backend \(server: nginx\/1\.22\.1, via: 1\.1 gate\) refused the listing of clusters with 403: 403 Forbidden nginx;/,
      ],
      [{ status: 401, body: 'Authorization Required' }, /something before cc-backend refused .* with 401: Authorization Required;/],
      [{ status: 403, body: { message: 'no' } }, /with 403: \{"message":"no"\};/],
      [{ status: 403, body: '' }, /with 403: an empty answer;/],
    ];
    for (const [answer, says] of answers) {
      const token = tokenWith({ exp: now - 60 });
      await using line = await scripted(() => answer, { token: () => token });
      const error = await errorOf(line.client.clusters());
      assert.ok(isCode(error, 'cc.blocked'));
      assert.match(error.message, says);
      assert.match(told(error, token), /hint: It is not the token/);
      assert.ok(isCode(await errorOf(line.client.start(job)), 'cc.blocked'));
    }
  });

  test('a token without roles is refused twice in one answer, and by cc-backend', async () => {
    const twice = `${JSON.stringify({ error: 'unauthorized', status: 'Unauthorized' })}\n`.repeat(2);
    await using line = await scripted(() => ({ status: 401, body: twice }));
    assert.ok(isCode(await errorOf(line.client.clusters()), 'cc.denied'));
  });

  test('1.3 says 403', async () => {
    await using line = await scripted(at('GET', '/api/clusters/', () => envelope(403, 'missing role: api', 'Forbidden')));
    assert.ok(isCode(await errorOf(line.client.clusters()), 'cc.denied'));
  });
});

describe('W17 a route that is missing, and why', () => {
  const table: readonly (readonly [string, Answered | undefined, RegExp])[] = [
    [
      'the address of something else',
      { status: 404, body: '<html><h1>Not Found</h1><p>nginx</p></html>' },
      /no cc-backend 1\.3 or newer: check ccRestUrl/,
    ],
    ['a path too many', undefined, /ccRestUrl has a path too many/],
    ['a page for everything', { status: 200, body: '<html>Welcome</html>' }, /ccRestUrl must be the address of cc-backend itself/],
    ['a method that is not served', { status: 405, body: '' }, /check ccRestUrl/],
  ];
  for (const [name, answer, hint] of table) {
    test(name, async () => {
      await using line = await scripted(() => answer, { prefix: '/api' });
      const error = await errorOf(line.client.start(job));
      assert.ok(isCode(error, 'cc.no-route'));
      assert.match(error.hint ?? '', hint);
      assert.equal(line.asked.filter(({ method }) => method === 'POST').length, 0, 'nothing is written to who knows what');
    });
  }
});

describe('§1 redirects', () => {
  const jobs = { status: 200, body: { jobs: [] } };
  const moved = (location: string, status = 301): Answered => ({ status, headers: { location }, body: '' });

  test('the slash that 1.4 wants is given once, to reads only', async () => {
    await using line = await scripted(
      first(
        at('GET', '/cc/api/jobs/', () => moved('/cc/api/jobs')),
        at('GET', '/cc/api/jobs', () => jobs),
      ),
      { prefix: '/cc' },
    );
    assert.deepEqual(await line.client.startedAt('labcluster', 5), []);
    assert.equal(line.asked[1]?.path, '/cc/api/jobs?cluster=labcluster&start-time=5-5&items-per-page=1000');
  });

  test('no circle is followed', async () => {
    await using line = await scripted(
      first(
        at('GET', '/api/clusters/', () => moved('/api/clusters')),
        at('GET', '/api/clusters', () => moved('/api/clusters/')),
      ),
    );
    assert.ok(isCode(await errorOf(line.client.clusters()), 'cc.no-route'));
    assert.equal(line.asked.length, 2);
  });

  test('a write is not sent elsewhere, nor the token to another place', async () => {
    const elsewhere = 'https://monitoring.example/api/jobs/start_job/';
    await using line = await scripted(
      first(
        release('1.5.4'),
        at('POST', '/api/jobs/start_job/', () => moved(elsewhere, 308)),
      ),
    );
    const error = await errorOf(line.client.start(job));
    assert.ok(isCode(error, 'cc.no-route'));
    assert.match(told(error), /redirected to https:\/\/monitoring\.example.*\n?.*configure the address that it redirects to/);
    await using login = await scripted(() => moved('https://sso.example/login?next=%2Fapi', 302));
    assert.match(told(await errorOf(login.client.profile())), /sso\.example/);
  });
});

describe('§4.17 what may be repeated', () => {
  const start = (answer: Answered) =>
    scripted(
      first(
        release('1.5.4'),
        at('POST', '/api/jobs/start_job/', () => answer),
      ),
    );

  test("a proxy's page is told by its status and first words", async () => {
    const page = '<html><head><title>502 Bad Gateway</title><style>h1{}</style></head><body><h1>Bad Gateway</h1>\n<hr>nginx</body></html>';
    await using line = await start({ status: 502, headers: { 'content-type': 'text/html' }, body: page });
    const error = await errorOf(line.client.start(job));
    assert.ok(isCode(error, 'cc.failed'));
    assert.equal(
      error.message,
      'cc-backend, or a proxy before it, answered the start of job 7 with 502: 502 Bad Gateway Bad Gateway nginx',
    );
  });

  test("a proxy's page with 200 is no answer to a write: nothing has come to cc-backend", async () => {
    const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '\n<!DOCTYPE html><title>Down for maintenance</title>' };
    const path = ({ path }: { readonly path: string }) => path.startsWith('/api/jobs/stop') || path.startsWith('/api/jobs/delete');
    await using line = await scripted(
      first(release('1.5.4'), (asked) => (path(asked) || asked.path === '/api/nodestate/' ? page : undefined)),
    );
    for (const work of [
      () => line.client.stop(stopOf(job)),
      () => line.client.remove(job.cluster, job.jobId, job.startTime),
      () => line.client.nodeStates({ cluster: job.cluster, nodes: [] }),
    ]) {
      const error = await errorOf(work());
      assert.equal(error.code, 'cc.failed');
      assert.match(error.message, /a proxy before it, answered .* with 200: Down for maintenance/);
    }
  });

  test('how long it asks to be left alone is in the error', async () => {
    const date = new Date((now + 90) * 1000).toUTCString();
    for (const [header, ms] of [
      ['7', 7000],
      [date, 90_000],
      ['soon', undefined],
    ] as const) {
      await using line = await start({ ...envelope(429, 'slow down'), headers: { 'retry-after': header } });
      const error = await errorOf(line.client.start(job));
      assert.deepEqual([error.code, error.retryAfterMs], ['cc.failed', ms]);
    }
  });

  test('an answer that nobody can read is none', async () => {
    for (const body of ['{"clusters":', 'null', '{}', '<html>']) {
      await using line = await scripted(at('GET', '/api/clusters/', () => ({ status: 200, body })));
      assert.ok(isCode(await errorOf(line.client.clusters()), 'cc.failed'));
    }
  });
});

describe('a server that cannot be had', () => {
  const askOnce = async (baseUrl: string) => {
    const http = httpClient({ baseUrl, env: {} });
    try {
      return await errorOf(ccBackendClient(http, tokenWith).start(job));
    } finally {
      await http.close();
    }
  };

  test('nobody listens', async () => {
    const line = await scripted(() => undefined);
    await line[Symbol.asyncDispose]();
    const error = await askOnce(line.url);
    assert.ok(isCode(error, 'http.unreachable'));
    assert.match(told(error), /127\.0\.0\.1:\d+.*\n?.*hint: Nothing listens there/s);
  });

  test('no TLS there', async () => {
    await using line = await scripted(() => undefined);
    const error = await askOnce(line.url.replace('http:', 'https:'));
    assert.ok(isCode(error, 'http.tls'));
    assert.match(error.hint ?? '', /http:\/\/ instead of https:\/\//);
  });

  test('a certificate that nobody vouches for', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-cc-tls-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert];
    const program = { name: 'openssl', timeoutMs: 120_000, inherit: ['PATH'], maxOutputBytes: 1_000_000 };
    const { code, stderr } = await systemProcesses(process.env).run({ program, args: [...args, '-subj', '/CN=localhost', '-days', '2'] });
    assert.equal(code, 0, stderr);
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => void response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => void server.close());
    const error = await askOnce(`https://localhost:${(server.address() as AddressInfo).port}`);
    assert.ok(isCode(error, 'http.tls'));
    assert.match(error.hint ?? '', /name its PEM file in the configuration/);
  });
});
