import type { Identity, JobRequest } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import { refusal } from './slurm-errors.ts';
import { accept } from './submit.ts';
import type { World } from './world.ts';

/** `sbatch --test-only`: whether a job could run, when and where. */
export function testStart(world: World, requests: readonly JobRequest[], as: Identity): ReturnType<Slurmctld['test']> {
  const accepted = requests.map((request) => accept(world, request, as))[0];
  if (accepted === undefined) throw refusal('ESLURM_JOB_SCRIPT_MISSING');
  const partition = accepted.partitions[0];
  const { demand } = accepted;
  return {
    jobId: world.nextJobId,
    start: world.now,
    cpus: demand.tasks * demand.cpusPerTask,
    nodes: (partition?.members ?? []).slice(0, demand.minNodes).map(({ spec }) => spec.name),
    partition: partition?.name ?? '',
  };
}
