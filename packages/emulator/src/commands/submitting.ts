import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { foldHostlist, sortHosts } from '@sluice/slurm';
import type { JobRequest } from '../model/job.ts';
import { type Slurmctld, SlurmError } from '../model/slurmctld.ts';
import { type CommandCall, Unreachable } from './command.ts';
import { exportedEnvironment } from './job-environment.ts';
import { OptionValueError } from './job-option-values.ts';
import { type RequestedJob, readJobOptions } from './job-request.ts';
import type { GivenOption } from './options.ts';
import { majorRelease, sceneOf } from './scene.ts';
import { submittedEnvironment } from './submitted-environment.ts';
import { timeZone } from './time-zone.ts';
import { unreachableWords } from './unreachable.ts';

/** Options in their order, of which the last of a name counts. */
export interface Asked {
  has(name: string): boolean;
  value(name: string): string | undefined;
}

export function askedOf(options: readonly GivenOption[]): Asked {
  return {
    has: (name) => options.some((option) => option.name === name),
    value: (name) => options.findLast((option) => option.name === name)?.value ?? undefined,
  };
}

/** What sbatch and srun put into every request beside what the options say. */
export function requestOf(
  call: CommandCall,
  command: 'sbatch' | 'srun',
  options: readonly GivenOption[],
  own: Pick<JobRequest, 'script' | 'command'> & RequestedJob,
): JobRequest {
  const moments = { zone: timeZone(call.env['TZ']), now: call.slurm.time.now(), past: false };
  const { workDir = call.cwd, ...said } = readJobOptions(options, moments);
  const asked = askedOf(options);
  const environment = exportedEnvironment(call.env, asked.value('export'));
  const host = hostname();
  const about = { release: majorRelease(call), directory: call.cwd, host, name: said.name ?? own.name ?? '' };
  const added = command === 'srun' ? { SLURM_PRIO_PROCESS: '0', SLURM_UMASK: '0022' } : submittedEnvironment(asked, said, about);
  return {
    ...own,
    ...said,
    workDir: isAbsolute(workDir) ? workDir : join(call.cwd, workDir),
    environment: { ...environment, ...added },
    submitLine: [command, ...call.argv].join(' '),
    submitHost: host,
  };
}

/** What a refusal of slurmctld is called: `sbatch: error: Batch job submission failed`. */
export interface Failure {
  readonly command: 'sbatch' | 'srun';
  readonly what: string;
  readonly requests: readonly JobRequest[];
}

/** Says why slurmctld did not take a job, as sbatch and srun do; gives the exit code. Throws what is no refusal. */
export function sayRefusal(call: CommandCall, error: unknown, { command, what, requests }: Failure): number {
  if (error instanceof Unreachable) {
    const argv = what.startsWith('allocation') ? ['--test-only'] : [];
    call.err(unreachableWords(command, argv, error, call.slurm.spec).stderr);
    return 1;
  }
  if (!(error instanceof SlurmError)) throw error;
  const partitions = requests.flatMap((request) => request.partitions ?? []);
  if (error.name === 'ESLURM_INVALID_PARTITION_NAME' && partitions.length > 0) {
    call.err(`${command}: error: invalid partition specified: ${partitions.join(',')}\n`);
  }
  call.err(`${what}: ${error.message}\n`);
  return 1;
}

/** `--test-only`: when and where the job would start. */
export function testText(call: CommandCall, command: 'sbatch' | 'srun', controller: Slurmctld, requests: readonly JobRequest[]): string {
  const { jobId, start, cpus, nodes, partition } = controller.test(requests, call.as);
  const when = sceneOf(call, controller).times.time(start);
  const where = foldHostlist(sortHosts(nodes));
  return `${command}: Job ${jobId} to start at ${when} using ${cpus} processors on nodes ${where} in partition ${partition}\n`;
}

/** Says what is wrong with an option's value; gives the exit code. Throws what is something else. */
export function sayOptionValue(call: CommandCall, command: string, error: unknown): number {
  if (!(error instanceof OptionValueError)) throw error;
  call.err(`${error.before}${command}: error: ${error.message}\n`);
  return error.code;
}
