import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer, type LookupFunction, Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { httpClient } from './http-client.ts';
import './loopback-only.ts';

const refused = /not this machine/;
// Of the documentation's networks (RFC 5737, RFC 3849): even without the guard nobody would answer.
const far = ['192.0.2.1', '2001:db8::1', 'example.invalid', '127.example.invalid'];

for (const host of far) {
  test(`${host} is out of reach by every door`, async () => {
    for (const open of [
      () => connect(80, host),
      () => connect({ port: 80, host }),
      () => new Socket().connect(80, host),
      () => new Socket().connect({ port: 80, host }),
      () => connectTls({ port: 443, host }),
    ]) {
      await assert.rejects(once(open(), 'connect'), refused);
    }
    await assert.rejects(async () => {
      const sent = request({ host, agent: false });
      await once(sent, 'response');
    }, refused);
    const name = host.includes(':') ? `[${host}]` : host;
    await assert.rejects(fetch(`http://${name}/`), (error: Error) => refused.test(String(error.cause)));
    const client = httpClient({ baseUrl: `http://${name}`, env: {} });
    await assert.rejects(client.request({ method: 'GET', path: '/', name: 'x' }), refused);
    await client.close();
  });
}

test('this machine is within reach by each of its names', async (t) => {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const open = async (socket: Socket) => {
    await once(socket, 'connect');
    socket.destroy();
  };
  await Promise.all([
    open(connect(port)),
    open(connect(port, '127.0.0.1')),
    open(connect({ port, host: 'localhost' })),
    open(new Socket().connect(port)),
  ]);
});

test('a name counts as what its own lookup gives', async (t) => {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const gives =
    (address: string): LookupFunction =>
    (_, options, found) =>
      options.all ? found(null, [{ address, family: 4 }]) : found(null, address, 4);
  const near = connect({ port, host: 'cc.example.invalid', lookup: gives('127.0.0.1') });
  await once(near, 'connect');
  near.destroy();
  for (const autoSelectFamily of [true, false]) {
    await assert.rejects(
      once(connect({ port, host: 'cc.example.invalid', autoSelectFamily, lookup: gives('192.0.2.1') }), 'connect'),
      refused,
    );
  }
});
