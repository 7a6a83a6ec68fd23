import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { LocalRun } from './command.ts';
import { type Asking, type Said, say, stillCluster } from './job-commands.fixture.ts';

describe('srun', () => {
  let slurm: EmulatedSlurm;
  let runs: LocalRun[];
  beforeEach(() => {
    slurm = stillCluster({ EmulatedPlay: 'script' });
    runs = [];
  });
  afterEach(() => slurm.close());

  const ending = (...codes: number[]): Asking => ({
    runThere: async (run) => {
      runs.push(run);
      return codes;
    },
  });

  /** Until srun has ended, the cluster's time goes on. */
  async function srun(argv: readonly string[], asking: Asking = {}): Promise<Said> {
    const said = say(slurm, 'srun', argv, asking);
    let over = false;
    said.finally(() => {
      over = true;
    });
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!over) slurm.time.advance(1);
    }
    return said;
  }

  it('runs a command in a job of its own, which ends with it', async () => {
    const { code, stderr } = await srun(['-n', '2', '-l', 'prog', '-n', 'x'], ending(0, 3));
    assert.equal(code, 3);
    assert.match(stderr, /srun: error: node01: task 1: Exited with exit code 3\n$/);
    const [run] = runs;
    assert.deepEqual([run?.argv, run?.tasks, run?.label], [['prog', '-n', 'x'], 2, true]);
    const job = slurm.controller.job(Number(run?.env['SLURM_JOB_ID']));
    assert.deepEqual(
      [job?.state, job?.exit, job?.name, job?.steps.map(({ id, tasks, state }) => [id, tasks, state])],
      [
        'FAILED',
        { code: 3, signal: 0 },
        'prog',
        [['0', 2, 'FAILED'], ...(job?.steps.slice(1).map(({ id, tasks, state }) => [id, tasks, state]) ?? [])],
      ],
    );
  });

  it('runs steps in the job that SLURM_JOB_ID names', async () => {
    const id = (await say(slurm, 'sbatch', ['--parsable', '-n', '2', '--wrap', 'sleep 500'])).stdout.trim();
    slurm.time.advance(5);
    const env = { SLURM_JOB_ID: id };
    assert.equal((await srun(['true'], { env, ...ending(0, 0) })).code, 0);
    assert.equal((await srun(['-n1', 'true'], { env, ...ending(9) })).code, 9);
    assert.deepEqual(
      runs.map(({ tasks, env: { SLURM_STEP_ID } }) => [tasks, SLURM_STEP_ID]),
      [
        [2, '0'],
        [1, '1'],
      ],
    );
    assert.deepEqual(await srun(['-n', '5', 'true'], { env, ...ending() }), {
      code: 1,
      stdout: '',
      stderr: `srun: error: Unable to create step for job ${id}: More processors requested than permitted\n`,
    });
  });

  it('names tasks that a signal ended', async () => {
    const { code, stderr } = await srun(['-n2', 'prog'], ending(137, 137));
    assert.equal(code, 137);
    assert.match(stderr, /srun: error: node01: tasks 0-1: Killed\nsrun: Force Terminated StepId=\d+\.0\n$/);
  });

  it('plays the command where jobs are played', async () => {
    await slurm.close();
    slurm = stillCluster();
    const { stdout, code } = await srun(['-N2', '-n2', '-l', 'hostname']);
    assert.deepEqual([stdout, code], ['0: node01\n1: node02\n', 0]);
    assert.equal((await srun(['false'])).code, 1);
  });

  it('gives its job back when its caller leaves', async () => {
    const leaving = new AbortController();
    const said = say(slurm, 'srun', ['-H', 'prog'], { signal: leaving.signal });
    said.catch(() => {});
    while ([...slurm.controller.jobs()].length === 0) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await assert.rejects(said);
    assert.deepEqual(
      [...slurm.controller.jobs()].map(({ state }) => state),
      ['CANCELLED'],
    );
  });

  const refusals: [argv: string[], code: number, stderr: string][] = [
    [[], 1, 'srun: fatal: No command given to execute.\n'],
    [['--bogus'], 255, 'srun: unrecognized option \'--bogus\'\nTry "srun --help" for more information\n'],
    [['-n', 'x', 'true'], 1, 'srun: error: Invalid numeric value "x" for --ntasks.\n'],
    [
      ['-p', 'nope', 'true'],
      1,
      'srun: error: invalid partition specified: nope\nsrun: error: Unable to allocate resources: Invalid partition name specified\n',
    ],
    [['-A', 'nope', 'true'], 1, 'srun: error: Unable to allocate resources: Invalid account or account/partition combination specified\n'],
    [
      ['--jobid=99999', 'true'],
      1,
      'srun: error: Unable to confirm allocation for job 99999: Invalid job id specified\nsrun: Check SLURM_JOB_ID environment variable. Expired or invalid job 99999\n',
    ],
  ];
  for (const [argv, code, stderr] of refusals) {
    it(`refuses "${argv.join(' ')}"`, async () => assert.deepEqual(await srun(argv), { code, stdout: '', stderr }));
  }
});
