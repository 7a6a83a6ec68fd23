import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seesAllJobs, tokenFacts, tokenHint } from './token-facts.ts';

const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;
const now = 1_795_000_000;

test('§2 a token says whose it is, what it may and how long', () => {
  assert.deepEqual(tokenFacts(jwt({ sub: 'slurm', roles: ['api'], iat: 1, exp: now })), { subject: 'slurm', roles: ['api'], expires: now });
  assert.deepEqual(tokenFacts(` ${jwt({ roles: ['api', 7], sub: 'jürgen' })}\n`), { subject: 'jürgen', roles: ['api'], expires: null });
  assert.deepEqual(tokenFacts(jwt({})), { subject: null, roles: [], expires: null });
});

test('anything else is no token, and nothing throws', () => {
  for (const text of ['', 'x', 'a.b', 'a.b.c', 'a.b.c.d', jwt(null), jwt([]), jwt('x')]) assert.equal(tokenFacts(text), undefined);
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void tokenHint(`${a}.${b}.${a}`, now)));
  fc.assert(fc.property(fc.json(), (claims) => void tokenHint(jwt(JSON.parse(claims)), now)));
});

test('the hint names what is wrong with it and the command that mends it, never the token', () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['', /No token is configured.*cc-backend -jwt NAME$/],
    ['secret', /no JWT.*cc-backend -jwt NAME$/],
    [jwt({ sub: 'slurm', roles: ['api'], exp: now - 1 }), /^The token of slurm expired at 2026-11-18T.*cc-backend -jwt slurm$/],
    [jwt({ sub: 'slurm', roles: ['user'] }), /has the roles user; it needs api alone.*cc-backend -jwt slurm$/],
    [jwt({ sub: 'slurm', roles: ['api', 'user'] }), /has the roles api, user/],
    [jwt({ sub: 'slurm', roles: [] }), /has no role/],
    [jwt({ sub: 'slurm', roles: ['api', 'admin'], exp: now + 60 }), /expires at .*this server's key\?/],
  ];
  for (const [token, hint] of table) {
    assert.match(tokenHint(token, now), hint);
    if (token !== '') assert.ok(!tokenHint(token, now).includes(token));
  }
});

test('§4.16 GraphQL shows all jobs to some roles only', () => {
  for (const roles of [['api'], ['admin', 'api'], ['support']]) assert.ok(seesAllJobs(jwt({ roles })));
  for (const roles of [[], ['user'], ['api', 'user'], ['manager']]) assert.ok(!seesAllJobs(jwt({ roles })));
  assert.ok(!seesAllJobs('x'));
});
