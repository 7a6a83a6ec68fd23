import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { type ErrorCode, isCode } from './errors.ts';
import type { HttpClientOptions, HttpRequest } from './http.ts';
import { httpClient } from './http-client.ts';
import { systemProcesses } from './process-system.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
after(() => rmSync(dir, { recursive: true }));
const caFile = join(dir, 'ca.pem');

const processes = systemProcesses(process.env);
const bounds = { timeoutMs: 120_000, inherit: ['PATH'], maxOutputBytes: 1_000_000 };

/** An authority and, signed by it, a certificate for `localhost`: made for this run with the openssl of the machine. */
async function openssl(...args: string[]): Promise<void> {
  const { code, stderr } = await processes.run({
    program: { ...bounds, name: 'sh' },
    args: ['-c', 'cd "$0" && exec openssl "$@"', dir, ...args],
  });
  assert.equal(code, 0, stderr);
}
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Sluice test authority', '-days', '2');
await openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
writeFileSync(join(dir, 'san'), 'subjectAltName=DNS:localhost');
await openssl(
  'x509',
  '-req',
  '-in',
  'server.csr',
  '-CA',
  'ca.pem',
  '-CAkey',
  'ca.key',
  '-CAcreateserial',
  '-out',
  'server.pem',
  '-days',
  '2',
  '-extfile',
  'san',
);

const get: HttpRequest = { method: 'GET', path: '/x?a=1', name: 'x' };
const coded = (code: ErrorCode) => (error: unknown) => isCode(error, code);

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function tlsServed(t: TestContext): Promise<number> {
  const keys = { key: readFileSync(join(dir, 'server.key')), cert: readFileSync(join(dir, 'server.pem')) };
  return listening(
    t,
    createTlsServer(keys, (request, response) => void response.end(`secure ${request.url}`)),
  );
}

function client(t: TestContext, baseUrl: string, options: Partial<HttpClientOptions> = {}) {
  const made = httpClient({ baseUrl, env: {}, ...options });
  t.after(() => made.close());
  return made;
}

/** A proxy that notes what it is asked for, tunnels CONNECT and fetches nothing else: it answers plain requests itself. */
async function proxied(t: TestContext, refuse = false) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    response.end('from the proxy');
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    if (refuse) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const [host = '', port] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    onward.pipe(socket).pipe(onward);
    for (const end of [onward, socket]) end.on('error', () => {});
    t.after(() => onward.destroy());
  });
  return { asked, port: await listening(t, server) };
}

test('the authorities of caFile are trusted; with the system’s store alone the server is not', async (t) => {
  const port = await tlsServed(t);
  assert.equal((await client(t, `https://localhost:${port}`, { caFile }).request(get)).body.toString(), 'secure /x?a=1');
  await assert.rejects(client(t, `https://localhost:${port}`).request({ ...get, method: 'POST' }), (error) => {
    return isCode(error, 'http.tls') && /authority/.test(error.hint ?? '');
  });
});

test('the system’s store is trusted', async (t) => {
  const port = await tlsServed(t);
  const script = `
    import { httpClient } from ${JSON.stringify(new URL('http-client.ts', import.meta.url).href)};
    const client = httpClient({ baseUrl: 'https://localhost:${port}', env: {} });
    process.stdout.write((await client.request({ method: 'GET', path: '/x', name: 'x' })).body);
    await client.close();`;
  // Where the system's store lies is read from the environment when Node first needs it: hence a process of its own.
  const program = { ...bounds, name: process.execPath, env: { SSL_CERT_FILE: caFile } };
  const { stdout, stderr } = await processes.run({
    program,
    args: ['--conditions=@sluice/source', '--input-type=module', '-e', script],
  });
  assert.equal(stdout.toString(), 'secure /x', stderr);
});

test('a certificate for another name, and a server without TLS, are TLS errors', async (t) => {
  const port = await tlsServed(t);
  await assert.rejects(client(t, `https://127.0.0.1:${port}`, { caFile }).request(get), coded('http.tls'));
  const plain = await listening(
    t,
    createServer((_, response) => void response.end()),
  );
  await assert.rejects(client(t, `https://localhost:${plain}`, { caFile }).request(get), coded('http.tls'));
});

test('a caFile that cannot be read or holds no certificate is a configuration error', () => {
  writeFileSync(join(dir, 'empty.pem'), 'nothing\n');
  const make = (file: string) => () => httpClient({ baseUrl: 'https://localhost', caFile: join(dir, file), env: {} });
  assert.throws(make('none.pem'), coded('config.unreadable'));
  assert.throws(make('empty.pem'), coded('config.invalid'));
});

test('HTTPS goes through the proxy’s tunnel, with its user and password', async (t) => {
  const port = await tlsServed(t);
  const proxy = await proxied(t);
  const env = { HTTPS_PROXY: `http://user:pass@127.0.0.1:${proxy.port}`, HTTP_PROXY: 'http://127.0.0.1:1' };
  const through = client(t, `https://localhost:${port}`, { caFile, env, connections: 1 });
  for (let round = 0; round < 2; round += 1) assert.equal((await through.request(get)).body.toString(), 'secure /x?a=1');
  assert.deepEqual(proxy.asked, [`CONNECT localhost:${port} Basic ${Buffer.from('user:pass').toString('base64')}`]);
});

test('HTTPS does not go through the proxy for HTTP', async (t) => {
  const port = await tlsServed(t);
  const direct = client(t, `https://localhost:${port}`, { caFile, env: { HTTP_PROXY: 'http://127.0.0.1:1' } });
  assert.equal((await direct.request(get)).status, 200);
});

test('HTTP is asked of the proxy, named with or without a scheme', async (t) => {
  const proxy = await proxied(t);
  for (const HTTP_PROXY of [`http://127.0.0.1:${proxy.port}`, `127.0.0.1:${proxy.port}`]) {
    const through = client(t, 'http://cc.example.org/prefix', { env: { HTTP_PROXY } });
    assert.equal((await through.request(get)).body.toString(), 'from the proxy');
  }
  assert.deepEqual(proxy.asked, Array(2).fill('GET http://cc.example.org/prefix/x?a=1'));
});

test('NO_PROXY names whom to ask without the proxy; lower case goes first', async (t) => {
  const port = await listening(
    t,
    createServer((_, response) => void response.end('direct')),
  );
  for (const env of [
    { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'example.org, localhost' },
    { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' },
    { http_proxy: '', HTTP_PROXY: 'http://127.0.0.1:1' },
    { HTTPS_PROXY: 'http://127.0.0.1:1' },
  ]) {
    assert.equal((await client(t, `http://localhost:${port}`, { env }).request(get)).body.toString(), 'direct');
  }
});

test('a proxy that is not there or refuses the tunnel: nothing reached the server', async (t) => {
  const refusing = await proxied(t, true);
  for (const port of [1, refusing.port]) {
    const through = client(t, 'https://localhost:9', { caFile, env: { HTTPS_PROXY: `http://127.0.0.1:${port}` } });
    await assert.rejects(through.request({ ...get, method: 'POST' }), coded('http.unreachable'));
  }
  assert.throws(() => httpClient({ baseUrl: 'http://h', env: { HTTP_PROXY: 'http://[' } }), coded('config.invalid'));
});
