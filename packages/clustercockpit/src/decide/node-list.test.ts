import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeListMatcher } from './node-list.ts';

function matching(expression: string, hosts: string): string {
  const matcher = nodeListMatcher(expression);
  return hosts
    .split(' ')
    .filter((host) => matcher.test(host))
    .join(' ');
}

test('§5.7 and §11 the lists that cc-backend itself is tested with', () => {
  const hosts = 'hallo wel123t emmy01 emmy42 emmy99 woody100 woody199 hello woody fritz1 fritz9 fritz004 woody201';
  assert.equal(
    matching('hallo,wel123t,emmy[01-99],fritz[005-500],woody[100-200]', hosts),
    'hallo wel123t emmy01 emmy42 emmy99 woody100 woody199',
  );
  assert.equal(
    matching('a[1000-2000,2010-2090,3000-5000]', 'a1001 a2000 a2042 a3000 a4321 a0 a0000 a2005 a5001'),
    'a1001 a2000 a2042 a3000 a4321',
  );
  assert.equal(
    matching('cn-0010,cn0011,cn-00[13-18,22-24]', 'cn-0010 cn0011 cn-0013 cn-0015 cn-0018 cn-0022 cn-0019 cn-13'),
    'cn-0010 cn0011 cn-0013 cn-0015 cn-0018 cn-0022',
  );
});

test('§5.7 exactly as many digits as the range has are read', () => {
  assert.equal(matching('n[1-9]', 'n1 n9 n0 n01 n10'), 'n1 n9');
  assert.equal(matching('n[01-10]', 'n1 n01 n10 n010'), 'n01 n10');
  assert.equal(matching('n[01-99]', 'n0a na1 n0: n0/ n42'), 'n42');
  assert.equal(matching('r[1-2]c[01-03]x', 'r1c01x r2c03x r1c1x r3c01x r1c01'), 'r1c01x r2c03x');
});

test('§5.7 the first range that takes digits wins, as in cc-backend', () => {
  assert.equal(matching('n[1-9,10-20]', 'n5 n15'), 'n5');
  assert.equal(matching('n[10-20,1-9]', 'n5 n15'), 'n5 n15');
});

test('§5.7 what cc-backend refuses names no host and says what is wrong', () => {
  for (const wrong of [
    'n[1-10]',
    'n[01,03]',
    'n[01-02,03]',
    'n[',
    'n]',
    'a_b',
    'host.domain',
    '-a',
    'a[1-2]-b',
    ' a',
    'a, b',
    '*',
    'n[1-]',
    'n[9999999999-9999999999]',
  ]) {
    const { fault, test: matches } = nodeListMatcher(wrong);
    assert.ok(fault, wrong);
    assert.ok(!matches(wrong) && !matches('n1') && !matches('a'), wrong);
  }
  assert.deepEqual([nodeListMatcher('').fault, nodeListMatcher('').test('')], [null, false]);
  assert.equal(matching('a,', 'a'), 'a');
});

test('a hundred thousand hosts are not expanded', () => {
  const { test: matches } = nodeListMatcher(
    `n[${'0'.repeat(6)}1-999999${'9'}],${Array.from({ length: 1000 }, (_, at) => `x${at}`).join()}`,
  );
  assert.deepEqual([matches('n0000001'), matches('n9999999'), matches('n999'), matches('x999')], [true, true, false, true]);
});

test('no text makes it throw, and every number within a range is named', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '1', '9', '[', ']', '-', ',', '*', '.') }), fc.string(), (expression, host) => {
      nodeListMatcher(expression).test(host);
    }),
  );
  const bounds = fc.tuple(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 999 }));
  fc.assert(
    fc.property(bounds, ([one, other, value]) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      const padded = (number: number) => `${number}`.padStart(3, '0');
      const named = nodeListMatcher(`n[${padded(low)}-${padded(high)}]`).test(`n${padded(value)}`);
      assert.equal(named, low <= value && value <= high);
    }),
  );
});
