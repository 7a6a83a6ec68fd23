import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exitCodeFromWaitStatus, formatExitCode, parseExitCode } from './exit-code.ts';

test('code and signal', () => {
  assert.deepEqual(parseExitCode('3:0'), { code: 3, signal: 0 });
  assert.deepEqual(parseExitCode('0:11'), { code: 0, signal: 11 });
  assert.equal(formatExitCode({ code: 0, signal: 53 }), '0:53');
});

test('text that is no exit code is refused', () => {
  for (const text of ['', ':', '3', '3:', ':0', '3:0:0', '-1:0', '3 :0', '0:4294967296', '３:0'])
    assert.equal(parseExitCode(text), undefined, text);
});

// SLURM_JOB_EXIT_CODE and SLURM_JOB_EXIT_CODE2 of the same EpilogSlurmctld, 22.05.
test('the wait status of a hook says what its EXIT_CODE2 says', () => {
  const recorded = { 0: '0:0', 11: '0:11', 9: '0:9', 1024: '4:0' };
  for (const [status, text] of Object.entries(recorded)) assert.equal(formatExitCode(exitCodeFromWaitStatus(Number(status))), text);
  assert.deepEqual(exitCodeFromWaitStatus(0x8b), { code: 0, signal: 11 });
});

test('exit codes are written as they are read', () => {
  fc.assert(
    fc.property(fc.nat({ max: 0xffff }), (status) => {
      const exitCode = exitCodeFromWaitStatus(status);
      assert.deepEqual(parseExitCode(formatExitCode(exitCode)), exitCode);
    }),
  );
});
