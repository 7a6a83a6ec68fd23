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

export function needOperator(world: World, as: Identity): void {
  if (!isOperator(world, as)) throw refusal('ESLURM_ACCESS_DENIED');
}
