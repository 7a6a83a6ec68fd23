import assert from 'node:assert/strict';
import { it } from 'node:test';
import { say, stillCluster } from './job-commands.fixture.ts';

it('squeue -i says the same again until its caller leaves, and takes no interval that is none', async () => {
  const slurm = stillCluster();
  const leaving = new AbortController();
  let times = 0;
  const onOut = (text: string) => {
    times += text.match(/^JOBID$/gm)?.length ?? 0;
    if (times >= 2) leaving.abort();
  };
  const { stdout, code } = await say(slurm, 'squeue', ['-i', '1', '-o', '%i'], { signal: leaving.signal, onOut });
  assert.equal(code, 0);
  assert.equal(stdout.match(/^JOBID$/gm)?.length, 2, stdout);
  assert.deepEqual(await say(slurm, 'squeue', ['-i', 'x']), { code: 1, stdout: '\n', stderr: 'squeue: error: --iterate=x\n' });
  await slurm.close();
});
