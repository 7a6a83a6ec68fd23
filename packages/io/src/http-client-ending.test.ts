import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { SluiceError } from './errors.ts';
import { httpClient } from './http-client.ts';

test('a GET that is ended as one whose answer is lost is not sent again', async (t) => {
  const reason = new SluiceError('http.dropped', 'the program ends');
  const ending = new AbortController();
  let requests = 0;
  const server = createServer(() => {
    requests += 1;
    ending.abort(reason);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = httpClient({ baseUrl: `http://127.0.0.1:${port}`, signal: ending.signal, env: {} });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
  });
  await assert.rejects(client.request({ method: 'GET', name: 'one', path: '/' }), (error) => error === reason);
  assert.equal(requests, 1);
});

test("the client's signal ends all requests under way with its reason, and those that come later, by one listener", async (t) => {
  const reason = new Error('the program ends');
  const ending = new AbortController();
  let requests = 0;
  // Answers nothing; when both are there it is the end.
  const server = createServer(() => {
    requests += 1;
    if (requests === 2) ending.abort(reason);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = httpClient({ baseUrl: `http://127.0.0.1:${port}`, signal: ending.signal, env: {} });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
  });
  const ended = ['one', 'two'].map((name) =>
    assert.rejects(client.request({ method: 'POST', name, path: '/' }), (error) => error === reason),
  );
  assert.ok(getEventListeners(ending.signal, 'abort').length <= 1);
  await Promise.all(ended);
  await assert.rejects(client.request({ method: 'GET', name: 'late', path: '/' }), (error) => error === reason);
  assert.equal(requests, 2);
});
