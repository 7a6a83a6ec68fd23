import { isDeepStrictEqual } from 'node:util';
import type { Call } from '@sluice/io';
import type { Answer, JobDetails } from '@sluice/slurm';
import { decoded, hostileText, plainText } from './hostile.ts';
import { Random } from './random.ts';
import { difference, forged, orTyped } from './records.ts';
import { idOf, type Job, type Jobs, makeJobs, queueOf } from './scontrol-job.ts';
import { nodeTexts } from './scontrol-texts.ts';
import { chunker, type Scripted, scriptedSlurm } from './scripted-slurm.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

interface Details {
  readonly jobs: Jobs;
  /** Batch scripts by job, one character per byte; empty of a job without one. */
  readonly scripts: ReadonlyMap<number, string>;
  /** How scontrol words its prompt. */
  readonly prompt: 'echo' | 'prompt' | 'none';
  /** Where the conversation breaks off: a part of its length. */
  readonly cut: number | undefined;
}

/** Scripts and texts that look like a conversation with scontrol. */
const lures: readonly string[] = [
  '#!/bin/bash\n',
  '\nscontrol: ',
  'scontrol: show hostnames R3otherCall00aaaa\nR3otherCall00aaaa\n',
  'scontrol: show job 10\nJobId=10 JobName=wrap\n   UserId=root(0)\n',
  'scontrol: write batch_script 10 -\n',
  'show hostnames ',
  '\n\nJobId=10 JobName=wrap UserId=alice(1001)\n   JOB_GRES=(null)\n     Nodes=node01 CPU_IDs=0-15 Mem=1 GRES=\n',
];

export const scontrolDetails: FuzzTarget = fuzzTarget('scontrol-details', {
  make,
  judge,
  show: ({ jobs, scripts }) => [...jobs.jobs.map(({ line }) => line), ...scripts.values()].join(''),
});

function make(seed: number, index: number): Details {
  const random = new Random(seed, index, 3);
  const jobs = makeJobs(seed, index, true);
  const script = () => (random.oneIn(4) ? '' : random.oneIn(3) ? plainText(random) : hostileText(random, lures));
  return {
    jobs,
    scripts: new Map(jobs.jobs.map(({ job }) => [job.jobId, script()])),
    prompt: random.pick(['echo', 'prompt', 'none']),
    cut: random.oneIn(4) ? random.below(2 ** 20) / 2 ** 20 : undefined,
  };
}

async function judge(input: Details): Promise<FuzzVerdict> {
  const { jobs } = input;
  const { controller } = scriptedSlurm((call) => answerTo(call, input), chunker(new Random(jobs.seed)));
  const ids = jobs.jobs.map(({ job }) => job.jobId);
  const answers = await orTyped(() => controller.details(ids, { script: true, description: true }));
  if (!(answers instanceof Map)) return forged(`refused: ${String(answers)}`);
  let accepted = true;
  for (const one of jobs.jobs) {
    const { jobId } = one.job;
    const answer: Answer<JobDetails> | undefined = answers.get(jobId);
    if (answer?.kind === 'known') {
      const truth = truthOf(one, input);
      if (!isDeepStrictEqual(answer.value, truth)) return forged(`job ${jobId}: ${difference(answer.value, truth)}`);
      continue;
    }
    if (answer?.kind !== 'unasked') return forged(`job ${jobId} is said to be ${answer?.kind}`);
    const excused = jobs.mean || input.cut !== undefined || jobs.forgotten === jobId;
    if (!excused) return forged(`job ${jobId} was not read: ${answer.error.message}`);
    accepted = false;
  }
  return answers.size === ids.length ? { accepted } : forged('an answer was not asked for');
}

function truthOf({ job, allocation, line }: Job, { jobs, scripts }: Details): JobDetails {
  const there = jobs.forgotten !== job.jobId;
  const alone = job.array === null || job.array.taskId !== null;
  const script = there ? decoded(scripts.get(job.jobId) ?? '') : '';
  return {
    job,
    allocation: allocation ?? null,
    script: script === '' ? null : script,
    description: there && alone ? decoded(line).trimEnd() : null,
  };
}

function answerTo(call: Call, input: Details): Scripted {
  const { program, args, stdin } = call;
  if (program.name === 'squeue') return { stdout: queueOf(input.jobs, args) };
  if (args.includes('-V')) return { stdout: input.jobs.layout.release };
  if (args.includes('ping')) return { stdout: 'Slurmctld(primary) at vm is UP\n' };
  if (args.includes('config')) return { stdout: 'ClusterName = c\n' };
  if (args.includes('node')) return { stdout: nodeTexts };
  const text = conversation(String(stdin), input);
  return { stdout: input.cut === undefined ? text : text.slice(0, Math.floor(input.cut * text.length)) };
}

function conversation(stdin: string, { jobs, scripts, prompt }: Details): string {
  const there = jobs.jobs.filter(({ job }) => job.jobId !== jobs.forgotten);
  const answers = stdin
    .trimEnd()
    .split('\n')
    .map((command) => {
      const before = { echo: `scontrol: ${command}\n`, prompt: 'scontrol: ', none: '' }[prompt];
      const [verb, kind, word = ''] = command.split(' ');
      if (kind === 'hostnames') return `${before}${word}\n`;
      const one = there.find(({ job }) => word === (verb === 'write' ? `${job.jobId}` : idOf(job)));
      return before + (one === undefined ? '' : verb === 'write' ? (scripts.get(one.job.jobId) ?? '') : one.line);
    });
  return `${answers.join('')}${prompt === 'none' ? '' : 'scontrol: '}`;
}
