import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targets } from './targets.ts';

for (const target of targets) {
  test(`${target.name} stands 2,000 generated inputs`, async () => {
    const result = await target.run(2000, 1);
    assert.deepEqual(result.failures, []);
    assert.equal(result.accepted + result.rejected, 2000);
    assert.ok(result.accepted >= 400, `only ${result.accepted} inputs were of the language`);
    assert.ok(result.rejected >= 400, `only ${result.rejected} inputs were not of the language`);
  });
}
