import type { EmulatedJob } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import type { CommandCall } from './command.ts';

const ended: ReadonlySet<string> = new Set([
  ...['COMPLETED', 'CANCELLED', 'FAILED', 'TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'BOOT_FAIL', 'DEADLINE', 'OUT_OF_MEMORY'],
]);

/** Has a job ended, and is it not about to begin anew? */
export function isOver({ state, flags }: EmulatedJob): boolean {
  return ended.has(state) && !flags.includes('REQUEUED') && !flags.includes('REQUEUE_HOLD') && !flags.includes('SPECIAL_EXIT');
}

/** Looks after each change of the cluster until `look` gives something. Rejects with the signal's reason when the caller leaves. */
export function untilSeen<T>({ slurm, signal }: CommandCall, look: () => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let forget = () => {};
    const leave = () => {
      forget();
      reject(signal.reason);
    };
    const check = () => {
      const seen = look();
      if (seen === undefined) return;
      forget();
      signal.removeEventListener('abort', leave);
      resolve(seen);
    };
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    // Not within the change that is announced: looking may move the cluster on.
    forget = slurm.onChange(() => queueMicrotask(check));
    check();
  });
}

/**
 * Waits until a job has ended, all tasks of an array and all components of a het job; gives the exit code of `sbatch --wait`: that of the script,
 * the largest of several, 1 for a signal.
 */
export function jobsEnd(call: CommandCall, controller: Slurmctld, jobId: number): Promise<number> {
  return untilSeen(call, () => {
    const jobs = controller.select(`${jobId}`);
    if (!jobs.every(isOver)) return undefined;
    // When time makes a jump, slurmctld may have forgotten them already.
    const ways = jobs.length > 0 ? jobs : [...call.slurm.database.jobRows({ jobIds: [`${jobId}`] })];
    return Math.max(0, ...ways.map(({ exit, state }) => (exit.signal > 0 || (state !== 'COMPLETED' && exit.code === 0) ? 1 : exit.code)));
  });
}
