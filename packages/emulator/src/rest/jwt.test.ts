import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { mintJwt, userOfJwt } from './jwt.ts';

const key = Buffer.from('the key of this cluster');
const now = 1_795_283_000;
const claims = { sun: 'alice', iat: now - 10, exp: now + 1800 };

test('a token names its user until it ends', () => {
  const token = mintJwt(key, claims);
  assert.deepEqual(userOfJwt(token, key, now), { user: 'alice' });
  assert.equal(userOfJwt(token, key, now + 1800), undefined);
  assert.equal(userOfJwt(token, key, now - 100), undefined);
});

test('another key, another algorithm, other claims and rubbish are refused', () => {
  const token = mintJwt(key, claims);
  const [head = '', , signature = ''] = token.split('.');
  assert.equal(userOfJwt(token, Buffer.from('another'), now), undefined);
  assert.equal(userOfJwt(`${head}.${encode({ ...claims, sun: 'root' })}.${signature}`, key, now), undefined);
  const none = `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}`;
  assert.equal(userOfJwt(`${none}.`, key, now), undefined);
  assert.equal(userOfJwt(`${none}.${createHmac('sha256', key).update(none).digest('base64url')}`, key, now), undefined);
  for (const rubbish of ['', '.', '..', 'a.b.c', `${token}.x`, token.slice(0, -1)])
    assert.equal(userOfJwt(rubbish, key, now), undefined, rubbish);
});

test('without a key every token is good, and names whom it names', () => {
  assert.deepEqual(userOfJwt(mintJwt(key, { ...claims, exp: 1 }), null, now), { user: 'alice' });
  assert.deepEqual(userOfJwt('anything', null, now), { user: null });
});

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
