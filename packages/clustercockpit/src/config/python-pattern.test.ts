import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compilePythonPattern } from './python-pattern.ts';

/** What Python's re.search found: for each expression the texts, or its error. */
interface Recording {
  readonly texts: readonly string[];
  readonly patterns: readonly { readonly pattern: string; readonly found?: readonly number[]; readonly error?: string }[];
}

const recording: Recording = JSON.parse(readFileSync(new URL('./recordings/python-re.json', import.meta.url), 'utf8'));

/** What Python 3.11 has and we have not, by the sentence that says so. */
const refused = /are not supported|is not supported/;

test('an expression finds what Python finds with it', () => {
  let compared = 0;
  for (const { pattern, found } of recording.patterns) {
    if (found === undefined) continue;
    const compiled = compilePythonPattern(pattern);
    if ('message' in compiled) {
      assert.match(compiled.message, refused, pattern);
      continue;
    }
    const ours = recording.texts.flatMap((text, index) => (compiled.test(text) ? [index] : []));
    assert.deepEqual(ours, found, `${pattern} became ${compiled}`);
    compared++;
  }
  assert.ok(compared > 120, `only ${compared} were compared`);
});

test('what Python refuses is refused, with the place', () => {
  for (const { pattern, error } of recording.patterns) {
    // JavaScript looks behind over any length.
    if (error === undefined || error.startsWith('look-behind')) continue;
    const compiled = compilePythonPattern(pattern);
    assert.ok('message' in compiled, `${pattern}: ${error}`);
    assert.match(compiled.message, /\(at character \d+ of the expression\)$/);
  }
});

test('the expression of the example takes braces within brackets for what they are', () => {
  const compiled = compilePythonPattern('^(n2(lcn|cn|fpga|gpu)[\\d{2,4}\\,\\-\\[\\]]+)+$');
  assert.ok(compiled instanceof RegExp);
  for (const list of ['n2cn0101', 'n2cn[0101-0103,0107]', 'n2lcn01,n2gpu[01-04]', 'n2fpga{2}']) assert.ok(compiled.test(list), list);
  for (const list of ['n3cn0101', 'n2cn0101 ', 'n2cn', 'xn2cn01']) assert.ok(!compiled.test(list), list);
});

test('what cannot be translated is named with what to write', () => {
  const messageOf = (pattern: string) => {
    const compiled = compilePythonPattern(pattern);
    return 'message' in compiled ? compiled.message : '';
  };
  assert.match(messageOf('(?x) n2 # nodes'), /^the flag x is not supported: write .* \(at character 1 of/);
  assert.match(messageOf('n2(?>cn|gpu)'), /^atomic groups .* write \(\?:…\) \(at character 3 of/);
  assert.match(messageOf('(n2\\d++)+'), /^possessive repeats .* leave out this \+ \(at character 7 of/);
  assert.match(messageOf('n2[cn'), /^this class of characters has no \] at its end \(at character 3 of/);
});
