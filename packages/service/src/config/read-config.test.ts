import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isCode } from '@sluice/io';
import fc from 'fast-check';
import * as z from 'zod';
import { described } from './meta.ts';
import { ConfigError, problemLine } from './problem.ts';
import { loadConfig, type ReadConfigOptions, readConfig } from './read-config.ts';
import { secondsSchema, secretSchema } from './values.ts';

const schema = z.object({
  ccRestUrl: z.url({ protocol: /^https?$/ }).optional(),
  ccRestJwt: secretSchema().optional(),
  ccPollInterval: secondsSchema({ min: 1 }).default(21_600),
  lastRunPath: z.string().default('/var/lib/cc-slurm-adapter/lastrun'),
  oldName: described(z.string().optional(), { deprecatedBy: 'lastRunPath' }),
  clusters: z
    .array(z.object({ name: z.string(), kind: z.enum(['cpu', 'gpu']).default('cpu'), nodes: z.int().min(1).max(10).optional() }))
    .default([]),
  sink: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('rest'), url: z.string() }),
      z.object({ type: z.literal('nats'), subject: z.string(), port: z.int() }),
    ])
    .optional(),
  names: z.record(z.string(), z.string()).default({}),
});

async function lines(
  text: string,
  options: ReadConfigOptions = {},
): Promise<{ readonly problems: readonly string[]; readonly warnings: readonly string[] }> {
  const { problems, warnings } = await readConfig(schema, { text, file: 'c.yaml', ...options });
  return { problems: problems.map(problemLine), warnings: warnings.map(problemLine) };
}

test('every problem is found at once, each with its place, value and expectation', async () => {
  const { problems } = await lines(
    [
      'ccRestUrl: ftp://x',
      'ccPollInterval: 0',
      'clusters:',
      '  - nodes: 11',
      '    kind: tpu',
      '  - name: [1]',
      'sink: {type: nats, subject: s, port: "1"}',
      'names: {a: 1}',
    ].join('\n'),
  );
  assert.deepEqual(problems, [
    'c.yaml:1:1: ccRestUrl: expected a URL, found "ftp://x"',
    'c.yaml:2:1: ccPollInterval: expected a number of seconds of at least 1, or a text such as "90s" or "5m" (found 0)',
    'c.yaml:4:5: clusters[0].name: missing: expected a text',
    'c.yaml:4:5: clusters[0].nodes: expected a number of at most 10, found 11',
    'c.yaml:5:5: clusters[0].kind: expected "cpu" or "gpu", found "tpu"',
    'c.yaml:6:5: clusters[1].name: expected a text, found a list',
    'c.yaml:7:32: sink.port: expected a number, found "1"',
    'c.yaml:8:9: names.a: expected a text, found 1',
  ]);
});

test('an unknown key warns with the nearest known one, and is an error when strict', async () => {
  const text = 'ccRestUlr: x\nclusters: [{name: a, nmae: b}]\nsink: {type: rest, url: u, subject: s}\nfrobnicate: 1\n';
  const warnings = [
    'c.yaml:1:1: ccRestUlr: unknown key; did you mean "ccRestUrl"?',
    'c.yaml:2:22: clusters[0].nmae: unknown key; did you mean "name"?',
    'c.yaml:3:28: sink.subject: unknown key',
    'c.yaml:4:1: frobnicate: unknown key',
  ];
  assert.deepEqual(await lines(text), { problems: [], warnings });
  assert.deepEqual(await lines(text, { strict: true }), { problems: warnings, warnings: [] });
});

test('a deprecated key names the one that took its place', async () => {
  assert.deepEqual((await lines('oldName: x')).warnings, ['c.yaml:1:1: oldName: this key is deprecated; "lastRunPath" took its place']);
});

test('a secret is in no message, whatever is wrong with it', async () => {
  for (const text of [
    'ccRestJwt: [hunter2]',
    'ccRestJwt: {file: hunter2}',
    'ccRestJtw: hunter2',
    'ccRestJwt: {value: hunter2}',
    'ccRestJwt: 0x68756e746572',
  ]) {
    const { problems, warnings } = await lines(text);
    assert.ok(problems.length + warnings.length > 0, text);
    assert.doesNotMatch([...problems, ...warnings].join('\n'), /hunter2|114784820/);
  }
});

test('keys are read in any case when asked; the last of two that differ by case counts', async () => {
  const options = { text: '{"CCRESTURL": "http://a.b/", "ccresturl": "http://c.d/", "Clusters": [{"NAME": "x"}]}', file: 'c.json' };
  const { value, warnings } = await readConfig(schema, { ...options, caseInsensitiveKeys: true });
  assert.equal(value?.ccRestUrl, 'http://c.d/');
  assert.equal(value?.clusters[0]?.name, 'x');
  assert.deepEqual(warnings.map(problemLine), [
    'c.json:1:30: ccRestUrl: the key "ccRestUrl" stands here twice, in different case; the last one counts',
  ]);
  assert.equal((await readConfig(schema, options)).warnings.length, 3);
});

test('a key that stands twice is an error in YAML and in JSON', async () => {
  assert.deepEqual((await lines('lastRunPath: a\nlastRunPath: b')).problems, [
    'c.yaml:2:1: lastRunPath: the key "lastRunPath" stands here twice',
  ]);
  assert.deepEqual((await lines('{"names": {"a": "1",\n "a": "2"}}', { file: 'c.json' })).problems, [
    'c.json:2:2: names.a: the key "a" stands here twice',
  ]);
});

test('JSON is read strictly and its errors have a place', async () => {
  assert.deepEqual((await lines('{"ccRestUrl":\n  "http://x/",}', { file: 'c.json' })).problems, [
    'c.json:2:15: this is not JSON: Expected double-quoted property name',
  ]);
  assert.match((await lines('{"ccRestUrl": ', { file: 'c.json' })).problems[0] ?? '', /^c\.json:1:\d+: this is not JSON: Unexpected end/);
  assert.deepEqual((await lines('{"ccRestJwt": hunter2, "names": {}}', { file: 'c.json' })).problems, [
    "c.json:1:15: this is not JSON: Unexpected token 'h'",
  ]);
  assert.match((await lines('hello', { format: 'json' })).problems[0] ?? '', /this is not JSON/);
});

test('YAML errors have a place', async () => {
  const { problems } = await lines('ccRestUrl: "open\nclusters: [');
  assert.match(problems[0] ?? '', /^c\.yaml:\d+:\d+: this is not YAML: /);
});

test('merge keys work; bombs, circles and depths are bounded', async () => {
  const any = z.record(z.string(), z.unknown());
  const merged = await readConfig(any, { text: 'a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}' });
  assert.deepEqual(merged.value, { a: { x: 1, y: 1 }, b: { x: 1, y: 2 } });
  const levels = 'abcdefghijkl'.split('');
  const bomb = levels.map((name, index) => `${name}: &${name} [${Array(9).fill(index === 0 ? 1 : `*${levels[index - 1]}`)}]`).join('\n');
  assert.match((await readConfig(any, { text: bomb })).problems[0]?.message ?? '', /aliases expand/);
  assert.match((await readConfig(any, { text: 'a: &a [*a]' })).problems[0]?.message ?? '', /nested deeper/);
  assert.ok((await readConfig(any, { text: '['.repeat(50_000) })).problems.length > 0);
});

test('a file with a secret in it that everybody may read warns; one that names where the secret is does not', async (t) => {
  const file = temporary(t, 'c.json', '{"ccRestJwt": "hunter2"}');
  const warnings = async () => (await readConfig(schema, { file })).warnings.map(({ message }) => message);
  chmodSync(file, 0o644);
  assert.match((await warnings())[0] ?? '', /everybody may read it \(mode 644\): chmod o= /);
  chmodSync(file, 0o640);
  assert.deepEqual(await warnings(), []);
  writeFileSync(file, '{"ccRestJwt": {"file": "/etc/jwt"}}');
  chmodSync(file, 0o644);
  assert.deepEqual(await warnings(), []);
});

test('a byte order mark is passed over', async (t) => {
  const file = temporary(t, 'c.json', '\ufeff{"lastRunPath": "/x"}');
  assert.equal((await readConfig(schema, { file })).value?.lastRunPath, '/x');
});

test('files that give no text: missing, directory, unreadable, too large, not UTF-8, empty', async (t) => {
  const file = temporary(t, 'c.yaml', ' \n');
  assert.match((await readConfig(schema, { file })).problems[0]?.message ?? '', /the file is empty/);
  const directory = `${file}.d`;
  mkdirSync(directory);
  await assert.rejects(
    readConfig(schema, { file: directory }),
    (error) => isCode(error, 'config.unreadable') && /directory/.test(error.message),
  );
  await assert.rejects(
    readConfig(schema, { file: `${file}.no` }),
    (error) => isCode(error, 'config.unreadable') && /does not exist/.test(error.message),
  );
  writeFileSync(file, Buffer.from([0x61, 0x3a, 0xff]));
  await assert.rejects(readConfig(schema, { file }), (error) => isCode(error, 'config.invalid') && /UTF-8/.test(error.message));
  writeFileSync(file, Buffer.alloc(4 * 1024 * 1024 + 1, 0x20));
  await assert.rejects(readConfig(schema, { file }), (error) => isCode(error, 'config.invalid') && /larger than 4 MiB/.test(error.message));
  await assert.rejects(readConfig(schema, { file: '/dev/null' }), (error) => isCode(error, 'config.unreadable'));
  if (process.getuid?.() === 0) return;
  chmodSync(file, 0);
  await assert.rejects(
    readConfig(schema, { file }),
    (error) => isCode(error, 'config.unreadable') && /may not be read/.test(error.message),
  );
});

test('an optional file that is missing gives the defaults and says so', async () => {
  const { value, missing } = await readConfig(schema, { file: '/nowhere/config.json', optional: true });
  assert.equal(missing, true);
  assert.equal(value?.ccPollInterval, 21_600);
});

test('loadConfig throws all problems as one error with exit code 78, one line each', async () => {
  await assert.rejects(loadConfig(schema, { text: 'clusters: 1\nnames: 2', file: 'c.yaml' }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 78);
    assert.equal(error.message.split('\n').length, 3);
    return true;
  });
});

test('any JSON text is read as JSON.parse reads it', async () => {
  const value = fc.jsonValue({ maxDepth: 4 }).filter((json) => !JSON.stringify(json).includes('__proto__'));
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom(0, 1, 2), async (json, indent) => {
      const text = JSON.stringify(json, undefined, indent);
      const reading = await readConfig(z.unknown(), { text, format: 'json' });
      assert.deepEqual(reading.problems, []);
      assert.deepEqual(reading.value, JSON.parse(text));
    }),
    { numRuns: 300 },
  );
  assert.deepEqual((await readConfig(z.unknown(), { text: '{"<<": {"a": 1}}', format: 'json' })).value, { '<<': { a: 1 } });
});

test('no text throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'{}[]:,-&*!|>\'"%@`#?<\n \ta1') })), async (text) => {
      const { value, problems } = await readConfig(schema, { text });
      assert.ok(value !== undefined || problems.length > 0);
    }),
    { numRuns: 500 },
  );
});

function temporary(t: TestContext, name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

test('a file of comments alone sets nothing', async () => {
  const reading = await readConfig(z.object({ a: z.number().default(1) }), { text: '# a: 2\n', format: 'yaml' });
  assert.deepEqual([reading.value, reading.problems], [{ a: 1 }, []]);
});
