import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullRelease, recordedJobs, recording } from './recorded-cluster.fixture.ts';
import { recordedNodes } from './recorded-nodes.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { squeue } from './squeue.ts';

function slurmOf(release: string) {
  const nodes = recordedNodes(release);
  return recordedSlurm({
    release: fullRelease(release),
    now: 1_795_253_905,
    jobs: recordedJobs(release),
    controller: { nodes: () => nodes },
  });
}

const heading = '             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)\n';
const states =
  'PENDING,RUNNING,SUSPENDED,COMPLETED,CANCELLED,FAILED,TIMEOUT,NODE_FAIL,PREEMPTED,BOOT_FAIL,DEADLINE,OUT_OF_MEMORY,COMPLETING,CONFIGURING,' +
  'RESIZING,RESV_DEL_HOLD,REQUEUED,REQUEUE_FED,REQUEUE_HOLD,REVOKED,SIGNALING,SPECIAL_EXIT,STAGE_OUT,STOPPED';

describe('forms of squeue', () => {
  const slurm = slurmOf('22.05');

  // What Slurm 22.05.8 said.
  const refusals: readonly (readonly [argv: string, code: number, stderr: string, stdout: string])[] = [
    ['-j 999999', 1, 'slurm_load_jobs error: Invalid job id specified\n', ''],
    ['-j 999998,999999', 0, '', heading],
    ['-t foo', 1, `squeue: error: Invalid job state specified: foo\nsqueue: error: Valid job states include: ${states}\n\n`, ''],
    ['-u nosuch', 0, 'squeue: error: Invalid user: nosuch\n\n', heading],
    ['-p nosuch', 0, '', heading],
    ['-j 1,abc', 1, 'squeue: error: Invalid job id: abc\n', ''],
    ['-w nosuch', 1, 'squeue: error: Invalid node name nosuch\n', ''],
    ['-S q -h', 1, 'squeue: error: Invalid sort specification: q\n', ''],
    ['-o', 1, 'squeue: option requires an argument -- \'o\'\nTry "squeue --help" for more information\n', ''],
    ['--helpFormat', 1, 'squeue: unrecognized option \'--helpFormat\'\nTry "squeue --help" for more information\n', ''],
    ['--json=list', 1, "squeue: option '--json' doesn't allow an argument\nTry \"squeue --help\" for more information\n", ''],
  ];
  for (const [argv, code, stderr, stdout] of refusals) {
    it(`answers ${argv}`, async () => {
      assert.deepEqual(await run(squeue, slurm, argv.split(' ')), { code, stderr, stdout });
    });
  }

  for (const release of ['24.11', '25.05', '26.05']) {
    it(`lists the columns of ${release}`, async () => {
      assert.equal((await run(squeue, slurmOf(release), ['--helpFormat'])).stdout, recording(release, 'final-squeue-helpFormat'));
    });
  }

  it('shows the tasks of an array that are asked for, and those that run beside those that wait', async () => {
    const ids = async (...argv: string[]) => (await run(squeue, slurm, ['-h', '-o', '%i', ...argv])).stdout.trim().split('\n');
    assert.deepEqual(await ids('-j', '17_8,17_9'), ['17_[8-9]']);
    assert.deepEqual(await ids('-j', '17_8'), ['17_8']);
    assert.deepEqual(await ids('-j17', '-t', 'R,PD'), ['17_[7-10%4]', '17_4', '17_5', '17_6', '17_3']);
    assert.deepEqual(await ids('-j', '15'), ['15+0', '15+1']);
    assert.deepEqual(await ids('-u', 'root', '-t', 'S'), ['14']);
    assert.deepEqual(await ids('-w', 'gpu01', '-S', 'i'), ['7', '8']);
  });

  it('lays columns out with their widths, sides and what stands between them', async () => {
    const { stdout } = await run(squeue, slurm, ['-j', '7', '-o', 'a%.3i|%3j|%.4u.%-%%']);
    assert.equal(stdout, 'aJOB|NAM|USER.%-\na  7|gpu|alic.%-\n');
    const long = await run(squeue, slurm, ['-j', '7', '-O', 'jobid,name:4,name:.12,nodelist:3|,comment']);
    assert.equal(
      long.stdout,
      `${'JOBID'.padEnd(20)}NAME        NAMENOD|${'COMMENT'.padEnd(20)}\n${'7'.padEnd(20)}gpu_     gpu_idxgpu|${'(null)'.padEnd(20)}\n`,
    );
  });

  it('takes its format from the environment where none is given', async () => {
    const env = { TZ: 'UTC', SQUEUE_FORMAT: '%i', SQUEUE_STATES: 'S' };
    assert.equal((await run(squeue, slurm, ['-h'], { env })).stdout, '14\n');
    assert.equal((await run(squeue, slurm, ['-h', '-O', 'name:'], { env })).stdout, 'suspended\n');
  });
});
