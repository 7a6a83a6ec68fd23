import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageTargets } from './languages.ts';
import { targets } from './targets.ts';

for (const target of targets) {
  // A question to a connector costs more than a word of a language.
  const inputs = languageTargets.includes(target) ? 1000 : 400;
  test(`${target.name} stands ${inputs} generated inputs`, async () => {
    const result = await target.run(inputs, 1);
    assert.deepEqual(result.failures, []);
    assert.equal(result.accepted + result.rejected, inputs);
    assert.ok(result.accepted >= inputs / 5, `only ${result.accepted} inputs were taken`);
    assert.ok(result.rejected >= inputs / 5, `only ${result.rejected} inputs were not taken`);
  });
}
