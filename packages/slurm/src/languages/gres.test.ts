import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { formatGres, parseGres } from './gres.ts';

const gpu = { name: 'gpu', type: null, count: 1, indices: null };

test('generic resources as scontrol and sinfo write them', () => {
  assert.deepEqual(parseGres('gpu:a100:2(IDX:0,2-3)'), [{ name: 'gpu', type: 'a100', count: 2, indices: [0, 2, 3] }]);
  assert.deepEqual(parseGres('gpu:a100:4(S:0-1)'), [{ name: 'gpu', type: 'a100', count: 4, indices: null, sockets: [0, 1] }]);
  assert.deepEqual(parseGres('gpu:2'), [{ ...gpu, count: 2 }]);
  assert.deepEqual(parseGres('gpu:0'), [{ ...gpu, count: 0 }]);
  assert.deepEqual(parseGres('gpu'), [gpu]);
  assert.deepEqual(parseGres('gpu:a100:0(IDX:N/A)'), [{ name: 'gpu', type: 'a100', count: 0, indices: null }]);
  assert.deepEqual(parseGres('gpu:a100:1(IDX:0),craynetwork:4(IDX:N/A)'), [
    { name: 'gpu', type: 'a100', count: 1, indices: [0] },
    { name: 'craynetwork', type: null, count: 4, indices: null },
  ]);
});

test('resources without files are counted behind their type', () => {
  assert.deepEqual(parseGres('fpga:u280(CNT:2)'), [{ name: 'fpga', type: 'u280', count: 2, indices: null }]);
  assert.deepEqual(parseGres('gpu(CNT:4)'), [{ ...gpu, count: 4 }]);
  assert.equal(parseGres('gpu(CNT:x)'), undefined);
});

test('the prefix of a request is read over', () => {
  for (const text of ['gres:gpu:a100:2', 'gres/gpu:a100:2', 'gpu:a100:2']) {
    assert.deepEqual(parseGres(text), [{ name: 'gpu', type: 'a100', count: 2, indices: null }]);
  }
});

test('no_consume, shares and counts with a letter', () => {
  assert.deepEqual(parseGres('gpu:a100:no_consume:4'), [{ name: 'gpu', type: 'a100', count: 4, indices: null }]);
  assert.deepEqual(parseGres('mps:2K'), [{ ...gpu, name: 'mps', count: 2048 }]);
  assert.deepEqual(parseGres('shard:a100:0(0/8,0/8)'), [{ name: 'shard', type: 'a100', count: 0, indices: null }]);
});

test('untyped devices that are bound to cores: GresUsed says (null) for their type', () => {
  assert.deepEqual(parseGres('gpu:(null):0(IDX:N/A),fpga:0'), [
    { ...gpu, count: 0 },
    { ...gpu, name: 'fpga', count: 0 },
  ]);
  assert.deepEqual(parseGres('gpu:(null):2(IDX:0-1)'), [{ ...gpu, count: 2, indices: [0, 1] }]);
  assert.deepEqual(parseGres('shard:(null):1(0/4,1/4)'), [{ ...gpu, name: 'shard' }]);
});

test('types with odd characters', () => {
  for (const type of ['1g.5gb', 'nvidia_a100-sxm4_40gb', 'H100/80+', 'a]b']) {
    assert.deepEqual(parseGres(`gpu:${type}:2`), [{ name: 'gpu', type, count: 2, indices: null }]);
  }
});

test('no resources', () => {
  for (const text of ['', '(null)', 'N/A', 'none']) assert.deepEqual(parseGres(text), []);
});

test('text that is no list of generic resources is refused', () => {
  const texts = [
    ':2',
    'gpu:',
    'gpu:2(',
    'gpu:2)',
    'gpu:2(IDX:x)',
    'gpu:2(IDX:3-1)',
    'gpu:2((IDX:0))',
    'gpu:2(IDX:0)x',
    'gpu:a:b:2',
    'gpu,',
    'gres:gres',
    'gpu:2(IDX:0-99999999)',
    'g\0',
    'gpu:a=1',
  ];
  for (const text of texts) assert.equal(parseGres(text), undefined, text);
});

test('resources are written as they are read', () => {
  for (const text of ['gpu:a100:2(IDX:0,2-3),mps:100', 'gpu:a100:4(S:0-1)', 'gpu:2(IDX:0-1)(S:1)']) {
    assert.equal(formatGres(parseGres(text) ?? []), text);
  }
  const allocation = fc.record(
    {
      name: fc.stringMatching(/^[a-z][a-z_]{0,8}$/).filter((name) => name !== 'gres' && name !== 'none'),
      type: fc.option(fc.stringMatching(/^[a-z0-9._/-]{1,12}$/).filter((type) => type !== 'no_consume')),
      count: fc.nat(),
      indices: fc.option(fc.array(fc.nat({ max: 255 }))),
      sockets: fc.array(fc.nat({ max: 7 })),
    },
    { noNullPrototype: true, requiredKeys: ['name', 'type', 'count', 'indices'] },
  );
  fc.assert(fc.property(fc.array(allocation), (list) => assert.deepEqual(parseGres(formatGres(list)), list)));
});

test('any text is read without a throw', () => {
  fc.assert(fc.property(fc.string({ unit: character }), (text) => void parseGres(text)));
});
