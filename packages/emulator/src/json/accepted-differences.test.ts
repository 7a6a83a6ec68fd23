import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accepted as ofRest } from '../rest/exchanges.fixture.ts';
import { accepted } from './accepted-differences.fixture.ts';

test('accepted differences from the recordings have reasons, and become fewer', (t) => {
  t.diagnostic(`${accepted.length} accepted differences of JSON, ${ofRest.length} of slurmrestd's answers`);
  assert.ok(accepted.length <= 10 && ofRest.length <= 4);
  for (const { why } of [...accepted, ...ofRest]) assert.ok(why.length > 5);
});
