/**
 * What cc-slurm-adapter's hook sends of its environment (its SlurmctldEnv), under these names; a daemon of either kind understands it.
 */
const stockVariables = [
  'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE',
  'CUDA_VISIBLE_DEVICES',
  'GPU_DEVICE_ORDINAL',
  'SLURM_ARRAY_JOB_ID',
  'SLURM_ARRAY_TASK_COUNT',
  'SLURM_ARRAY_TASK_ID',
  'SLURM_ARRAY_TASK_MAX',
  'SLURM_ARRAY_TASK_MIN',
  'SLURM_ARRAY_TASK_STEP',
  'SLURM_CLUSTER_NAME',
  'SLURM_JOB_ACCOUNT',
  'SLURM_JOB_COMMENT',
  'SLURM_JOB_CONSTRAINTS',
  'SLURM_JOB_CPUS_PER_NODE',
  'SLURM_JOB_DERIVED_EC',
  'SLURM_JOB_END_TIME',
  'SLURM_JOB_EXIT_CODE',
  'SLURM_JOB_EXIT_CODE2',
  'SLURM_JOB_EXTRA',
  'SLURM_JOB_GID',
  'SLURM_JOB_GROUP',
  'SLURM_JOB_ID',
  'SLURM_JOB_LICENSES',
  'SLURM_JOB_NAME',
  'SLURM_JOB_NODELIST',
  'SLURM_JOB_NUM_NODES',
  'SLURM_JOB_OVERSUBSCRIBE',
  'SLURM_JOB_PARTITION',
  'SLURM_JOB_RESERVATION',
  'SLURM_JOB_RESTART_COUNT',
  'SLURM_JOB_START_TIME',
  'SLURM_JOB_STDERR',
  'SLURM_JOB_STDIN',
  'SLURM_JOB_STDOUT',
  'SLURM_JOB_UID',
  'SLURM_JOB_USER',
  'SLURM_JOB_WORK_DIR',
  'SLURM_SCRIPT_CONTEXT',
  'SLURM_WCKEY',
] as const;

/** The stock hook's message: all of its keys, each a string, empty when the variable is not set. */
export function stockMessage(environment: Readonly<Record<string, string | undefined>>): string {
  return JSON.stringify(Object.fromEntries(stockVariables.map((name) => [name, environment[name] ?? ''])));
}
