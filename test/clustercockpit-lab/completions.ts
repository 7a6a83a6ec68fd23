import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';

const file = 'log/completions';

/** Lines of slurm.conf by which slurmctld itself writes down every run that ends (jobcomp/filetxt), whatever slurmdbd makes of it. */
export const completionsConf = `JobCompType=jobcomp/filetxt\nJobCompLoc={dir}/${file}`;

/** A run as slurmctld saw it end. */
export interface Completion {
  readonly jobId: number;
  readonly start: number;
  readonly end: number;
  readonly state: string;
  /** Slurm's host list. */
  readonly nodes: string;
}

/** All runs that slurmctld has seen end, oldest first; those that never began have no node and are left out. */
export function completions(lab: Lab): readonly Completion[] {
  // A job's name may hold anything, a newline too; what is ours stands after it, and begins a line before it.
  return readFileSync(join(lab.dir, file), 'utf8')
    .split(/\n(?=JobId=\d+ UserId=\S+\(\d+\) GroupId=)/)
    .flatMap((record): Completion[] => {
      const jobId = /^JobId=(\d+) /.exec(record)?.[1];
      const [, state, start = '', end = '', nodes] =
        [...record.matchAll(/ JobState=(\S+) Partition=\S* TimeLimit=\S+ StartTime=(\S+) EndTime=(\S+) NodeList=(\S+) NodeCnt=/g)].at(-1) ??
        [];
      const [from, to] = [Date.parse(start) / 1000, Date.parse(end) / 1000];
      if (!jobId || !state || !nodes || nodes === '(null)' || !(from > 0) || !(to >= from)) return [];
      return [{ jobId: Number(jobId), start: from, end: to, state, nodes }];
    });
}
