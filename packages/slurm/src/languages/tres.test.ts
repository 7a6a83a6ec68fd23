import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { formatTres, parseTres } from './tres.ts';

test('resources by name, memory in MiB', () => {
  assert.deepEqual(parseTres('cpu=4,mem=4000M,node=1,billing=4,gres/gpu=2,gres/gpu:a100=2'), {
    cpu: 4,
    mem: 4000,
    node: 1,
    billing: 4,
    'gres/gpu': 2,
    'gres/gpu:a100': 2,
  });
  assert.deepEqual(parseTres('cpu=16,mem=62.50G,billing=16'), { cpu: 16, mem: 64_000, billing: 16 });
  assert.deepEqual(parseTres('mem=125G'), { mem: 128_000 });
});

test('resources by id stay under their id, 2 being memory', () => {
  assert.deepEqual(parseTres('1=4,2=4000,1001=2'), { 1: 4, 2: 4000, 1001: 2 });
});

test('counts with a letter are powers of 1024', () => {
  assert.deepEqual(parseTres('fs/disk=3K,gres/gpumem=40G,bb/cray=10G'), {
    'fs/disk': 3072,
    'gres/gpumem': 42_949_672_960,
    'bb/cray': 10_240,
  });
});

test('what Slurm did not count is left out', () => {
  assert.deepEqual(parseTres('cpu=1,energy=18446744073709551614,billing=18446744073709551615'), { cpu: 1 });
});

test('no resources', () => {
  for (const text of ['', '(null)', 'N/A']) assert.deepEqual(parseTres(text), {});
  assert.equal(formatTres({}), '');
});

test('a name such as __proto__ is only a name', () => {
  const tres = parseTres('__proto__=1,constructor=2');
  assert.deepEqual(Object.entries(tres ?? {}), [
    ['__proto__', 1],
    ['constructor', 2],
  ]);
  assert.equal(({} as Record<string, unknown>)['1'], undefined);
});

test('text that is no list of resources is refused', () => {
  for (const text of [
    'cpu',
    'cpu=',
    '=1',
    'cpu=1,',
    'cpu=1,cpu=2',
    'cpu=-2',
    'cpu=1e3',
    'cpu=0x10',
    'mem=4Q',
    'cpu=１',
    'cpu=9007199254740992',
    'cpu =1',
    'a\nb=1',
  ]) {
    assert.equal(parseTres(text), undefined, text);
  }
});

test('resources are written as they are read', () => {
  assert.equal(formatTres({ cpu: 4, mem: 4000, 'gres/gpu': 2 }), 'cpu=4,mem=4000M,gres/gpu=2');
  const name = fc.stringMatching(/^[a-z][a-z0-9/:@._-]{0,12}$/);
  fc.assert(
    fc.property(fc.dictionary(name, fc.nat({ max: 2 ** 42 })), (counts) => {
      const tres = Object.fromEntries(Object.entries(counts));
      assert.deepEqual(parseTres(formatTres(tres)), tres);
    }),
  );
});

test('any text is read without a throw', () => {
  fc.assert(fc.property(fc.string({ unit: character }), (text) => void parseTres(text)));
});
