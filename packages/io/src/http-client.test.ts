import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type ErrorCode, isCode } from './errors.ts';
import type { HttpClientOptions, HttpObservation, HttpRequest } from './http.ts';
import { httpClient } from './http-client.ts';

const get: HttpRequest = { method: 'GET', path: '/x', name: 'x' };
const post: HttpRequest = { method: 'POST', path: '/x', name: 'x', body: '{}' };
const coded = (code: ErrorCode) => (error: unknown) => isCode(error, code);

async function served(t: TestContext, listener: RequestListener, options: Partial<HttpClientOptions> = {}) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = httpClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, env: {}, ...options });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
  });
  return { server, client };
}

/** A server that answers each connection's bytes as it likes: `react` is called with the number of the request. */
async function rawServed(t: TestContext, react: (socket: Socket, request: number) => void, options: Partial<HttpClientOptions> = {}) {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => {
      requests += 1;
      react(socket, requests);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = httpClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, env: {}, connections: 1, ...options });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await client.close();
  });
  return { client, requests: () => requests, connections: () => sockets.size };
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('method, path below the base, headers and body arrive; status, headers and body come back', async (t) => {
  const seen: unknown[] = [];
  const { server, client } = await served(t, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url } = request;
    const { 'x-a': a, 'x-b': b, 'content-length': length } = request.headers;
    seen.push({ method, url, a, b, length, body: Buffer.concat(chunks).toString() });
    response.writeHead(404, { 'X-Answer': ['1', '2'] }).end('nö');
  });
  const below = httpClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`,
    headers: { 'X-A': 'base', 'X-B': 'base' },
    env: {},
  });
  t.after(() => below.close());
  const answer = await below.request({ ...post, path: '/jobs?a=1', headers: { 'x-b': 'own' }, body: Buffer.from('körper') });
  assert.deepEqual(seen, [{ method: 'POST', url: '/prefix/jobs?a=1', a: 'base', b: 'own', length: '7', body: 'körper' }]);
  assert.deepEqual([answer.status, answer.headers['x-answer'], answer.body.toString()], [404, '1, 2', 'nö']);
  assert.equal((await client.request({ ...get, method: 'DELETE' })).status, 404);
});

test('connections are kept and bounded', async (t) => {
  let connections = 0;
  const { server, client } = await served(t, (_, response) => void response.end('x'), { connections: 3 });
  server.on('connection', () => {
    connections += 1;
  });
  for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 10 }, () => client.request(post)));
  assert.equal(connections, 3);
});

test('a base that is no HTTP URL is a configuration error without its password', () => {
  for (const baseUrl of ['', 'host:80', 'ftp://host', 'http://u:s3cr3t@host/?a=b']) {
    assert.throws(
      () => httpClient({ baseUrl, env: {} }),
      (error) => isCode(error, 'config.invalid') && !error.message.includes('s3cr3t'),
    );
  }
});

test('user and password of the base become basic authorization', async (t) => {
  const { server } = await served(t, (request, response) => void response.end(request.headers.authorization));
  const client = httpClient({ baseUrl: `http://al%40x:p%2Fw@127.0.0.1:${(server.address() as AddressInfo).port}`, env: {} });
  t.after(() => client.close());
  assert.equal((await client.request(get)).body.toString(), `Basic ${Buffer.from('al@x:p/w').toString('base64')}`);
});

test('a server that is not there: nothing was sent', async (t) => {
  const { server, client } = await served(t, () => {});
  server.close();
  await once(server, 'close');
  await assert.rejects(client.request({ ...post, path: '/x?token=s3cr3t' }), (error) => {
    assert.ok(isCode(error, 'http.unreachable'));
    assert.match(error.message, /^POST http:\/\/127\.0\.0\.1:\d+\/x: .*ECONNREFUSED/);
    assert.match(error.hint ?? '', /Nothing listens there/);
    return true;
  });
});

test('a unix socket is asked, and one that is not there is unreachable', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-http-'));
  const socketPath = join(dir, 'server.sock');
  const server = createServer((request, response) => void response.end(request.headers.host));
  server.listen(socketPath);
  await once(server, 'listening');
  const here = httpClient({ baseUrl: 'http://slurmrestd', socketPath, env: { HTTP_PROXY: 'http://127.0.0.1:1' } });
  const absent = httpClient({ baseUrl: 'http://slurmrestd', socketPath: join(dir, 'none.sock'), env: {} });
  t.after(async () => {
    await here.close();
    await absent.close();
    server.close();
    rmSync(dir, { recursive: true });
  });
  assert.equal((await here.request(get)).body.toString(), 'slurmrestd');
  await assert.rejects(absent.request(get), coded('http.unreachable'));
});

test('no answer in time is a time-out with unknown outcome, also in the middle of the body', async (t) => {
  // The connection is there before the time begins to count: without one the request would not have been sent.
  for (const answer of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf']) {
    const { client, connections } = await rawServed(t, (socket, request) => void socket.write(request === 2 ? answer : ok));
    assert.equal((await client.request(post)).status, 200);
    await assert.rejects(client.request({ ...post, timeoutMs: 50 }), coded('http.timeout'));
    assert.equal((await client.request(post)).status, 200);
    assert.equal(connections(), 2);
  }
});

test('a request that gets no connection in time was not sent', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const { client, requests } = await rawServed(t, () => arrived.resolve());
  const leave = new AbortController();
  const first = client.request({ ...post, signal: leave.signal });
  await arrived.promise;
  await assert.rejects(client.request({ ...post, timeoutMs: 50 }), coded('http.unreachable'));
  leave.abort();
  await assert.rejects(first);
  assert.equal(requests(), 1);
});

test("the caller's signal ends the request with its reason, before and during it", async (t) => {
  const reason = new Error('no longer wanted');
  const abort = new AbortController();
  const { client, requests } = await rawServed(t, () => abort.abort(reason));
  const isReason = (error: unknown) => error === reason;
  await assert.rejects(client.request({ ...post, signal: AbortSignal.abort(reason) }), isReason);
  assert.equal(requests(), 0);
  await assert.rejects(client.request({ ...post, signal: abort.signal }), isReason);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
});

test('a POST that is dropped is never repeated: what the server did is unknown', async (t) => {
  const { client, requests } = await rawServed(t, (socket, request) => void (request === 1 ? socket.write(ok) : socket.destroy()));
  assert.equal((await client.request(post)).status, 200);
  await assert.rejects(client.request(post), coded('http.dropped'));
  assert.equal(requests(), 2);
});

test('a GET that is dropped before its answer begins is sent once more, and once only', async (t) => {
  const { client, requests } = await rawServed(t, (socket, request) => void (request === 2 ? socket.destroy() : socket.write(ok)));
  assert.equal((await client.request(get)).status, 200);
  assert.equal((await client.request(get)).status, 200);
  assert.equal(requests(), 3);
  const never = await rawServed(t, (socket) => void socket.destroy());
  await assert.rejects(never.client.request(get), coded('http.dropped'));
  assert.equal(never.requests(), 2);
});

test('an answer that breaks off or is not HTTP is dropped, and not asked for again', async (t) => {
  for (const answer of [
    'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
  ]) {
    const { client, requests } = await rawServed(t, (socket) => void socket.end(answer));
    await assert.rejects(client.request(get), coded('http.dropped'));
    assert.equal(requests(), 1);
  }
  const ssh = await rawServed(t, (socket) => void socket.end('SSH-2.0-OpenSSH\r\n'));
  await assert.rejects(ssh.client.request(post), coded('http.dropped'));
});

test('compressed answers are decoded', async (t) => {
  const text = 'größe '.repeat(1000);
  const codings: Record<string, Buffer> = {
    gzip: gzipSync(text),
    br: brotliCompressSync(text),
    deflate: deflateSync(text),
    'deflate, raw': deflateRawSync(text),
    'br, gzip': gzipSync(brotliCompressSync(text)),
    identity: Buffer.from(text),
    unknown: Buffer.from(text),
  };
  const { client } = await served(t, (request, response) => {
    const coding = decodeURIComponent(request.url?.slice(1) ?? '');
    response.writeHead(200, { 'Content-Encoding': coding.replace(', raw', '') }).end(codings[coding]);
  });
  for (const coding of Object.keys(codings)) {
    assert.equal((await client.request({ ...get, path: `/${encodeURIComponent(coding)}` })).body.toString(), text, coding);
  }
});

test('a body that is not what its coding says is dropped', async (t) => {
  const { client } = await served(t, (_, response) => void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('plain'));
  await assert.rejects(client.request(get), coded('http.dropped'));
});

test('the cap holds for what was announced, for what came, and for what it decodes to', async (t) => {
  const { client } = await served(
    t,
    (request, response) => {
      const body = Buffer.alloc(Number(request.url?.split('/')[2]));
      if (request.url?.startsWith('/gzip')) response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(body));
      else if (request.url?.startsWith('/length')) response.writeHead(200, { 'Content-Length': body.length }).end(body);
      else response.writeHead(200).write(body, () => response.end());
    },
    { maxBodyBytes: 100_000 },
  );
  for (const way of ['gzip', 'length', 'chunked']) {
    assert.equal((await client.request({ ...get, path: `/${way}/100000` })).body.length, 100_000, way);
    await assert.rejects(client.request({ ...get, path: `/${way}/100001` }), coded('http.too-large'), way);
  }
});

test('a header that cannot be sent is named without its value', async (t) => {
  const { client } = await served(t, (_, response) => void response.end());
  await assert.rejects(
    client.request({ ...get, headers: { 'X-Auth-Token': 's3cr3t\nX: y' } }),
    (error) => isCode(error, 'data.invalid') && error.message.includes('x-auth-token') && !error.message.includes('s3cr3t'),
  );
});

test('every request is observed once, with status or code', async (t) => {
  const observed: HttpObservation[] = [];
  const { client } = await rawServed(t, (socket, request) => void (request === 1 ? socket.write(ok) : socket.destroy()), {
    observe: (observation) => observed.push(observation),
  });
  await client.request({ ...get, name: 'first' });
  await assert.rejects(client.request({ ...get, name: 'second' }));
  await assert.rejects(client.request({ ...get, name: 'third', signal: AbortSignal.abort() }));
  assert.deepEqual(
    observed.map(({ name, result }) => [name, result]),
    [
      ['first', 200],
      ['second', 'http.dropped'],
      ['third', 'aborted'],
    ],
  );
});

test('a closed client sends nothing', async (t) => {
  const { client, requests } = await rawServed(t, (socket) => void socket.write(ok));
  await client.close();
  await assert.rejects(client.request(get), coded('http.unreachable'));
  assert.equal(requests(), 0);
});
