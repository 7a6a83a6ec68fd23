import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClusterWatch, lastLook } from './cluster-watch.ts';

test('the last look is that of the cluster that waits longest, and none as long as one has not been looked at', () => {
  const after = (...done: (number | null)[]) => lastLook(done.map((doneMs) => ({ controller: { doneMs } as ClusterWatch['controller'] })));
  assert.deepEqual([after(), after(null), after(5, null), after(7), after(7, 5)], [null, null, null, 7, 5]);
});
