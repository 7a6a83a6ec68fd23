import type { Identity, JobRequest } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import { planFor } from './backfill.ts';
import { place } from './placement.ts';
import { refusal } from './slurm-errors.ts';
import { accept, record } from './submit.ts';
import type { World } from './world.ts';

/** `sbatch --test-only`: whether a job could run, when and where, as far as the limits of what runs tell. Nothing is entered; the id is the next. */
export function testStart(world: World, requests: readonly JobRequest[], as: Identity): ReturnType<Slurmctld['test']> {
  const accepted = requests.map((request) => accept(world, request, as))[0];
  if (accepted === undefined) throw refusal('ESLURM_JOB_SCRIPT_MISSING');
  const job = record(world, accepted, as, world.nextJobId);
  for (const partition of accepted.partitions) {
    const placement = place(world, job, partition, () => true);
    if (placement.kind === 'start') {
      const nodes = placement.grants.map(({ node }) => node);
      return { jobId: job.jobId, start: world.now, cpus: placement.tres['cpu'] ?? 0, nodes, partition: partition.name };
    }
  }
  for (const partition of accepted.partitions) {
    const plan = planFor(world, job, partition);
    if (plan === undefined || plan.start === null) continue;
    const nodes = plan.nodes.flatMap((index) => world.nodes[index]?.spec.name ?? []);
    return { jobId: job.jobId, start: plan.start, cpus: job.cpus, nodes, partition: partition.name };
  }
  throw refusal('ESLURM_NODES_BUSY');
}
