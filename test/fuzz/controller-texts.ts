import { readFileSync } from 'node:fs';
import type { Call } from '@sluice/io';
import type { Controller } from '@sluice/slurm';
import { type Grammar, makeInput } from './inputs.ts';
import { Random } from './random.ts';
import { forged, orTyped, unsound } from './records.ts';
import { type Scripted, scriptedSlurm } from './scripted-slurm.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

/** A short answer of the controller's commands: what asks for it, and real ones. */
interface Question extends Grammar {
  readonly asked: (call: Call) => boolean;
  readonly ask: (controller: Controller) => Promise<unknown>;
  /** What else must hold; the answer is what is wrong. */
  readonly check?: (text: string, answer: unknown) => string | undefined;
}

interface Text {
  readonly question: Question;
  readonly text: string;
}

/** Answers that were recorded from real clusters, the oldest release and the newest. */
function recorded(name: string): readonly string[] {
  const recordings = new URL('../../packages/slurm/recordings/controller/', import.meta.url);
  return ['22.05', '26.05'].map((release) => readFileSync(new URL(`${release}/${name}.txt`, recordings), 'latin1'));
}

const questions: readonly Question[] = [
  {
    asked: ({ args }) => args.includes('config'),
    ask: (controller) => controller.config(),
    samples: [
      ...recorded('scontrol-show-config').map((text) => text.slice(0, 1500)),
      'ClusterName = c\nSlurmctldHost[0] = a\nMessageTimeout = 10 sec\n',
    ],
    words: ['ClusterName', 'MessageTimeout', 'SlurmctldHost[0]', ' = ', '=', '10 sec', '(null)', '\n'],
  },
  {
    asked: ({ args }) => args.includes('ping'),
    ask: (controller) => controller.ping(),
    samples: [...recorded('scontrol-ping'), 'Slurmctld(primary) at a is UP\nSlurmctld(backup) at b is DOWN\n'],
    words: ['Slurmctld', '(primary)', '(backup)', ' at ', ' is ', 'UP', 'DOWN', '\n'],
  },
  {
    asked: ({ program }) => program.name === 'sdiag',
    ask: (controller) => controller.diagnostics(),
    samples: recorded('sdiag'),
    words: ['Jobs pending:', 'Jobs running:', 'DBD Agent queue size:', 'Server thread count:', '( 2009) count:4 ave_time:7 ', '\n', '\t'],
  },
  {
    asked: ({ args }) => args.includes('partition'),
    ask: (controller) => controller.partitions(),
    samples: recorded('scontrol-show-partition-o'),
    words: ['PartitionName=', ' MaxTime=', ' DefaultTime=', ' TRES=', ' Nodes=', 'UNLIMITED', 'NONE', 'node[01-04]', 'cpu=4', '\n', '='],
    check: (text, answer) => countsAll(decodedLines(text, 'PartitionName='), answer),
  },
  {
    asked: ({ args }) => args.includes('node'),
    ask: (controller) => controller.nodes(),
    samples: [...recorded('scontrol-show-node-d-o'), ...recorded('scontrol-show-node-draining')].map((text) => text.slice(0, 3000)),
    words: [
      'NodeName=',
      ' State=',
      'IDLE+DRAIN',
      ' CPUTot=',
      ' RealMemory=',
      ' Gres=',
      'gpu:a100:4',
      ' OS=',
      ' Reason=',
      ' [root@1795254116]',
      '\n',
    ],
  },
];

export const controllerTexts: FuzzTarget = fuzzTarget('controller-texts', { make, judge, show: ({ text }) => text });

function make(seed: number, index: number): Text {
  const question = new Random(seed, index, 2).pick(questions);
  return { question, text: makeInput(question, seed, index).slice(0, 65_536) };
}

async function judge({ question, text }: Text): Promise<FuzzVerdict> {
  const answerTo = (call: Call): Scripted => (question.asked(call) ? { stdout: text } : { stdout: 'ClusterName = c\n' });
  const { controller } = scriptedSlurm(answerTo, (bytes) => [bytes]);
  const answer = await orTyped(() => question.ask(controller));
  if (answer instanceof Error) return { accepted: false };
  const wrong = unsound(answer) ?? question.check?.(text, answer);
  if (wrong !== undefined) return forged(wrong);
  return { accepted: !isEmpty(answer) };
}

/** How many lines begin so, as the reader decodes them. */
function decodedLines(text: string, key: string): number {
  return Buffer.from(text, 'latin1')
    .toString('utf8')
    .split(new RegExp(`^(?=${key})`, 'm'))
    .filter((part) => part.startsWith(key)).length;
}

function countsAll(lines: number, answer: unknown): string | undefined {
  const { records, rejects } = answer as { readonly records: readonly unknown[]; readonly rejects: readonly unknown[] };
  return records.length + rejects.length === lines ? undefined : `${records.length} records and ${rejects.length} rejects of ${lines}`;
}

/** Whether nothing was understood, or not all. */
function isEmpty(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return true;
  if ('rejects' in answer && 'records' in answer) {
    const { records, rejects } = answer as { readonly records: readonly unknown[]; readonly rejects: readonly unknown[] };
    return records.length === 0 || rejects.length > 0;
  }
  const { cluster, rpcs, ...rest } = answer as Record<string, unknown>;
  return Object.values(rest).every((value) => value === null);
}
