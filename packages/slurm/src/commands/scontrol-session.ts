import { isCode, SluiceError } from '@sluice/io';
import { classifyFailure, saysUnknownJob } from './failure.ts';
import type { KeptScontrol } from './kept-scontrol.ts';
import { forPeople, type SlurmCommands } from './slurm-command.ts';

export interface SessionParts {
  readonly commands: SlurmCommands;
  readonly nonce: () => string;
  /** A scontrol that is there already, with the same arguments; what it does not answer one of its own is asked. */
  readonly kept?: KeptScontrol | undefined;
}

/** Bytes of one session at most: scripts may have 4 MiB each, and those of all who ask share our memory. */
const maxSessionBytes = 64 * 1024 * 1024;

/**
 * Asks one scontrol several questions, each a line on its stdin, and gives the answers in their order, byte for byte as
 * UTF-8; empty where scontrol said nothing. Between the questions, `show hostnames NONCE` makes it write a line that nobody can
 * have foreseen, so that each answer is framed whatever a script or a comment holds. A job that is not known, and a script that
 * is not there or may not be read, are empty answers; every other failure is an error.
 */
export async function askSession(parts: SessionParts, args: readonly string[], questions: readonly string[]): Promise<readonly string[]> {
  const answers = parts.kept ? await askKept(parts.kept, parts.nonce, questions) : new Map<string, string>();
  const open = questions.filter((question) => !answers.has(question));
  const own = open.length === 0 ? [] : await askOwn(parts, args, open);
  for (const [index, question] of open.entries()) answers.set(question, own[index] ?? '');
  return questions.map((question) => answers.get(question) ?? '');
}

/**
 * What a scontrol says that is there already, by question. Where it says nothing it may have failed, of which only the stderr and
 * the end of one of its own tell.
 */
async function askKept(kept: KeptScontrol, nonce: () => string, questions: readonly string[]): Promise<Map<string, string>> {
  const mark = nonce();
  const answers = (await kept.ask(marked(questions, mark), (words) => cut(words, mark, questions))) ?? [];
  return new Map(questions.flatMap((question, index) => (answers[index] ? [[question, answers[index]] as const] : [])));
}

async function askOwn(
  { commands, nonce }: SessionParts,
  args: readonly string[],
  questions: readonly string[],
): Promise<readonly string[]> {
  const mark = nonce();
  const stdin = `${marked(questions, mark).join('\n')}\n`;
  const finished = await commands.run('scontrol', args, { stdin, okCodes: [0, 1], maxOutputBytes: maxSessionBytes, env: forPeople });
  const stderr = finished.stderr.replace(noScript, '');
  // `write batch_script` may end with 0 whatever happens; and there are warnings of which no release makes a failure.
  const failed = finished.code === 0 ? stderr.includes(scriptFailed) : stderr.trim() !== '' || finished.stderr === '';
  if (failed) {
    const failure = classifyFailure('scontrol', { ...finished, stderr });
    if (!saysUnknownJob(failure)) throw failure;
  }
  return cut(finished.stdout.toString('utf8'), mark, questions);
}

/** What {@link askSession} gives, in sessions of half as many questions where the answers are too large for one. */
export async function askSessions(parts: SessionParts, args: readonly string[], questions: readonly string[]): Promise<readonly string[]> {
  try {
    return await askSession(parts, args, questions);
  } catch (error) {
    if (!isCode(error, 'process.output') || questions.length < 2) throw error;
  }
  const middle = Math.ceil(questions.length / 2);
  const first = await askSessions(parts, args, questions.slice(0, middle));
  return [...first, ...(await askSessions(parts, args, questions.slice(middle)))];
}

function marked(questions: readonly string[], mark: string): readonly string[] {
  return [...questions.flatMap((question) => [`show hostnames ${mark}`, question]), `show hostnames ${mark}`];
}

const scriptFailed = 'job script retrieval failed';
/** What stderr says of scripts that are not there, or not for us (22.05: `Invalid user id`). */
const noScript = new RegExp(`^.*${scriptFailed}: .*(?:Job script not specified|Invalid job id|Invalid user id|denied).*$`, 'gm');

/**
 * The answers between the marks. scontrol writes its prompt before each line, with readline the line too, and without a
 * terminal some builds write neither: the first mark tells which, and all others look the same.
 */
function cut(text: string, mark: string, questions: readonly string[]): readonly string[] {
  const first = new RegExp(`(scontrol: )?(show hostnames ${mark}\\n)?${mark}\\n`).exec(text);
  const [sign = mark, prompt = '', echo = ''] = first ?? [];
  const answers = text.split(sign);
  if (!first || answers.length !== questions.length + 2) {
    throw new SluiceError('slurm.incomplete', `scontrol answered ${Math.max(0, answers.length - 2)} of ${questions.length} questions`);
  }
  return questions.map((question, index) => {
    const head = prompt + (echo === '' ? '' : `${question}\n`);
    const answer = answers[index + 1] ?? '';
    if (!answer.startsWith(head)) throw new SluiceError('slurm.unparsable', `scontrol does not repeat the question ${question}`);
    return answer.slice(head.length);
  });
}
