import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { decodeGoJson, goAny } from './go-json.ts';
import { formatGoJson, GoJsonError } from './go-json-syntax.ts';

test('what JSON.stringify writes is read back, with anything behind it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: character }), fc.constantFrom('', ' ', '\n{}', ' x'), (value, tail) => {
      assert.deepEqual(decodeGoJson(JSON.stringify(value) + tail, goAny), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('what is written is JSON without the letters that HTML knows', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: character }), (value) => {
      const text = formatGoJson(value);
      assert.doesNotMatch(text.slice(0, -1), /[<>&\u2028\u2029]/);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('any text is read or refused as Go refuses, never anything else; what JSON.parse takes is taken', () => {
  const pieces = fc.array(
    fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'u', '0', '-', '.', 'e', 'true', 'null', ' ', '\n', 'ü'),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((list) => list.join('')),
      ),
      (text) => {
        let taken = true;
        try {
          decodeGoJson(text, goAny);
        } catch (error) {
          assert.ok(error instanceof GoJsonError, String(error));
          taken = false;
        }
        if (!taken) assert.throws(() => JSON.parse(text));
      },
    ),
    { numRuns: 2000 },
  );
});

test('§1.1 deep nesting is an error, not a fall', () => {
  assert.throws(() => decodeGoJson('['.repeat(20_000), goAny), /exceeded max depth/);
});

test('§1.1 a lone surrogate becomes U+FFFD, a pair its letter', () => {
  assert.equal(decodeGoJson('"\\ud83d\\ude00 \\ud83d"', goAny), '\u{1f600} \ufffd');
});
