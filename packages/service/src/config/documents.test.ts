import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { jsonSchema } from './json-schema.ts';
import { described } from './meta.ts';
import { editDistance, nearest } from './nearest.ts';
import { referencePage } from './reference-page.ts';
import { showConfig } from './show-config.ts';
import { parseDuration, secondsSchema, secretSchema } from './values.ts';

const schema = z.object({
  url: described(z.url(), { description: 'Where the server is.', origin: 'cc-slurm-adapter', examples: ['https://cc.example.org'] }),
  token: described(secretSchema().optional(), { description: 'Token of the API.' }),
  interval: described(secondsSchema({ min: 1 }).default(60), {
    description: 'Time between a|b.',
    unit: 'seconds',
    origin: 'Sluice addition',
    since: '0.1',
  }),
  old: described(z.boolean().optional(), { deprecatedBy: 'url' }),
  clusters: z.array(z.object({ name: z.string(), tokens: z.record(z.string(), secretSchema()).default({}) })).default([]),
  mode: z.enum(['a', 'b']).default('a'),
});
const meta = { title: 'Test', description: 'A configuration.', id: 'https://example.org/test.json' };

test('the JSON Schema says what may be written, with meanings, defaults and examples', () => {
  const generated = jsonSchema(schema, meta) as {
    $schema: string;
    $id: string;
    properties: Record<string, Record<string, unknown>>;
    required: string[];
    additionalProperties: boolean;
  };
  assert.equal(generated.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(generated.$id, meta.id);
  assert.equal(generated.additionalProperties, false);
  assert.deepEqual(generated.required, ['url']);
  assert.deepEqual(generated.properties['url'], {
    type: 'string',
    format: 'uri',
    description: 'Where the server is.',
    examples: ['https://cc.example.org'],
    'x-origin': 'cc-slurm-adapter',
  });
  const { interval, token, old } = generated.properties;
  assert.equal(interval?.['default'], 60);
  assert.match(String(interval?.['description']), /Unit: seconds\.$/);
  assert.equal(token?.['writeOnly'], true);
  assert.equal(old?.['deprecated'], true);
});

test('the reference page has a row for every key', () => {
  const page = referencePage(schema, meta);
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(rows, [
    '| `url` | text | *required* |  | Where the server is. For example `"https://cc.example.org"`. | cc-slurm-adapter |',
    '| `token` | secret: text, `{file}` or `{credential}` |  |  | Token of the API. |  |',
    '| `interval` | number or text | `60` | seconds | Time between a\\|b. | Sluice addition, since 0.1 |',
    '| `old` | true or false |  |  | Deprecated: use `url`. |  |',
    '| `clusters` | list of mapping | `[]` |  |  |  |',
    '| `clusters[].name` | text | *required* |  |  |  |',
    '| `clusters[].tokens` | mapping of secret: text, `{file}` or `{credential}` | `{}` |  |  |  |',
    '| `mode` | `"a"`, `"b"` | `"a"` |  |  |  |',
  ]);
});

test('a printed configuration shows no secret, but where it comes from', () => {
  const value = {
    url: 'u',
    token: { value: 'hunter2' },
    clusters: [{ name: 'x', tokens: { a: { value: 'hunter2' }, b: { file: '/etc/token' } } }],
  };
  assert.deepEqual(showConfig(schema, value), {
    url: 'u',
    token: '[redacted]',
    clusters: [{ name: 'x', tokens: { a: '[redacted]', b: { file: '/etc/token' } } }],
  });
});

test('a secret is read into what the reader of secrets takes', () => {
  const secret = secretSchema();
  assert.deepEqual(secret.parse('x'), { value: 'x' });
  assert.deepEqual(secret.parse({ file: '/x' }), { file: '/x' });
  assert.deepEqual(secret.parse({ credential: 'cc-token' }), { credential: 'cc-token' });
  for (const wrong of ['', { file: 'relative' }, { credential: '../x' }, 5]) assert.equal(secret.safeParse(wrong).success, false);
});

test('durations are numbers of seconds or texts with units', () => {
  const cases = { '90s': 90, '5m': 300, '1h30m': 5400, '2d': 172_800, '250ms': 0.25, '1.5h': 5400 };
  for (const [text, seconds] of Object.entries(cases)) assert.equal(parseDuration(text), seconds, text);
  for (const text of ['', '90', 's', '5 m', '-5m', '5w', '1h 30m']) assert.equal(parseDuration(text), undefined, text);
  assert.equal(secondsSchema().parse('2m'), 120);
  assert.equal(secondsSchema().parse(7), 7);
  assert.equal(secondsSchema({ min: 10 }).safeParse('5s').success, false);
});

test('the nearest key is one that a typing error away means, or none', () => {
  const known = ['ccRestUrl', 'ccRestJwt', 'ccPollInterval', 'lastRunPath'];
  assert.equal(nearest('ccRestUlr', known), 'ccRestUrl');
  assert.equal(nearest('CCRESTJWT', known), 'ccRestJwt');
  assert.equal(nearest('pollInterval', known), 'ccPollInterval');
  assert.equal(nearest('x', known), undefined);
  assert.equal(nearest('natsSubject', known), undefined);
  assert.equal(editDistance('ab', 'ba'), 1);
  assert.equal(editDistance('', 'abc'), 3);
});
