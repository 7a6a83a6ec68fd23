import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatHookAddress, type HookAddress, parseHookAddress } from './address.ts';

const forms: readonly (readonly [string, HookAddress])[] = [
  ['/run/cc-slurm-adapter/daemon.sock', { kind: 'unix', path: '/run/cc-slurm-adapter/daemon.sock' }],
  ['unix:/run/daemon.sock', { kind: 'unix', path: '/run/daemon.sock' }],
  ['UNIX:relative', { kind: 'unix', path: 'relative' }],
  ['/run/with:colon', { kind: 'unix', path: '/run/with:colon' }],
  ['tcp:127.0.0.1:12345', { kind: 'tcp', host: '127.0.0.1', port: 12_345 }],
  ['tcp:0.0.0.0:12345', { kind: 'tcp', host: '0.0.0.0', port: 12_345 }],
  ['tcp:[::1]:12345', { kind: 'tcp', host: '::1', port: 12_345 }],
  ['tcp:[::]:12345', { kind: 'tcp', host: '::', port: 12_345 }],
  ['tcp::12345', { kind: 'tcp', host: '', port: 12_345 }],
  ['TCP:ctld-1.example:65535', { kind: 'tcp', host: 'ctld-1.example', port: 65_535 }],
  ['tcp:[fe80::1%eth0]:1', { kind: 'tcp', host: 'fe80::1%eth0', port: 1 }],
];

test('all forms of prepSockListenPath and prepSockConnectPath', () => {
  for (const [text, address] of forms) {
    assert.deepEqual(parseHookAddress(text), address, text);
    assert.deepEqual(parseHookAddress(formatHookAddress(address)), address, text);
  }
});

test('what is no address is told', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /empty/],
    ['unix:', /empty/],
    ['udp:127.0.0.1:1', /"udp:" is not known/],
    ['http://x', /"http:" is not known/],
    ['tcp:12345', /not address:port/],
    ['tcp:::1:12345', /in brackets/],
    ['tcp:127.0.0.1:', /not a port/],
    ['tcp:127.0.0.1:0', /not a port/],
    ['tcp:127.0.0.1:65536', /not a port/],
    ['tcp:127.0.0.1:http', /not a port/],
    ['tcp:a b:1', /not the address of a machine/],
    ['@abstract', /abstract/],
    [`/${'x'.repeat(107)}`, /108 bytes/],
    ['/a\0b', /NUL/],
  ];
  for (const [text, reason] of wrong) {
    const found = parseHookAddress(text);
    assert.match(typeof found === 'string' ? found : `accepted ${text}`, reason);
  }
});

test('any text is an address or a sentence', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((word) => `tcp:${word}`),
      ),
      (text) => void parseHookAddress(text),
    ),
  );
});
