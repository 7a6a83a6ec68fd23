import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '@sluice/io';
import { addressText, natsServers } from './servers.ts';

const addresses = (text: string | readonly string[]) => natsServers(text, 4222).addresses.map(addressText);

test('every form of an address is understood', () => {
  assert.deepEqual(addresses('nats.example.org'), ['nats.example.org:4222']);
  assert.deepEqual(addresses('a:4223, nats://b ,tls://c:1/'), ['a:4223', 'b:4222', 'c:1']);
  assert.deepEqual(addresses(['10.0.0.1', '::1', '[fe80::1]:4223', 'nats://[::1]']), [
    '10.0.0.1:4222',
    '[::1]:4222',
    '[fe80::1]:4223',
    '[::1]:4222',
  ]);
});

test('tls:// on one server holds for all', () => {
  assert.equal(natsServers('a,tls://b', 4222).tls, true);
  assert.equal(natsServers('a,nats://b', 4222).tls, false);
});

test('a login in the address is taken as NATS’ own clients take it', () => {
  assert.deepEqual(natsServers('me:p%40ss:word@host', 4222).login, { user: 'me', password: 'p@ss:word' });
  assert.deepEqual(natsServers('nats://token@host:1', 4222).login, { token: 'token' });
  assert.equal(natsServers('host', 4222).login, null);
});

test('what is no address is refused, and no message holds a password', () => {
  for (const text of [
    '',
    ' , ',
    'http://a',
    'ws://a',
    'a:0',
    'a:70000',
    'a b',
    'nats://me:hunter2@',
    'me:hunter2@ho st',
    'x:hunter2@a,y:hunter2@b',
  ]) {
    assert.throws(
      () => natsServers(text, 4222),
      (error) => isCode(error, 'config.invalid') && !error.message.includes('hunter2'),
      text,
    );
  }
});
