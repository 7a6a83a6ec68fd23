import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { constantTimeEqual, isSecretName, redactObject, redactText, Secret } from './redact.ts';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdW4iOiJhbGljZSJ9.c2lnbmF0dXJlLXNlY3JldA';

test('a secret is printed by nothing and given by reveal alone', () => {
  const secret = new Secret('hunter2');
  const shown = [`${secret}`, String(secret), JSON.stringify({ secret }), inspect({ secret }), format('%s %o', secret, secret)].join();
  assert.ok(!shown.includes('hunter2'), shown);
  assert.equal(JSON.stringify(structuredClone({ secret: { ...secret } })), '{"secret":{}}');
  assert.equal(secret.reveal(), 'hunter2');
});

test('secrets are compared by value', () => {
  assert.ok(new Secret('a').equals('a'));
  assert.ok(new Secret('a').equals(new Secret('a')));
  assert.ok(!new Secret('a').equals('aa'));
  assert.ok(constantTimeEqual('ü', Buffer.from('ü')));
  assert.ok(!constantTimeEqual('', 'x'));
});

const texts: readonly (readonly [string, string])[] = [
  ['Authorization: Bearer s3cr3t', 'Authorization: [redacted]'],
  ['{"authorization":"Token 0123456789abcdef","a":1}', '{"authorization":"[redacted]","a":1}'],
  ["headers: { 'X-Auth-Token': 's3cr3t' }", "headers: { 'X-Auth-Token': '[redacted]' }"],
  ['X-SLURM-USER-TOKEN=s3cr3t', 'X-SLURM-USER-TOKEN=[redacted]'],
  ['Cookie: a=s3cr3t; b=s3cr3t\nHost: x', 'Cookie: [redacted]\nHost: x'],
  ['sent bearer s3cr3t to it', 'sent bearer [redacted] to it'],
  ['with Token 8a9b8a9b8a9b8a9b', 'with Token [redacted]'],
  [`the text ${jwt} here`, 'the text [redacted] here'],
  ['nats://alice:s3cr3t@nats:4222/x', 'nats://alice:[redacted]@nats:4222/x'],
  ['https://al%40x:s@3cr3t@host', 'https://al%40x:[redacted]@host'],
  ['nats://s3cr3t@nats', 'nats://[redacted]@nats'],
  ['password=s3cr3t user=x', 'password=[redacted] user=x'],
  ['db_password: "s3\\"cr3t", x', 'db_password: "[redacted]", x'],
  ['{"client_secret": "s3cr3t"}', '{"client_secret": "[redacted]"}'],
  ['SLURM_JWT=s3cr3t', 'SLURM_JWT=[redacted]'],
  ['GET /x?token=s3cr3t&a=1', 'GET /x?token=[redacted]&a=1'],
  ['GET /x?a=1&key=s3cr3t', 'GET /x?a=1&key=[redacted]'],
  ['sluice --api-token s3cr3t --verbose', 'sluice --api-token [redacted] --verbose'],
  ['-----BEGIN RSA PRIVATE KEY-----\ns3cr3t\n-----END RSA PRIVATE KEY-----', '[redacted]'],
];
for (const [text, redacted] of texts) {
  test(`text: ${JSON.stringify(text.slice(0, 60))}`, () => assert.equal(redactText(text), redacted));
}

test('ordinary text stays as it is', () => {
  for (const text of [
    'slurmctld at https://head.example.org:6820/slurm/v0.0.41 does not answer',
    'token expired',
    'ccRestJwt: missing: jobs are submitted with this token',
    'Basic statistics of 3 jobs',
    'user alice@example.org in partition gpu',
    'sacct: error: slurm_persist_conn_open: Something happened with the receiving/sending of the persistent connection',
    'primary_key=7 monkey=8',
  ]) {
    assert.equal(redactText(text), text);
  }
});

test('field names that say secret', () => {
  for (const name of [
    'password',
    'dbPassword',
    'X-Auth-Token',
    'api_key',
    'apiKey',
    'key',
    'privateKey',
    'Authorization',
    'SLURM_JWT',
    'clientSecret',
  ]) {
    assert.ok(isSecretName(name), name);
  }
  for (const name of ['primaryKey', 'partition_key', 'keyboard', 'passenger', 'tokenizer', 'name', '', 'publicKey', 'secretary']) {
    assert.ok(!isSecretName(name), name);
  }
});

test('objects are copied without their secrets, whatever they hold', () => {
  const circle: Record<string, unknown> = { token: 't', set: true };
  circle['self'] = circle;
  const error = Object.assign(new Error('password=s3cr3t', { cause: new Error(`saw ${jwt}`) }), { code: 'E', token: 's3cr3t' });
  const given = {
    user: 'alice',
    password: 's3cr3t',
    empty: { password: '', token: null, secret: undefined, hasToken: true },
    list: [{ apiKey: 's3cr3t' }, 'Bearer s3cr3t', 7n],
    headers: new Map([['authorization', 's3cr3t']]),
    set: new Set(['token=s3cr3t']),
    url: new URL('http://u:s3cr3t@h/'),
    when: new Date(0),
    bytes: Buffer.from('s3cr3t'),
    wrapped: new Secret('s3cr3t'),
    secrets: { a: 's3cr3t' },
    circle,
    error,
  };
  const redacted = redactObject(given);
  assert.ok(!inspect(redacted, { depth: 20 }).includes('s3cr3t'), inspect(redacted, { depth: 20 }));
  assert.ok(!inspect(redacted, { depth: 20 }).includes(jwt));
  const { user, empty, when, circle: cut } = redacted as Record<string, Record<string, unknown>>;
  assert.deepEqual(
    { user, empty, when, cut },
    {
      user: 'alice',
      empty: { password: '', token: null, secret: undefined, hasToken: true },
      when: '1970-01-01T00:00:00.000Z',
      cut: { token: '[redacted]', set: true, self: '[circular]' },
    },
  );
  assert.equal(given.password, 's3cr3t');
});

test('no secret survives in any surrounding text', () => {
  const around = fc.string({ unit: 'grapheme', maxLength: 40 });
  const secret = fc.stringMatching(/^[a-z0-9]{12}Q7$/);
  const form = fc.constantFrom<(secret: string) => string>(
    (s) => ` Authorization: Bearer ${s}`,
    (s) => ` http://user:${s}@host/`,
    (s) => ` password=${s}`,
    (s) => ` {"api_token": "${s}"}`,
    (s) => ` eyJ${s}.${s}.${s}`,
  );
  fc.assert(
    fc.property(around, secret, form, around, (before, value, wrap, after) => {
      assert.ok(!redactText(`${before}${wrap(value)} ${after}`).includes(value));
    }),
  );
});

test('redaction takes any value and any text, also long ones', () => {
  fc.assert(fc.property(fc.anything({ withMap: true, withSet: true, withDate: true }), (value) => void redactObject(value)));
  for (const unit of ['a', 'eyJ-', 'token', '://', 'token: ', '"', '--token-', 'Basic ', '-----BEGIN PRIVATE KEY-----']) {
    redactText(unit.repeat(200_000 / unit.length));
  }
});
