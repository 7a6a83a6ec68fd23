import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatMemory, parseMemoryMiB, parseRequestedMemory } from './memory.ts';

test('memory in MiB', () => {
  const cases = {
    '4000M': 4000,
    '62.50G': 64_000,
    '1T': 1_048_576,
    '16K': 0.015_625,
    '1000': 1000,
    '0': 0,
    '1.95G': 1996.799_804_687_5,
    '2g': 2048,
    '1P': 2 ** 30,
  };
  for (const [text, mib] of Object.entries(cases)) assert.equal(parseMemoryMiB(text), mib, text);
});

test('text that is no memory is refused', () => {
  for (const text of ['', 'M', '-1', '1.', '.5G', '1e3', '4 G', '4GB', '4Q', '٣M', '9007199254740993', '8E', `${'9'.repeat(1e6)}M`]) {
    assert.equal(parseMemoryMiB(text), undefined, text.slice(0, 20));
  }
});

test('memory is written in MiB, or in KiB where it must', () => {
  assert.equal(formatMemory(64_000), '64000M');
  assert.equal(formatMemory(1.5), '1536K');
  fc.assert(fc.property(fc.nat({ max: 2 ** 50 }), (kib) => assert.equal(parseMemoryMiB(formatMemory(kib / 1024)), kib / 1024)));
});

test('requested memory of old and new releases', () => {
  assert.deepEqual(parseRequestedMemory('4Gn'), { mib: 4096, per: 'node' });
  assert.deepEqual(parseRequestedMemory('4000Mc'), { mib: 4000, per: 'cpu' });
  assert.deepEqual(parseRequestedMemory('1.5G'), { mib: 1536, per: null });
  for (const text of ['', 'n', 'c', '4Gx', '4Gnn', '?']) assert.equal(parseRequestedMemory(text), undefined, text);
});
