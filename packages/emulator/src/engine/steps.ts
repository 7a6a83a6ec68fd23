import type { ExitCode } from '@sluice/slurm';
import type { Identity } from '../model/job.ts';
import { account, endingOf, endJob } from './lifecycle.ts';
import { needOwner } from './permissions.ts';
import { runStep } from './play.ts';
import { refusal } from './slurm-errors.ts';
import type { World } from './world.ts';

/** A step that srun starts within a running job; its number. */
export function startStep(
  world: World,
  jobId: number,
  step: { readonly name: string; readonly tasks: number; readonly nodes?: readonly string[]; readonly submitLine: string },
  as: Identity,
): number {
  const job = world.jobs.get(jobId);
  if (job === undefined) throw refusal('ESLURM_INVALID_JOB_ID');
  needOwner(world, job, as);
  if (job.state === 'PENDING') throw refusal('ESLURM_JOB_PENDING');
  if (job.state !== 'RUNNING') throw refusal('ESLURM_ALREADY_DONE');
  const number = job.steps.filter(({ id }) => /^\d+$/.test(id)).length;
  const started = runStep(job, `${number}`, world.now, { ...step, nodes: null }, step.nodes);
  job.steps = [...job.steps, started];
  world.touch(job);
  account(world, job);
  return number;
}

export function endStep(world: World, jobId: number, step: number, exit: ExitCode): void {
  const job = world.jobs.get(jobId);
  if (job === undefined) return;
  const state = exit.signal > 0 ? 'CANCELLED' : exit.code > 0 ? 'FAILED' : 'COMPLETED';
  job.steps = job.steps.map((each) => (each.id === `${step}` && each.end === null ? { ...each, end: world.now, exit, state } : each));
  world.touch(job);
  account(world, job);
}

/** srun or salloc gives its allocation back. */
export function completeJob(world: World, jobId: number, exit: ExitCode, as: Identity): void {
  const job = world.jobs.get(jobId);
  if (job === undefined) throw refusal('ESLURM_INVALID_JOB_ID');
  needOwner(world, job, as);
  if (job.state !== 'RUNNING' && job.state !== 'SUSPENDED') throw refusal('ESLURM_ALREADY_DONE');
  endJob(world, job, endingOf(exit, world.release));
}
