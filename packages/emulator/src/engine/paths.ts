import { isAbsolute, join } from 'node:path';
import type { JobRecord } from './job-record.ts';

/** Slurm's NO_VAL: what `%a` gives for a record that is no task (recorded). */
const noTask = 4294967294;

/** Fills in the patterns of a job's output paths, as far as slurmctld does it: all but `%N`, which is the node's to know. */
export function fillPaths(job: JobRecord): void {
  const { request, array } = job;
  const byDefault = array === null ? `slurm-${job.jobId}.out` : `slurm-${array.jobId}_${array.taskId ?? noTask}.out`;
  job.stdout = absolute(request.workDir, request.stdout === undefined ? byDefault : expandPattern(request.stdout, job));
  job.stderr = request.stderr === undefined ? job.stdout : absolute(request.workDir, expandPattern(request.stderr, job));
  job.stdin = request.stdin === undefined ? '/dev/null' : absolute(request.workDir, expandPattern(request.stdin, job));
}

function absolute(dir: string, path: string): string {
  return isAbsolute(path) ? path : join(dir, path);
}

/** sbatch(1), "filename pattern"; `node` fills in `%N`, `%n` and `%t` as well. A backslash takes patterns their meaning. */
export function expandPattern(pattern: string, job: JobRecord, node?: string): string {
  if (pattern.includes('\\')) return pattern.replaceAll('\\', '');
  return pattern.replaceAll(/%(\d*)([%AabJjNnstuxW])/g, (whole, width: string, letter: string) => {
    const value = patternValue(letter, job, node);
    if (value === undefined) return whole;
    return typeof value === 'number' ? `${value}`.padStart(Math.min(Number(width || 0), 10), '0') : value;
  });
}

function patternValue(letter: string, job: JobRecord, node: string | undefined): string | number | undefined {
  switch (letter) {
    case '%':
      return '%';
    case 'A':
      return job.array?.jobId ?? job.jobId;
    case 'a':
      return job.array === null ? noTask : (job.array.taskId ?? noTask);
    case 'b':
      return (job.array?.taskId ?? 0) % 10;
    case 'J':
    case 'j':
      return job.jobId;
    case 's':
      return 'batch';
    case 'u':
      return job.user;
    case 'x':
      return job.name;
    case 'N':
      return node;
    case 'n':
    case 't':
      return node === undefined ? undefined : 0;
    default:
      return undefined;
  }
}
