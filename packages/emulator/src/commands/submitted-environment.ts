import type { JobRequest } from '../model/job.ts';
import type { Asked } from './submitting.ts';

/** Since 23.11 sbatch tells launchers of MPI that srun starts nothing for them (measured). */
const launchers = {
  OMPI_MCA_plm_slurm_args: '--external-launcher',
  PRTE_MCA_plm_slurm_args: '--external-launcher',
  HYDRA_BOOTSTRAP: 'slurm',
  HYDRA_LAUNCHER_EXTRA_ARGS: '--external-launcher',
  I_MPI_HYDRA_BOOTSTRAP: 'slurm',
  I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS: '--external-launcher',
} as const;

/**
 * What sbatch adds to the environment that a job is submitted with: measured on 22.05, 24.11 and 26.05, recorded of all. Without `SLURM_RLIMIT_*`: of the
 * limits of whoever calls the emulator knows nothing.
 */
export function submittedEnvironment(
  asked: Asked,
  said: Partial<JobRequest>,
  {
    release,
    directory,
    host,
    name,
  }: { readonly release: number; readonly directory: string; readonly host: string; readonly name: string },
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const add = (variable: string, value: string | number | undefined) => {
    if (value !== undefined) found[variable] = `${value}`;
  };
  if (release < 2405) add('SLURM_JOB_NAME', name);
  add('SLURM_PRIO_PROCESS', 0);
  add('SLURM_SUBMIT_DIR', directory);
  add('SLURM_SUBMIT_HOST', host);
  add('SLURM_UMASK', '0022');
  if (release >= 2311) Object.assign(found, launchers);
  add('SLURM_NPROCS', said.tasks);
  add('SLURM_NTASKS', said.tasks);
  add('SLURM_NTASKS_PER_NODE', said.tasksPerNode);
  add('SLURM_CPUS_PER_TASK', said.cpusPerTask);
  add('SLURM_GPUS', asked.value('gpus'));
  add('SLURM_GPUS_PER_NODE', asked.value('gpus-per-node'));
  const gpusPerTask = asked.value('gpus-per-task');
  if (release < 2405) add('SLURM_GPUS_PER_TASK', gpusPerTask);
  else {
    if (gpusPerTask !== undefined) add('SLURM_TRES_BIND', `gres/gpu:per_task:${gpusPerTask}`);
    const perTask = [
      ...(said.cpusPerTask === undefined ? [] : [`cpu=${said.cpusPerTask}`]),
      ...(gpusPerTask === undefined ? [] : [`gres/gpu=${gpusPerTask}`]),
    ];
    if (perTask.length > 0) add('SLURM_TRES_PER_TASK', perTask.join(','));
  }
  add('SLURM_MEM_PER_GPU', said.memoryPerGpuMiB);
  const hint = asked.value('hint');
  add('SLURM_HINT', hint);
  add('SLURM_THREADS_PER_CORE', said.threadsPerCore ?? (hint === 'nomultithread' ? 1 : undefined));
  add('SLURM_JOB_DEPENDENCY', asked.value('dependency'));
  add('SLURM_DISTRIBUTION', asked.value('distribution'));
  if (release < 2405) add('SLURM_OPEN_MODE', asked.value('open-mode')?.slice(0, 1));
  return found;
}
