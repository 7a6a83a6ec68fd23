import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labSpec } from '../config/lab-spec.ts';
import { openEmulator } from '../open-emulator.ts';
import { say } from './job-commands.fixture.ts';

/** What sbatch of a release adds to an environment that is empty. */
async function added(release: string, argv: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const slurm = openEmulator({ spec: labSpec(release), file: ':memory:', rate: 0 });
  try {
    const { stdout } = await say(slurm, 'sbatch', ['--parsable', '-H', ...argv, '--wrap', 'sleep 1']);
    const { TZ: _, ...environment } = slurm.controller.job(Number(stdout))?.request.environment ?? {};
    const { SLURM_SUBMIT_HOST: host = '', ...rest } = environment;
    assert.notEqual(host, '');
    return rest;
  } finally {
    await slurm.close();
  }
}

const always = { SLURM_PRIO_PROCESS: '0', SLURM_SUBMIT_DIR: '/home/alice', SLURM_UMASK: '0022' };
const launchers = {
  OMPI_MCA_plm_slurm_args: '--external-launcher',
  PRTE_MCA_plm_slurm_args: '--external-launcher',
  HYDRA_BOOTSTRAP: 'slurm',
  HYDRA_LAUNCHER_EXTRA_ARGS: '--external-launcher',
  I_MPI_HYDRA_BOOTSTRAP: 'slurm',
  I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS: '--external-launcher',
};

// What sbatch 22.05.8, 24.11.5 and 26.05.5 added.
test('sbatch adds to the environment what the release adds', async () => {
  const counts = ['-n2', '-N1', '-c2', '--mem=1G', '-J', 'envjob', '-D', '/tmp'];
  const said = { SLURM_CPUS_PER_TASK: '2', SLURM_NPROCS: '2', SLURM_NTASKS: '2' };
  assert.deepEqual(await added('22.05.8', counts), { ...always, ...said, SLURM_JOB_NAME: 'envjob' });
  for (const release of ['24.11.5', '26.05.5']) {
    assert.deepEqual(await added(release, counts), { ...always, ...launchers, ...said, SLURM_TRES_PER_TASK: 'cpu=2' });
  }
});

test('and what options say that a step shall know', async () => {
  const spread = ['--ntasks-per-node=2', '--gpus=2', '-p', 'gpu', '--hint=nomultithread', '-d', 'singleton', '--open-mode=append'];
  const said = {
    SLURM_GPUS: '2',
    SLURM_HINT: 'nomultithread',
    SLURM_JOB_DEPENDENCY: 'singleton',
    SLURM_NTASKS_PER_NODE: '2',
    SLURM_THREADS_PER_CORE: '1',
  };
  assert.deepEqual(await added('22.05.8', spread), { ...always, ...said, SLURM_JOB_NAME: 'wrap', SLURM_OPEN_MODE: 'a' });
  assert.deepEqual(await added('26.05.5', spread), { ...always, ...launchers, ...said });
  const gpus = ['-p', 'gpu', '-n1', '--gpus-per-node=1', '--gpus-per-task=1', '--mem-per-gpu=1G', '--distribution=block:cyclic'];
  const { SLURM_TRES_BIND, SLURM_TRES_PER_TASK, SLURM_MEM_PER_GPU, SLURM_DISTRIBUTION, SLURM_GPUS_PER_TASK } = await added('24.11.5', gpus);
  assert.deepEqual(
    [SLURM_TRES_BIND, SLURM_TRES_PER_TASK, SLURM_MEM_PER_GPU, SLURM_DISTRIBUTION, SLURM_GPUS_PER_TASK],
    ['gres/gpu:per_task:1', 'gres/gpu=1', '1024', 'block:cyclic', undefined],
  );
  assert.equal((await added('22.05.8', gpus))['SLURM_GPUS_PER_TASK'], '1');
});
