import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileGoPattern } from './go-pattern.ts';

/** What Go's regexp.MatchString found: for each expression the texts, or its error. */
interface Recording {
  readonly texts: readonly string[];
  readonly patterns: readonly { readonly pattern: string; readonly found?: readonly number[]; readonly error?: string }[];
}

const recording: Recording = JSON.parse(readFileSync(new URL('./recordings/go-regexp.json', import.meta.url), 'utf8'));

test('an expression means the hosts that it means to Go, and what Go refuses is refused', async () => {
  for (const { pattern, found, error } of recording.patterns) {
    const compiled = await compileGoPattern(pattern);
    if ('message' in compiled) {
      // The one difference: Go takes a name twice.
      if (compiled.message.includes('duplicate capture group name')) continue;
      assert.ok(error !== undefined, `${pattern}: ${compiled.message}`);
      continue;
    }
    assert.equal(error, undefined, pattern);
    assert.deepEqual(
      recording.texts.flatMap((text, index) => (compiled.test(text) ? [index] : [])),
      found,
      pattern,
    );
  }
});

test('an error says where in the expression, if the library knows', async () => {
  const messageOf = async (pattern: string) => {
    const compiled = await compileGoPattern(pattern);
    return 'message' in compiled ? compiled.message : '';
  };
  assert.equal(await messageOf('gpu**'), 'not a regular expression (RE2): invalid nested repetition operator at character 4: "**"');
  assert.equal(await messageOf('gpu\\'), 'not a regular expression (RE2): trailing backslash at end of expression at character 4');
  assert.equal(await messageOf('(gpu'), 'not a regular expression (RE2): missing closing )');
});
