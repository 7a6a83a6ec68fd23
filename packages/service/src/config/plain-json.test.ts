import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { plainJson } from './plain-json.ts';

test('any JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 2), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent);
      assert.deepEqual(plainJson(text), JSON.parse(text));
    }),
  );
});

test('colons, quotes and braces in texts are none of the grammar', () => {
  const value = { 'a": "b': ['":', '"x": 1', '\\', '\\"', '{"a": 1, "a": 2}'], '': { ':': ':' } };
  assert.deepEqual(plainJson(JSON.stringify(value)), value);
});

test('a key twice, broken text and endless nesting are left to whoever can say where', () => {
  assert.equal(plainJson('{"a": 1, "b": {"c": 1, "c": 1}}'), undefined);
  assert.equal(plainJson('{"a": 1, "\\u0061": 2}'), undefined);
  assert.equal(plainJson('{"a": 1,}'), undefined);
  assert.equal(plainJson('a: 1'), undefined);
  assert.equal(plainJson(`${'['.repeat(5000)}${']'.repeat(5000)}`), undefined);
});
