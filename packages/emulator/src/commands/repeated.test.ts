import assert from 'node:assert/strict';
import { it } from 'node:test';
import { say, stillCluster } from './job-commands.fixture.ts';

it('squeue -i says the same again until its caller leaves, and takes no interval that is none', async () => {
  const slurm = stillCluster();
  const leaving = new AbortController();
  const said = say(slurm, 'squeue', ['-i', '1', '-o', '%i'], { signal: leaving.signal });
  await new Promise((resolve) => setTimeout(resolve, 1200));
  leaving.abort();
  const { stdout, code } = await said;
  assert.equal(code, 0);
  assert.ok((stdout.match(/^JOBID$/gm) ?? []).length >= 2, stdout);
  assert.deepEqual(await say(slurm, 'squeue', ['-i', 'x']), { code: 1, stdout: '\n', stderr: 'squeue: error: --iterate=x\n' });
  await slurm.close();
});
