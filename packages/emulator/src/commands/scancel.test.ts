import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { type Asking, bob, type Said, say, stillCluster } from './job-commands.fixture.ts';

describe('scancel', () => {
  let slurm: EmulatedSlurm;
  beforeEach(() => {
    slurm = stillCluster();
  });
  afterEach(() => slurm.close());

  const scancel = (...argv: string[]): Promise<Said> => say(slurm, 'scancel', argv);
  const submit = async (argv: readonly string[] = [], asking: Asking = {}): Promise<string> =>
    (await say(slurm, 'sbatch', ['--parsable', ...argv, '--wrap', 'sleep 500'], asking)).stdout.trim();
  const stateOf = (id: string) => slurm.controller.job(Number(id))?.state;

  it('cancels by number and says nothing of what is over or unknown', async () => {
    const id = await submit(['-H']);
    assert.deepEqual(await scancel(id), { code: 0, stdout: '', stderr: '' });
    assert.equal(stateOf(id), 'CANCELLED');
    for (const word of [id, '99999', '99999_3', '99999+1']) assert.deepEqual(await scancel(word), { code: 0, stdout: '', stderr: '' });
  });

  it('says with -v what it does and what it did not do', async () => {
    const id = await submit(['-H']);
    assert.equal((await scancel('-v', id)).stderr, `scancel: Terminating job ${id}\n`);
    assert.equal(
      (await scancel('-v', id)).stderr,
      `scancel: Terminating job ${id}\nscancel: error: Kill job error on job id ${id}: Job/step already completing or completed\n`,
    );
    assert.equal(
      (await scancel('-v', '99999')).stderr,
      'scancel: Terminating job 99999\nscancel: error: Kill job error on job id 99999: Invalid job id specified\n',
    );
  });

  it('cancels tasks of an array', async () => {
    const id = await submit(['-H', '--array=0-3']);
    await scancel(`${id}_1`, `${id}_[2-3]`);
    const left = slurm.controller.select(id).filter(({ state }) => state === 'PENDING');
    assert.deepEqual(
      left.flatMap(({ pendingTasks, array }) => pendingTasks ?? array?.taskId),
      [0],
    );
  });

  it('chooses by user, account, name, partition, state and node', async () => {
    const [a, b, c, d] = [
      await submit(['-H', '-J', 'one']),
      await submit(['-p', 'gpu', '-w', 'gpu01']),
      await submit(['-A', 'chem', '-H']),
      await submit(['-H'], { as: bob }),
    ];
    slurm.time.advance(5);
    assert.equal(stateOf(b), 'RUNNING');
    await scancel('-n', 'one');
    await scancel('-w', 'gpu01');
    await scancel('-A', 'chem', '-t', 'PD', '--me');
    assert.deepEqual([a, b, c, d].map(stateOf), ['CANCELLED', 'CANCELLED', 'CANCELLED', 'PENDING']);
    assert.deepEqual(await scancel('-v', '-u', 'alice', '-n', 'zz'), {
      code: 0,
      stdout: '',
      stderr: 'scancel: error: No active jobs match ALL job filters, including: job_name=zz user_name=alice \n',
    });
  });

  it('cancels a het job as a whole without a word', async () => {
    const id = (await say(slurm, 'sbatch', ['--parsable', '-H', '-n1', ':', '-n1', '--wrap=true'])).stdout.trim();
    assert.deepEqual(await scancel('--me'), { code: 0, stdout: '', stderr: '' });
    assert.ok(slurm.controller.select(id).every(({ state }) => state === 'CANCELLED'));
  });

  it('asks with -i, and takes the end of stdin for no', async () => {
    const [a, b] = [await submit(['-H']), await submit(['-H'])];
    const { stdout } = await say(slurm, 'scancel', ['-i', a, b], { stdin: 'y\nn\n' });
    assert.equal(stdout, `Cancel job_id=${a} name=wrap partition=cpu [y/n]? Cancel job_id=${b} name=wrap partition=cpu [y/n]? `);
    assert.deepEqual([stateOf(a), stateOf(b)], ['CANCELLED', 'PENDING']);
    await say(slurm, 'scancel', ['-i', b]);
    assert.equal(stateOf(b), 'PENDING');
  });

  it('may not touch the jobs of others', async () => {
    const id = await submit(['-H'], { as: bob });
    // 2002 is ESLURM_ACCESS_DENIED, of which an exit code keeps eight bits.
    assert.deepEqual(await scancel(id), {
      code: 210,
      stdout: '',
      stderr: `scancel: error: Kill job error on job id ${id}: Access/permission denied\n`,
    });
    assert.equal(stateOf(id), 'PENDING');
  });

  it('sends no signal to a job that has not begun', async () => {
    const id = await submit(['-H']);
    // 2020 is ESLURM_TRANSITION_STATE_NO_UPDATE.
    assert.deepEqual(await scancel('-s', 'TERM', id), {
      code: 228,
      stdout: '',
      stderr: `scancel: error: Kill job error on job id ${id}: Job can not be altered now, try again later\n`,
    });
  });

  it('sends signals', async () => {
    const id = await submit();
    slurm.time.advance(5);
    assert.equal((await scancel('-v', '-s', 'USR1', id)).stderr, `scancel: Signal 10 to job ${id}\n`);
    await scancel(id);
    slurm.time.advance(60);
    assert.deepEqual(await scancel('-s', '10', id), {
      code: 1,
      stdout: '',
      stderr: `scancel: error: Kill job error on job id ${id}: Invalid job id specified\n`,
    });
  });

  const refusals: [argv: string[], stderr: string][] = [
    [[], 'scancel: error: No job identification provided\n'],
    [['abc'], 'scancel: error: Invalid job id abc\n'],
    [['0'], 'scancel: error: Invalid job id 0\n'],
    [['12_x'], 'scancel: error: Invalid job id 12_x\n'],
    [['12_[1'], 'scancel: error: Invalid job id 12_[1\n'],
    [[''], 'scancel: error: Invalid job id \n'],
    [['-s', 'FOO', '3'], 'Unknown job signal: FOO\n'],
    [['-t', 'XX'], 'Invalid job state specified: XX\nValid job states are PENDING, RUNNING, and SUSPENDED\n'],
    [['-u', 'nouser'], 'scancel: error: Invalid user name: nouser\n'],
    [['--bogus'], 'scancel: unrecognized option \'--bogus\'\nTry "scancel --help" for more information\n'],
  ];
  for (const [argv, stderr] of refusals) {
    it(`refuses "${argv.join(' ')}"`, async () => assert.deepEqual(await scancel(...argv), { code: 1, stdout: '', stderr }));
  }
});
