import { SluiceError } from '@sluice/io';
import type { ActiveJobsQuery, Piece, Reject } from '../facets.ts';
import type { ActiveJob } from '../records.ts';
import { saysUnknownJob } from './failure.ts';
import { excerpt, newFrame, readFrames } from './framing.ts';
import { memoize, own } from './memo.ts';
import type { ReleaseWatch } from './release.ts';
import type { SlurmCommands } from './slurm-command.ts';
import { columnsOf, refusedColumns, type SqueueColumn } from './squeue-columns.ts';
import { SqueueDecoder, UnreadableRow } from './squeue-record.ts';

export interface SqueueParts {
  readonly commands: SlurmCommands;
  readonly nonce: () => string;
  /** `--local`, or `-M NAME`. */
  readonly scope: readonly string[];
}

/** A job, and the columns that its owner or his tools may fill and that a reader of `scontrol show job` must skip exactly. */
export interface QueuedJob {
  readonly job: ActiveJob;
  readonly rawName: string;
  readonly wckey: string;
}

/** What of the queue to ask for. */
export interface QueueQuestion extends ActiveJobsQuery {
  /** Jobs by id; an array's id stands for all its tasks. */
  readonly jobIds?: readonly number[];
}

export type QueuePiece<T> = Exclude<Piece<T>, { readonly kind: 'slice' }>;

/** Asks squeue, in frames that no user can forge. */
export interface Squeue<T> {
  /** Rows as they arrive, the rejects last. Ends without an error only when the answer was whole. */
  ask(question: QueueQuestion): AsyncGenerator<QueuePiece<T>, void>;
}

/** What is asked of each job, and how its row is read. */
export interface RowReader<T> {
  /** Which columns to ask, without those that squeue was seen to refuse; `again` when not one row could be read. */
  columns(unknown: ReadonlySet<string>, again: boolean): Promise<readonly string[]>;
  /** A reader of the rows of one answer; it throws {@link UnreadableRow}. */
  decoder(columns: readonly string[]): (row: readonly string[]) => T;
  /** How many characters of a nonce go into the frame; all unless no column holds what a user wrote. */
  readonly nonceLength?: number;
}

const source = 'squeue row';
const maxRejects = 1000;

/** Jobs with all that squeue says of them. */
export function queuedJobs(releases: ReleaseWatch): RowReader<QueuedJob> {
  return {
    columns: async (unknown, again) => columnsOf(await (again ? releases.again() : releases.current()), unknown),
    decoder: (columns) => {
      const decoder = new SqueueDecoder(columns as readonly SqueueColumn[]);
      const shared = memoize(own);
      return (row) => {
        const job = decoder.job(row);
        const rawName = decoder.raw(row, 'Name');
        // Pieces of the answer would keep all of it for as long as one job is kept.
        return { job, rawName: rawName === job.name ? job.name : own(rawName), wckey: shared(decoder.raw(row, 'WCKey')) };
      };
    },
  };
}

export function squeue<T>(parts: SqueueParts, reader: RowReader<T>): Squeue<T> {
  const unknown = new Set<string>();

  async function* ask(question: QueueQuestion): AsyncGenerator<QueuePiece<T>, void> {
    const first = yield* once(question, await reader.columns(unknown, false));
    if (first.rows > 0 || first.rejects.length === 0) {
      if (first.rejects.length > 0) yield { kind: 'rejects', rejects: first.rejects };
      return;
    }
    // Not one row could be read: Slurm has been exchanged under us, or a column was left out. Ask as the release is now.
    const again = yield* once(question, await reader.columns(unknown, true), true);
    if (again.rejects.length > 0) yield { kind: 'rejects', rejects: again.rejects };
  }

  async function* once(
    question: QueueQuestion,
    columns: readonly string[],
    last = false,
  ): AsyncGenerator<QueuePiece<T>, { readonly rows: number; readonly rejects: readonly Reject[] }> {
    const frame = newFrame(parts.nonce().slice(0, reader.nonceLength));
    const format = columns.map((column) => `${column}:${frame.delimiter}`).join(',');
    const running = parts.commands.stream('squeue', [
      ...parts.scope,
      '--noheader',
      '--noconvert',
      '--all',
      ...filters(question),
      `--Format=${format}`,
    ]);
    const read = reader.decoder(columns);
    const rejects: Reject[] = [];
    const frames = readFrames(running.stdout, frame, columns.length, source);
    let rows = 0;
    for (;;) {
      const next = await frames.next();
      if (next.done) {
        for (const column of refusedColumns(await settle(running.ended))) unknown.add(column);
        // A single record without one of the columns looks like one that was cut: then the question is asked anew, once.
        if (!next.value.whole && (last || rows > 0)) {
          throw new SluiceError('slurm.incomplete', `the answer of squeue ends within record ${next.value.rows + 1}`);
        }
        return { rows, rejects };
      }
      rejects.push(...next.value.rejects.slice(0, maxRejects - rejects.length));
      const records: T[] = [];
      for (const row of next.value.rows) decode(read, row, records, rejects);
      rows += records.length;
      if (records.length > 0) yield { kind: 'records', records };
    }
  }

  return { ask };
}

function decode<T>(read: (row: readonly string[]) => T, row: readonly string[], records: T[], rejects: Reject[]): void {
  try {
    records.push(read(row));
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
    if (rejects.length < maxRejects) rejects.push({ source, reason: error.message, excerpt: excerpt(row.join('|')) });
  }
}

/** The command's stderr. One id that slurmctld does not know is an error to squeue; several are an empty answer. */
async function settle(ended: Promise<{ readonly stderr: string }>): Promise<string> {
  try {
    return (await ended).stderr;
  } catch (error) {
    if (saysUnknownJob(error)) return '';
    throw error;
  }
}

function filters(question: QueueQuestion): readonly string[] {
  const args = [`--states=${question.states ? list('state', question.states) : 'all'}`];
  if (question.users) args.push(`--user=${list('user', question.users)}`);
  if (question.accounts) args.push(`--account=${list('account', question.accounts)}`);
  if (question.partitions) args.push(`--partition=${list('partition', question.partitions)}`);
  if (question.jobIds) args.push(`--jobs=${question.jobIds.join(',')}`);
  return args;
}

/** Names joined for one option of Slurm. A name with a comma would be two, an empty one would mean all. */
function list(what: string, names: readonly string[]): string {
  for (const name of names) {
    if (name === '' || /[\s,\0]/.test(name)) throw new SluiceError('data.invalid', `${JSON.stringify(name)} is no name of a ${what}`);
  }
  return names.join(',');
}
