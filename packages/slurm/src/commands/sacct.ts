import { type Ended, isCode, SluiceError } from '@sluice/io';
import type { Piece } from '../facets.ts';
import type { AccountedJob } from '../records.ts';
import { classifyFailure } from './failure.ts';
import { excerpt, newFrame, readFrames } from './framing.ts';
import { type ChosenColumns, chooseColumns, columnsFor, columnsOfAllReleases } from './sacct-columns.ts';
import { jobDecoder } from './sacct-job.ts';
import type { SlurmCommands } from './slurm-command.ts';

export interface SacctOptions {
  readonly commands: SlurmCommands;
  /** Unguessable letters and digits, new at each call; the first 11 are used, which hold 64 bits when all 62 are as likely. */
  readonly nonce: () => string;
  /** Called once per question that was answered whole. */
  readonly observe?: ((observation: QuestionObservation) => void) | undefined;
}

/** One question to slurmdbd and how much it answered. */
export interface QuestionObservation {
  readonly rows: number;
  readonly rejected: number;
}

type JobPiece = Exclude<Piece<AccountedJob>, { readonly kind: 'slice' }>;

/** Asks sacct for jobs, without their steps, one question at a time. */
export interface Sacct {
  /** Columns of this release; asked once, and again after {@link Sacct.forgetColumns}. */
  columns(): Promise<ChosenColumns>;
  forgetColumns(): void;
  /**
   * One question. Yields what arrives, as it arrives, and returns once the answer was seen whole; throws a typed error
   * otherwise. When the release changed under us and refuses a column, columns are asked anew and the question once more.
   *
   * An answer without rows is believed only when it comes twice: slurmdbd, when its query fails, logs "Problem getting jobs
   * for cluster" and answers with nothing, and sacct ends with 0 and an empty stderr (met on 22.05.8 under load). For the
   * same reason a question is about one cluster only.
   */
  ask(filters: readonly string[], options?: AskOptions): AsyncGenerator<JobPiece, QuestionObservation>;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is wanted of each job; all when absent. */
  readonly facts?: readonly (keyof AccountedJob)[] | undefined;
  /** Whether an answer without rows need not come twice, because what follows confirms it. */
  readonly once?: boolean;
}

const nonceLength = 11;
/**
 * sacct reads an answer into its memory before it prints the first row. In huge pages, where the kernel gives them on demand and glibc is
 * 2.35 or newer, that takes a fifth less CPU (24.11; 3500 rows: 61 ms, 44 ms with them). Any other glibc passes it over.
 */
const inHugePages = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' } as const;

const refusedColumn = /Invalid field requested/i;
/** What sacct may say on stderr and still end with 0: the answer then has holes. */
const holes = /error:.*(?:connect|connection|timed out|denied|too (?:wide|large)|exceeds size|Problem|slurmdbd)/i;

export function sacct(options: SacctOptions): Sacct {
  const { commands, nonce, observe } = options;
  let chosen: Promise<ChosenColumns> | undefined;
  let refused = false;

  function columns(): Promise<ChosenColumns> {
    chosen ??= askColumns(commands).catch((error: unknown) => {
      chosen = undefined;
      throw error;
    });
    return chosen;
  }

  function forgetColumns(): void {
    chosen = undefined;
  }

  /** What every release has is asked for without a question before, until one refuses it. */
  async function names(facts: AskOptions['facts']): Promise<readonly string[]> {
    const offered = chosen === undefined && !refused ? columnsOfAllReleases(facts) : undefined;
    return offered ?? columnsFor((await columns()).names, facts);
  }

  async function* ask(filters: readonly string[], options: AskOptions = {}): AsyncGenerator<JobPiece, QuestionObservation> {
    const first = yield* askKnown(filters, options);
    return first.rows > 0 || options.once ? first : yield* askKnown(filters, options);
  }

  async function* askKnown(filters: readonly string[], options: AskOptions): AsyncGenerator<JobPiece, QuestionObservation> {
    try {
      return yield* askOnce(filters, options);
    } catch (error) {
      if (!(isCode(error, 'slurm.unsupported') && refusedColumn.test(error.message))) throw error;
      forgetColumns();
      refused = true;
    }
    return yield* askOnce(filters, options);
  }

  async function* askOnce(filters: readonly string[], { signal, facts }: AskOptions): AsyncGenerator<JobPiece, QuestionObservation> {
    const asked = await names(facts);
    const frame = newFrame(nonce().slice(0, nonceLength));
    const args = ['-X', '-p', '--noconvert', '-a', '-D', `--delimiter=${frame.delimiter}`, `--format=${asked.join(',')}`, ...filters];
    const { stdout, ended } = commands.stream('sacct', args, { env: inHugePages, ...(signal === undefined ? {} : { signal }) });
    const frames = readFrames(stdout, frame, asked.length, 'sacct row');
    let header = false;
    let decode: ReturnType<typeof jobDecoder> | undefined;
    let jobs = 0;
    let rejected = 0;
    for (;;) {
      const step = await frames.next();
      if (step.done) {
        await judge(await ended, step.value.whole, header);
        const observation = { rows: jobs + rejected, rejected };
        observe?.(observation);
        return observation;
      }
      const rejects = [...step.value.rejects];
      const records: AccountedJob[] = [];
      for (const row of step.value.rows) {
        if (decode === undefined) {
          // A job has a number there: were its row taken for a header that could not be read, users would name the columns.
          header = row[0]?.toLowerCase() === asked[0]?.toLowerCase();
          decode = header ? jobDecoder(row) : () => 'no header came before';
          if (header) continue;
        }
        const record = decode(row);
        if (typeof record === 'string') rejects.push({ source: 'sacct row', reason: record, excerpt: excerpt(row.join('|')) });
        else records.push(record);
      }
      jobs += records.length;
      rejected += rejects.length;
      if (records.length > 0) yield { kind: 'records', records };
      if (rejects.length > 0) yield { kind: 'rejects', rejects };
    }
  }

  return { columns, forgetColumns, ask };
}

/** An answer counts when sacct ended well, said nothing of a failure, and its header and last terminator were seen. */
async function judge(ended: Ended, whole: boolean, header: boolean): Promise<void> {
  if (holes.test(ended.stderr)) throw classifyFailure('sacct', ended);
  if (whole && header) return;
  throw new SluiceError('slurm.incomplete', `sacct's answer ended ${header ? 'in the middle of a record' : 'before its header'}`, {
    hint: 'It is asked again; if it stays so, see the log of slurmdbd.',
  });
}

async function askColumns(commands: SlurmCommands): Promise<ChosenColumns> {
  const { stdout } = await commands.run('sacct', ['--helpformat']);
  const chosen = chooseColumns(stdout.toString('latin1'));
  if (!chosen.names.includes('JobIDRaw') || !chosen.names.includes('State')) {
    throw new SluiceError('slurm.unparsable', `sacct --helpformat offers no JobIDRaw and State: ${excerpt(stdout.toString('latin1'))}`);
  }
  return chosen;
}
