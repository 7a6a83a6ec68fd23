import type { Call } from '@sluice/io';
import type { Accounting, Records } from '@sluice/slurm';
import { decoded, hostileText, plainText } from './hostile.ts';
import { Random } from './random.ts';
import { differ, forged, orTyped, unsound } from './records.ts';
import { type Scripted, scriptedSlurm } from './scripted-slurm.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

/** What sacctmgr, sshare, sreport and sacct answer; made from the seed when it is known how many columns are asked for. */
interface Answers {
  readonly question: Question;
  readonly seed: number;
  readonly names: readonly string[];
  /** Description and organization, which administrators write freely. */
  readonly texts: ReadonlyMap<string, readonly [description: string, organization: string]>;
}

interface Question {
  readonly ask: (accounting: Accounting) => Promise<unknown>;
  /** Whether each line of the table is a record or a reject. */
  readonly counts?: boolean;
}

const questions: readonly Question[] = [
  { ask: (accounting) => accounting.clusters(), counts: true },
  { ask: (accounting) => accounting.users(), counts: true },
  { ask: (accounting) => accounting.associations(), counts: true },
  { ask: (accounting) => accounting.qos(), counts: true },
  { ask: (accounting) => accounting.tres(), counts: true },
  { ask: (accounting) => accounting.shares(), counts: true },
  { ask: (accounting) => accounting.usage({ from: 1_795_200_000, to: 1_795_210_000 }) },
  { ask: (accounting) => accounting.privileges() },
  { ask: (accounting) => accounting.runawayJobs() },
  { ask: (accounting) => accounting.environment(7) },
  { ask: (accounting) => accounting.batchScript(7) },
];
const accounts: Question = { ask: (accounting) => accounting.accounts() };

const lures: readonly string[] = [
  ...[
    '\nchem|evil',
    '\nchem',
    '\nphysics|evil\n',
    'chem|evil',
    '\nlab',
    '\nlab|',
    '|',
    '||',
    '\n|',
    '\n5|c|chem|alice||root|1|normal|normal||||||||||||\n',
  ],
];
const cells: readonly string[] = [
  ...['', '', 'c', 'chem', ' physics', 'alice', '1', '7', '1795200000', '-1', '99999999999999999999', '0.047619', 'nan', 'inf', '1e999'],
  ...['parent', 'normal,high', 'cpu=4,mem=8G', 'cpu=x', 'gres/gpu:a100=2', '1-00:00:00', 'UNLIMITED', 'Administrator', '0x10', ' '],
];

export const accountingTexts: FuzzTarget = fuzzTarget('accounting-texts', {
  make,
  judge,
  show: (answers) => JSON.stringify([...answers.texts]) + tableOf(answers, 3),
});

function make(seed: number, index: number): Answers {
  const random = new Random(seed, index);
  const names = ['chem', 'lab', 'lab|x', 'physics', 'root'].filter(
    (name) => !(random.oneIn(4) || (name.includes('|') && !random.oneIn(5))),
  );
  const free = () => (random.oneIn(2) ? hostileText(random, lures) : plainText(random));
  return {
    question: random.oneIn(3) ? accounts : random.pick(questions),
    seed: random.below(2 ** 31),
    names,
    texts: new Map(names.map((name) => [name, [free(), free()] as const])),
  };
}

/** Rows of so many columns, most of them whole. */
function tableOf({ seed }: Answers, columns: number): string {
  const random = new Random(seed, columns);
  const odd = random.oneIn(2);
  const rows = random.list(5, () => {
    const width = odd && random.oneIn(6) ? random.below(columns + 3) : columns;
    return Array.from({ length: width }, (_, at) => {
      if (odd && random.oneIn(20)) return hostileText(random, lures);
      // Rows begin with an id or a name more often than not.
      return at === 0 && !random.oneIn(6) ? `${random.below(50)}` : random.pick(cells);
    }).join('|');
  });
  return rows.map((row) => `${row}\n`).join('');
}

function answerTo({ program, args }: Call, answers: Answers): Scripted {
  if (args.includes('-V')) return { stdout: 'slurm 24.11.1' };
  const format = (args.find((arg) => arg.startsWith('format=')) ?? args.at(args.indexOf('-o') + 1) ?? '').replace(/^format=/, '');
  const columns = format.split(',');
  const last = columns.at(-1);
  if (args.includes('account')) {
    const line = (name: string): string => {
      const [description, organization] = answers.texts.get(name) ?? ['', ''];
      return columns.length === 1 ? name : `${name}|${last === 'Description' ? description : organization}`;
    };
    return { stdout: answers.names.map((name) => `${line(name)}\n`).join('') };
  }
  if (program.name === 'sacct') {
    const headline = args.includes('--env-vars') ? 'Environment used for 7' : 'Batch Script for 7';
    const random = new Random(answers.seed);
    const body = random.list(6, () => `${random.pick(['A=', 'PATH=/bin', '#!/bin/sh', '__proto__=1', ''])}${hostileText(random, lures)}\n`);
    return { stdout: `${random.oneIn(4) ? plainText(random) : headline}\n${'-'.repeat(80)}\n${body.join('')}` };
  }
  return { stdout: tableOf(answers, columns.length) };
}

async function judge(answers: Answers): Promise<FuzzVerdict> {
  let table: string | undefined;
  const { accounting } = scriptedSlurm(
    (call) => {
      const answer = answerTo(call, answers);
      table ??= answer.stdout;
      return answer;
    },
    (bytes) => [bytes],
  );
  const answer = await orTyped(() => answers.question.ask(accounting));
  if (answer instanceof Error) return { accepted: false };
  const wrong = unsound(answer);
  if (wrong !== undefined) return forged(wrong);
  if (typeof answer !== 'object' || answer === null || !('records' in answer)) return { accepted: true };
  const { records, rejects } = answer as Records<unknown>;
  if (answers.question === accounts) {
    const truth = answers.names.map((name) => {
      const [description = '', organization = ''] = answers.texts.get(name) ?? [];
      return { name, description: decoded(description), organization: decoded(organization) };
    });
    const difference = differ(records, truth, true);
    if (difference !== undefined) return forged(difference);
    if (records.length + rejects.length !== truth.length)
      return forged(`${records.length} and ${rejects.length} of ${truth.length} accounts`);
  } else if (answers.question.counts) {
    const lines = (table ?? '').split('\n').length - 1;
    if (records.length + rejects.length !== lines)
      return forged(`${records.length} records and ${rejects.length} rejects of ${lines} lines`);
  }
  return { accepted: records.length > 0 && rejects.length === 0 };
}
