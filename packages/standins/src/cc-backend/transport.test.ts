import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mintToken } from '../index.ts';
import { bench, keys, now, start } from '../testing/backend.ts';

test('§1 paths match exactly: a start without its last slash is a job id that is no number', async () => {
  await using b = await bench();
  const answer = await b.ask('POST', '/api/jobs/start_job', start());
  assert.equal(answer.status, 400);
  assert.equal(answer.json['error'], 'integer expected in path for id: strconv.ParseInt: parsing "start_job": invalid syntax');
  assert.equal((await b.ask('PUT', '/api/jobs/start_job', start())).status, 405);
  assert.equal((await b.ask('GET', '/api/jobs')).status, 404);
});

test('§1 unknown paths and wrong methods are answered without auth', async () => {
  await using b = await bench();
  const unknown = await b.ask('GET', '/api/x', undefined, {});
  assert.equal(unknown.status, 404);
  assert.equal(unknown.text, '{"error":"the requested endpoint does not exist","status":"Resource not found"}\n');
  const wrong = await b.ask('DELETE', '/api/jobs/start_job/', undefined, {});
  assert.deepEqual([wrong.status, wrong.text, wrong.headers['allow']], [405, '', 'POST, PUT']);
});

test('§1 answers are compressed for those who accept it, and escaped for HTML', async () => {
  await using b = await bench();
  await b.ask('POST', '/api/jobs/start_job/', start({ metaData: { jobName: 'a<b>&c' } }));
  b.backend.sync();
  const answer = await b.ask('GET', '/api/jobs/?with-metadata=true');
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.match(answer.text, /a\\u003cb\\u003e\\u0026c/);
});

test('§1 a write that a browser sends across sites is blocked', async () => {
  await using b = await bench();
  const token = mintToken(keys, { name: 'sluice', roles: ['api'] }, now);
  const headers = { 'x-auth-token': token, 'sec-fetch-site': 'cross-site' };
  assert.equal((await b.ask('POST', '/api/jobs/start_job/', {}, headers)).status, 403);
  assert.equal((await b.ask('GET', '/api/jobs/', undefined, headers)).status, 200);
});

test('§2 tokens: role api alone or admin with api; anything else is 401, never 403', async () => {
  await using b = await bench();
  const ask = async (roles: string[], claims: Record<string, unknown> = {}) => {
    const headers = { authorization: `Bearer ${mintToken(keys, { name: 'u', roles }, now, claims)}` };
    const { status, json } = await b.ask('GET', '/api/jobs/', undefined, headers);
    return `${status} ${json['error'] ?? 'ok'}`;
  };
  assert.equal(await ask(['api']), '200 ok');
  assert.equal(await ask(['admin', 'api']), '200 ok');
  assert.equal(await ask(['api', 'user']), '401 unauthorized');
  assert.equal(await ask(['user']), '401 unauthorized');
  assert.equal(await ask([]), '401 unauthorized');
  assert.equal(await ask(['api'], { sub: '' }), "401 missing 'sub' claim in JWT");
  assert.match(await ask(['api'], { exp: now }), /^401 .*token is expired/);
  assert.match(await ask(['api'], { nbf: now + 1 }), /^401 /);
  assert.equal(await ask(['api'], { exp: now + 1 }), '200 ok');
});

test('§2 no token, a foreign key, another algorithm', async () => {
  await using b = await bench();
  assert.equal((await b.ask('GET', '/api/jobs/', undefined, {})).json['error'], 'no user for secured check');
  const token = mintToken(keys, { name: 'u', roles: ['api'] }, now);
  const [, body] = token.split('.');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
  const hmac = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${body}.AAAA`;
  for (const bad of ['x', `${token}x`, `${token.slice(0, -8)}AAAAAAAA`, unsigned, hmac]) {
    const answer = await b.ask('GET', '/api/jobs/', undefined, { 'x-auth-token': bad });
    assert.deepEqual([answer.status, answer.json['status']], [401, 'Unauthorized'], bad);
  }
});

test('§2 the list of allowed addresses trusts the headers that name one', async () => {
  await using b = await bench({ allowedIps: ['10.0.0.1'] });
  const token = mintToken(keys, { name: 'u', roles: ['api'] }, now);
  assert.equal((await b.ask('GET', '/api/jobs/')).json['error'], 'unknown ip: 127.0.0.1');
  assert.equal((await b.ask('GET', '/api/jobs/', undefined, { 'x-auth-token': token, 'x-real-ip': '10.0.0.1' })).status, 200);
});

test('§6.1 with the NATS API configured start and stop have no route, the rest has', async () => {
  await using b = await bench({ natsMode: true });
  const answer = await b.ask('POST', '/api/jobs/start_job/', start());
  assert.deepEqual([answer.status, answer.json['status']], [404, 'Resource not found']);
  assert.equal((await b.ask('POST', '/api/jobs/stop_job/', {})).status, 404);
  assert.equal((await b.ask('GET', '/api/jobs/')).status, 200);
});

test('§1 §4.14 unknown paths of every prefix are JSON, others a page; no token is asked for', async () => {
  await using b = await bench();
  for (const path of ['/api/', '/api/jobs', '/api/jobs/start_job/x', '/userapi/x', '/frontend/x', '/config/x', '/api/nodestats/']) {
    const { status, json } = await b.ask('GET', path, undefined, {});
    assert.deepEqual([status, json['status']], [404, 'Resource not found'], path);
  }
  const page = await b.ask('GET', '/nowhere', undefined, {});
  assert.deepEqual([page.status, page.headers['content-type']], [404, 'text/html; charset=utf-8']);
  for (const [method, path] of [
    ['GET', '/api/jobs/stop_job/'],
    ['DELETE', '/api/jobs/'],
    ['GET', '/api/nodestate/'],
    ['POST', '/api/clusters/'],
    ['PUT', '/api/jobs/5'],
    ['GET', '/api/jobs/edit_meta/5'],
    ['POST', '/userapi/jobs/'],
  ] as const) {
    const answer = await b.ask(method, path, undefined, {});
    assert.deepEqual([answer.status, answer.text, typeof answer.headers['allow']], [405, '', 'string'], path);
  }
});

test('§1 no type of the body is asked for, none is too large; security headers', async () => {
  await using b = await bench();
  const jobScript = 'x'.repeat(3_000_000);
  const answer = await b.ask('POST', '/api/jobs/start_job/', start({ metaData: { jobScript } }));
  assert.deepEqual([answer.status, answer.headers['x-content-type-options'], answer.headers['x-frame-options']], [201, 'nosniff', 'DENY']);
  assert.equal(JSON.parse(b.backend.rows('job_cache')[0]?.meta_data ?? '{}').jobScript.length, 3_000_000);
});

test('§1 the two envelopes: of handlers, and of what is refused before them', async () => {
  await using b = await bench();
  const handler = await b.ask('POST', '/api/jobs/stop_job/', {});
  assert.equal(handler.text, '{"status":"Bad Request","error":"the field \'jobId\' is required"}\n');
  assert.equal(handler.headers['content-type'], 'application/json');
  const auth = await b.ask('GET', '/api/jobs/', undefined, {});
  assert.equal(auth.text, '{"error":"no user for secured check","status":"Unauthorized"}\n');
});

test('§2 a token without roles is answered twice over', async () => {
  await using b = await bench();
  const { status, text } = await b.ask('GET', '/api/jobs/', undefined, { 'x-auth-token': mintToken(keys, { name: 'u', roles: [] }, now) });
  assert.deepEqual([status, text], [401, '{"error":"unauthorized","status":"Unauthorized"}\n'.repeat(2)]);
});

test('§2 §11 X-Auth-Token before Authorization, Bearer or not', async () => {
  await using b = await bench();
  const token = mintToken(keys, { name: 'u', roles: ['api'] }, now);
  const cases: [headers: Record<string, string>, status: number][] = [
    [{ authorization: `Bearer ${token}` }, 200],
    [{ authorization: token }, 200],
    [{ 'x-auth-token': token, authorization: 'Bearer x' }, 200],
    [{ 'x-auth-token': 'x', authorization: `Bearer ${token}` }, 401],
    [{ 'x-auth-token': '', authorization: `Bearer ${token}` }, 200],
  ];
  for (const [headers, status] of cases) assert.equal((await b.ask('GET', '/api/jobs/', undefined, headers)).status, status);
});

test('§2 §11 addresses: the first * allows all, a list of hops matches none, the address is looked at before the role', async () => {
  const token = mintToken(keys, { name: 'u', roles: ['api'] }, now);
  const user = mintToken(keys, { name: 'u', roles: ['user'] }, now);
  const cases: [allowedIps: string[], headers: Record<string, string>, answer: string][] = [
    [['*', 'x'], {}, 'ok'],
    [[], {}, 'ok'],
    [['127.0.0.1'], {}, 'ok'],
    [['10.0.0.1'], { 'x-forwarded-for': '10.0.0.1' }, 'ok'],
    [['10.0.0.1'], { 'x-forwarded-for': '10.0.0.1:4711' }, 'ok'],
    [['10.0.0.1'], { 'x-forwarded-for': '10.0.0.1, 10.0.0.2' }, 'unknown ip: 10.0.0.1, 10.0.0.2'],
    [['10.0.0.1'], { 'x-real-ip': '10.0.0.2', 'x-forwarded-for': '10.0.0.1' }, 'unknown ip: 10.0.0.2'],
    [['fe80::1'], { 'x-real-ip': '[fe80::1]:4711' }, 'ok'],
    [['10.0.0.1'], { 'x-auth-token': user }, 'unknown ip: 127.0.0.1'],
    [['127.0.0.1'], { 'x-auth-token': user }, 'unauthorized'],
  ];
  for (const [allowedIps, headers, answer] of cases) {
    await using b = await bench({ allowedIps });
    const { json } = await b.ask('GET', '/api/jobs/', undefined, { 'x-auth-token': token, ...headers });
    assert.equal(json['error'] ?? 'ok', answer, JSON.stringify([allowedIps, headers]));
  }
});

test('§1.1 invalid UTF-8 becomes U+FFFD', async () => {
  await using b = await bench();
  const [head, tail] = JSON.stringify(start({ metaData: { jobName: '@@' } })).split('@@');
  const body = Buffer.concat([Buffer.from(head ?? ''), Buffer.from([0x61, 0xff, 0x62]), Buffer.from(tail ?? '')]);
  const token = mintToken(keys, { name: 'sluice', roles: ['api'] }, now);
  assert.equal((await b.ask('POST', '/api/jobs/start_job/', body, { 'x-auth-token': token })).status, 201);
  assert.equal(b.backend.rows('job_cache')[0]?.meta_data, '{"jobName":"a\ufffdb"}');
});
