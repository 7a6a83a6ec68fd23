import type { Identity } from '../model/job.ts';
import type { JobRecord } from './job-record.ts';
import { refusal } from './slurm-errors.ts';
import type { World } from './world.ts';

/** root, SlurmUser, operators and administrators. */
export function isOperator(world: World, as: Identity): boolean {
  return as.uid === 0 || as.user === 'slurm' || world.manager.adminLevel(as.user) !== 'None';
}

/** A job is its owner's and the operators'. Errors: ESLURM_USER_ID_MISSING ("Invalid user id", recorded). */
export function needOwner(world: World, job: JobRecord, as: Identity): void {
  if (job.uid !== as.uid && !isOperator(world, as)) throw refusal('ESLURM_USER_ID_MISSING');
}

/** The same where it is signalled, cancelled or requeued, which is refused in other words. Errors: ESLURM_ACCESS_DENIED (measured on 22.05 and 24.11). */
export function needRights(world: World, job: JobRecord, as: Identity): void {
  if (job.uid !== as.uid && !isOperator(world, as)) throw refusal('ESLURM_ACCESS_DENIED');
}

export function needOperator(world: World, as: Identity): void {
  if (!isOperator(world, as)) throw refusal('ESLURM_ACCESS_DENIED');
}
