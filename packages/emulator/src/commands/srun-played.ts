import { setTimeout as sleep } from 'node:timers/promises';
import type { EmulatedJob } from '../model/job.ts';
import type { CommandCall } from './command.ts';
import { isOver } from './job-waiting.ts';

interface PlayedStep {
  readonly tasks: number;
  readonly label: boolean;
  readonly words: readonly string[];
  readonly job: EmulatedJob;
}

/** Milliseconds between two looks at the time of the cluster, which may run at any pace. */
const lookMs = 100;

/** Plays the tasks of a step: `sleep N` takes its time, `hostname` says where it is, `false` fails; all others end at once, and well. */
export async function playedTasks(call: CommandCall, { tasks, label, words, job }: PlayedStep): Promise<readonly number[] | null> {
  const [program = '', argument = ''] = words;
  const end = call.slurm.time.now() + (program === 'sleep' ? Number(argument) || 0 : 0);
  while (call.slurm.time.now() < end) {
    const now = call.slurm.controller.job(job.jobId);
    if (now === undefined || isOver(now)) return Array.from({ length: tasks }, () => 137);
    if (call.signal.aborted) return null;
    await sleep(lookMs);
  }
  const width = `${tasks - 1}`.length;
  const perNode = Math.ceil(tasks / Math.max(1, job.nodes.length));
  for (let task = 0; program === 'hostname' && task < tasks; task += 1) {
    call.out(`${label ? `${`${task}`.padStart(width)}: ` : ''}${job.nodes[Math.floor(task / perNode)] ?? ''}\n`);
  }
  const code = program === 'false' ? 1 : 0;
  return Array.from({ length: tasks }, () => code);
}
