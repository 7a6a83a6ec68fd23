import type { GivenOption } from './options.ts';

/** Variables that say what an option says, by its name: sbatch(1), "INPUT ENVIRONMENT VARIABLES". */
const sbatchVariables: readonly (readonly [variable: string, option: string])[] = [
  ['SBATCH_ACCOUNT', 'account'],
  ['SBATCH_ACCTG_FREQ', 'acctg-freq'],
  ['SBATCH_ARRAY_INX', 'array'],
  ['SBATCH_CLUSTERS', 'clusters'],
  ['SLURM_CLUSTERS', 'clusters'],
  ['SBATCH_CONSTRAINT', 'constraint'],
  ['SBATCH_DEBUG', 'verbose'],
  ['SBATCH_EXCLUSIVE', 'exclusive'],
  ['SBATCH_EXPORT', 'export'],
  ['SBATCH_GPUS', 'gpus'],
  ['SBATCH_GPUS_PER_NODE', 'gpus-per-node'],
  ['SBATCH_GPUS_PER_TASK', 'gpus-per-task'],
  ['SBATCH_GRES', 'gres'],
  ['SLURM_HINT', 'hint'],
  ['SBATCH_HINT', 'hint'],
  ['SBATCH_JOB_NAME', 'job-name'],
  ['SBATCH_MEM_PER_CPU', 'mem-per-cpu'],
  ['SBATCH_MEM_PER_GPU', 'mem-per-gpu'],
  ['SBATCH_MEM_PER_NODE', 'mem'],
  ['SBATCH_NO_REQUEUE', 'no-requeue'],
  ['SBATCH_OPEN_MODE', 'open-mode'],
  ['SBATCH_OUTPUT', 'output'],
  ['SBATCH_ERROR', 'error'],
  ['SBATCH_INPUT', 'input'],
  ['SBATCH_OVERCOMMIT', 'overcommit'],
  ['SBATCH_PARTITION', 'partition'],
  ['SBATCH_QOS', 'qos'],
  ['SBATCH_REQUEUE', 'requeue'],
  ['SBATCH_RESERVATION', 'reservation'],
  ['SBATCH_SIGNAL', 'signal'],
  ['SBATCH_THREADS_PER_CORE', 'threads-per-core'],
  ['SBATCH_TIMELIMIT', 'time'],
  ['SBATCH_WAIT', 'wait'],
  ['SBATCH_WCKEY', 'wckey'],
];

/** The same of srun(1), as far as the emulator goes by them. */
const srunVariables: readonly (readonly [variable: string, option: string])[] = [
  ['SLURM_ACCOUNT', 'account'],
  ['SLURM_CONSTRAINT', 'constraint'],
  ['SLURM_CPUS_PER_TASK', 'cpus-per-task'],
  ['SRUN_CPUS_PER_TASK', 'cpus-per-task'],
  ['SLURM_EXPORT_ENV', 'export'],
  ['SLURM_GRES', 'gres'],
  ['SLURM_JOB_ID', 'jobid'],
  ['SLURM_LABELIO', 'label'],
  ['SLURM_NTASKS', 'ntasks'],
  ['SLURM_PARTITION', 'partition'],
  ['SLURM_QOS', 'qos'],
  ['SLURM_RESERVATION', 'reservation'],
  ['SLURM_TIMELIMIT', 'time'],
  ['SLURM_WCKEY', 'wckey'],
];

/** Options that the environment gives, in an order in which the later ones win. */
export function environmentOptions(command: 'sbatch' | 'srun', env: Readonly<Record<string, string>>): readonly GivenOption[] {
  const variables = command === 'sbatch' ? sbatchVariables : srunVariables;
  return variables.flatMap(([variable, name]) => {
    const value = env[variable];
    return value === undefined ? [] : [{ name, value }];
  });
}

/**
 * What a job gets of its caller's environment: `--export` gives all of it by default, the named variables, or none; SLURM_ variables go with it in every
 * case (sbatch(1), "--export").
 */
export function exportedEnvironment(env: Readonly<Record<string, string>>, exported: string | undefined): Record<string, string> {
  const words = exported === undefined ? ['ALL'] : exported.split(',').filter((word) => word !== '');
  const everything = words.some((word) => /^ALL$/i.test(word));
  const nothing = words.length === 1 && /^(NONE|NIL)$/i.test(words[0] ?? '');
  const taken: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const isSlurm = name.startsWith('SLURM_') || name === 'SLURM_CONF';
    if (everything || isSlurm || words.includes(name)) taken[name] = value;
  }
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) taken[word.slice(0, equals)] = word.slice(equals + 1);
  }
  if (exported !== undefined) taken['SLURM_EXPORT_ENV'] = exported;
  if (nothing) taken['SLURM_GET_USER_ENV'] = '1';
  return taken;
}
