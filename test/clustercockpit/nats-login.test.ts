import assert from 'node:assert/strict';
import { chmod, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isCode, isTransient } from '@sluice/io';
import { natsKey, operatorMode } from './nats-keys.ts';
import { noNatsServer } from './nats-server.ts';
import { subscribe, until } from './nats-subscriber.ts';
import { directory, failure, message, publisher, server } from './nats-testing.ts';

const real = { skip: await noNatsServer(), timeout: 300_000 };

const users = `authorization { users: [
  { user: slurm, password: "right one", permissions: { publish: ["jobs"] } },
  { user: witness, password: w },
] }`;

async function fileWith(t: TestContext, text: string): Promise<string> {
  const file = join(await directory(t), 'secret');
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

test('user and password, as texts, as functions and in the address', real, async (t) => {
  const { port } = await server(t, { config: users });
  const witness = await subscribe(port, 'jobs', { user: 'witness', pass: 'w' });
  t.after(() => witness.close());
  const address = `127.0.0.1:${port}`;
  const texts = await publisher(t, { server: address, login: { user: 'slurm', password: 'right one' } });
  const functions = await publisher(t, { server: address, login: { user: () => 'slurm', password: () => 'right one' } });
  const inAddress = await publisher(t, { server: `nats://slurm:right%20one@${address}` });
  for (const sender of [texts, functions, inAddress]) await sender.publish([message('a')]);
  await witness.count(3);
});

test('a wrong password is told once, without the password, tried again, and passes when it has become right', real, async (t) => {
  const { port } = await server(t, { config: users });
  let password = 'wrong one';
  const login = { user: 'slurm', password: () => password };
  const sender = await publisher(t, { server: `127.0.0.1:${port}`, login });
  const error = await failure(sender.publish([message('a')]));
  assert.ok(isCode(error, 'nats.denied') && !isTransient(error), error.message);
  assert.match(error.message, /refuses the login: Authorization Violation/i);
  assert.match(error.hint ?? '', /natsUser and natsPassword/);
  assert.ok(!JSON.stringify([error, error.message, sender.events]).includes('wrong one'));
  let tries = 0;
  password = '';
  login.password = () => `${++tries}`;
  await until(() => tries >= 5);
  login.password = () => 'right one';
  await until(() => sender.state().connection === 'connected');
  await sender.publish([message('a')]);
  assert.deepEqual(
    sender.events.map(({ kind }) => kind),
    ['failing', 'connected'],
  );
});

test('a subject that the user may not publish to is an error of publish; the one it may goes on', real, async (t) => {
  const { port } = await server(t, { config: users });
  const sender = await publisher(t, { server: `127.0.0.1:${port}`, login: { user: 'slurm', password: 'right one' } });
  const error = await failure(sender.publish([message('a'), { ...message('b'), subject: 'cc.node.state' }]));
  assert.ok(isCode(error, 'nats.denied'), error.message);
  assert.match(error.message, /does not let this user publish to cc\.node\.state/);
  await sender.publish([message('c')]);
});

test('an NKey’s seed, bare and decorated', real, async (t) => {
  const key = natsKey('user');
  const { url } = await server(t, { config: `authorization { users: [ { nkey: ${key.publicKey} } ] }` });
  const bare = await publisher(t, { server: url, login: { nkeySeedFile: await fileWith(t, `${key.seed}\n`) } });
  const decorated = `-----BEGIN USER NKEY SEED-----\n${key.seed}\n------END USER NKEY SEED------\n`;
  const framed = await publisher(t, { server: url, login: { nkeySeedFile: await fileWith(t, decorated) } });
  for (const sender of [bare, framed]) await sender.publish([message('a')]);
  const stranger = await publisher(t, { server: url, login: { nkeySeedFile: await fileWith(t, natsKey('user').seed) } });
  assert.ok(isCode(await failure(stranger.publish([message('a')])), 'nats.denied'));
});

test('a credentials file in operator mode; a renewed one is taken without a restart', real, async (t) => {
  const { config, creds } = operatorMode();
  const { url } = await server(t, { config });
  const file = await fileWith(t, operatorMode().creds);
  const sender = await publisher(t, { server: url, login: { credsFile: file } });
  assert.ok(isCode(await failure(sender.publish([message('a')])), 'nats.denied'));
  await writeFile(`${file}.new`, creds);
  await rename(`${file}.new`, file);
  await until(() => sender.state().connection === 'connected');
  await sender.publish([message('a')]);
});

test('credentials that have expired are called so', real, async (t) => {
  const { config, creds } = operatorMode(1_700_000_001);
  const { url } = await server(t, { config });
  const sender = await publisher(t, { server: url, login: { credsFile: await fileWith(t, creds) } });
  const error = await failure(sender.publish([message('a')]));
  assert.ok(isCode(error, 'nats.denied'), error.message);
  assert.match(error.hint ?? '', /may have expired/);
});

test('files that are missing or malformed are named, and nothing that is in them', real, async (t) => {
  const seed = natsKey('user').seed;
  const broken = `${seed.slice(0, -4)}AAAA`;
  const cases = [
    {
      login: { credsFile: '/nonexistent/file.creds' },
      code: 'config.unreadable',
      says: /natsCredsFile names \/nonexistent\/file\.creds, which cannot be read/,
    },
    { login: { nkeySeedFile: '/nonexistent/seed' }, code: 'config.unreadable', says: /natsNKeySeedFile names \/nonexistent\/seed/ },
    { login: { credsFile: await fileWith(t, seed) }, code: 'config.invalid', says: /does not hold a JWT and a seed/ },
    {
      login: { credsFile: await fileWith(t, operatorMode().creds.replace(/\nS\w+/, `\n${broken}`)) },
      code: 'config.invalid',
      says: /no valid seed/,
    },
    { login: { nkeySeedFile: await fileWith(t, broken) }, code: 'config.invalid', says: /no valid seed/ },
    { login: { nkeySeedFile: await fileWith(t, 'nothing of the kind') }, code: 'config.invalid', says: /no valid seed/ },
    { login: { nkeySeedFile: await fileWith(t, natsKey('account').seed) }, code: 'config.invalid', says: /not that of a user/ },
    { login: { nkeySeedFile: '/a', credsFile: '/b' }, code: 'config.invalid', says: /exclude each other/ },
  ] as const;
  for (const { login, code, says } of cases) {
    const error = await failure(publisher(t, { server: '127.0.0.1:1', login }));
    assert.ok(isCode(error, code), `${code}: ${error.message}`);
    assert.match(error.message, says);
    assert.ok(!`${error.message} ${error.hint} ${error.cause}`.includes(seed.slice(0, 20)));
  }
});

test('a file with a secret that others may read is told of', real, async (t) => {
  const file = await fileWith(t, natsKey('user').seed);
  await chmod(file, 0o644);
  const sender = await publisher(t, { server: '127.0.0.1:1', login: { nkeySeedFile: file } });
  assert.match(JSON.stringify(sender.events[0]), /"finding".*natsNKeySeedFile.*chmod 600/);
});
