import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isCode, systemProcesses } from '@sluice/io';
import { noNatsServer } from './nats-server.ts';
import { subscribe } from './nats-subscriber.ts';
import { directory, failure, message, publisher, server } from './nats-testing.ts';

const real = { skip: await noNatsServer(), timeout: 300_000 };

/** An authority of our own and a certificate for this name that it signed. */
async function certificates(t: TestContext, name = 'DNS:localhost'): Promise<{ readonly ca: string; readonly config: string }> {
  const dir = await directory(t);
  const program = { name: 'openssl', timeoutMs: 60_000, inherit: ['PATH'], maxOutputBytes: 1_000_000 };
  const openssl = async (...args: string[]) => {
    const { code, stderr } = await systemProcesses(process.env).run({ program, args });
    assert.equal(code, 0, stderr);
  };
  const [ca, caKey, cert, key, ext] = ['ca.pem', 'ca.key', 'cert.pem', 'cert.key', 'ext'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...fresh, '-days', '2', '-subj', '/CN=authority', '-keyout', caKey, '-out', ca);
  await openssl('req', ...fresh, '-subj', '/CN=server', '-keyout', key, '-out', `${cert}.csr`);
  await writeFile(ext, `subjectAltName=${name}\n`);
  await openssl(
    'x509',
    '-req',
    '-in',
    `${cert}.csr`,
    '-CA',
    ca,
    '-CAkey',
    caKey,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    ext,
    '-out',
    cert,
  );
  return { ca, config: `tls { cert_file: "${cert}", key_file: "${key}" }` };
}

test('TLS: a server of an unknown authority is not trusted; with natsCaFile it is', real, async (t) => {
  const { ca, config } = await certificates(t);
  const { port } = await server(t, { config });
  const stranger = await publisher(t, { server: `localhost:${port}` });
  const error = await failure(stranger.publish([message('a')]));
  assert.ok(isCode(error, 'nats.unreachable'), error.message);
  assert.match(error.message, /cannot be trusted/);
  assert.match(error.hint ?? '', /natsCaFile/);
  for (const address of [`localhost:${port}`, `nats://localhost:${port}`, `tls://localhost:${port}`]) {
    const sender = await publisher(t, { server: address, caFile: ca });
    await sender.publish([message('a')]);
  }
});

test('TLS: a certificate for another name is not trusted', real, async (t) => {
  const { ca, config } = await certificates(t);
  const { port } = await server(t, { config });
  const sender = await publisher(t, { server: `127.0.0.1:${port}`, caFile: ca });
  assert.match((await failure(sender.publish([message('a')]))).message, /cannot be trusted: .*altnames/);
});

test('TLS: an address in numbers is compared with the numbers in the certificate', real, async (t) => {
  const { ca, config } = await certificates(t, 'IP:127.0.0.1');
  const { port } = await server(t, { config });
  const sender = await publisher(t, { server: `127.0.0.1:${port}`, caFile: ca });
  await sender.publish([message('a')]);
  const named = await publisher(t, { server: `localhost:${port}`, caFile: ca });
  assert.match((await failure(named.publish([message('a')]))).message, /cannot be trusted: .*altnames/);
});

test('TLS: what a server offers is used, though it is not asked for', real, async (t) => {
  const { ca, config } = await certificates(t);
  const { port } = await server(t, { config: `${config}\nallow_non_tls: true` });
  const witness = await subscribe(port, 'jobs');
  t.after(() => witness.close());
  const careless = await publisher(t, { server: `localhost:${port}` });
  assert.match((await failure(careless.publish([message('a')]))).message, /cannot be trusted/);
  const sender = await publisher(t, { server: `localhost:${port}`, caFile: ca });
  await sender.publish([message('b')]);
  await witness.count(1);
});

test('TLS: a server that has none is refused where it is demanded', real, async (t) => {
  const { url, port } = await server(t);
  for (const options of [{ server: url, tls: true }, { server: `tls://127.0.0.1:${port}` }]) {
    const sender = await publisher(t, options);
    const error = await failure(sender.publish([message('a')]));
    assert.ok(isCode(error, 'nats.unreachable'));
    assert.match(error.message, /offers no TLS/);
  }
});

test('TLS: a natsCaFile that is missing or none is an error at once', real, async (t) => {
  const none = join(await directory(t), 'none.pem');
  await writeFile(none, 'none');
  assert.ok(isCode(await failure(publisher(t, { server: 'localhost', caFile: none })), 'config.invalid'));
  assert.ok(isCode(await failure(publisher(t, { server: 'localhost', caFile: `${none}.not` })), 'config.unreadable'));
});
