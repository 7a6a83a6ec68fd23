import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSocketAddress } from './socket-address.ts';

test('all forms of the program are understood', () => {
  const forms = [
    '/run/a.sock',
    'unix:/run/a.sock',
    'tcp:127.0.0.1:12345',
    'tcp:0.0.0.0:12345',
    'tcp:[::1]:12345',
    'tcp:[::]:12345',
    'tcp::12345',
  ];
  assert.deepEqual(forms.map(parseSocketAddress), [
    { kind: 'unix', path: '/run/a.sock' },
    { kind: 'unix', path: '/run/a.sock' },
    { kind: 'tcp', host: '127.0.0.1', port: 12_345 },
    { kind: 'tcp', host: '0.0.0.0', port: 12_345 },
    { kind: 'tcp', host: '::1', port: 12_345 },
    { kind: 'tcp', host: '::', port: 12_345 },
    { kind: 'tcp', host: null, port: 12_345 },
  ]);
  assert.deepEqual(parseSocketAddress('TCP:ctl1.site:1'), { kind: 'tcp', host: 'ctl1.site', port: 1 });
  assert.deepEqual(parseSocketAddress('UNIX:rel:a.sock'), { kind: 'unix', path: 'rel:a.sock' });
});

test('what is no address is not guessed at', () => {
  for (const text of [
    '',
    'unix:',
    'tcp:',
    'tcp:12345',
    'tcp:::1:12345',
    'tcp:host:65536',
    'tcp:host:x',
    'tcp:[::1]',
    'udp:host:1',
    'tcp:a b:1',
  ]) {
    assert.equal(parseSocketAddress(text), undefined, text);
  }
});
