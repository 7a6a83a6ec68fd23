import type { JobRecord } from './job-record.ts';
import type { World } from './world.ts';

/** The limit of a QOS or an association that a pending job has to wait for; null when there is none. */
export function limitReason(world: World, job: JobRecord, limitMinutes: number): string | null {
  void world;
  void job;
  void limitMinutes;
  return null;
}

/** Whether a submission breaks a limit that refuses it at once (jobs submitted, size of one job). */
export function submitRefusal(
  world: World,
  job: { readonly associationId: number; readonly qos: string; readonly user: string; readonly account: string; readonly jobs: number },
): boolean {
  void world;
  void job;
  return false;
}
