import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isCode, SluiceError } from '@sluice/io';
import * as z from 'zod';
import { openRunJournal, type RunJournal, type RunJournalOptions } from '../journal/run-journal.ts';

const epoch = z.int().min(0);

/** What another command asks of the daemon, which alone writes the journal. */
const requestSchema = z.discriminatedUnion('kind', [
  /** Take up again what was set aside: all of it, or the runs of these jobs. */
  z.object({ kind: z.literal('retry'), jobIds: z.array(z.int().positive()).max(100_000).optional() }),
  /** History of a span has been brought in. */
  z.object({ kind: z.literal('filled'), cluster: z.string().max(1024), since: epoch, until: epoch }),
]);

export type Request = z.output<typeof requestSchema>;

/** Bytes of one request at most. */
const largest = 1024 * 1024;
const suffix = '.request';

/** The directory of requests to the daemon of a journal; who may write there may have set aside runs retried, and no more. */
function requestDirectory(journalPath: string): string {
  return join(dirname(journalPath), 'requests');
}

/** Leaves a request for the daemon. `name` tells it from others. Errors: `config.unreadable` when the directory cannot be written. */
function leaveRequest(journalPath: string, request: Request, name: string): void {
  const directory = requestDirectory(journalPath);
  try {
    const owner = statSync(journalPath);
    if (mkdirSync(directory, { recursive: true, mode: 0o770 }) !== undefined) give(directory, owner);
    const file = join(directory, name);
    writeFileSync(`${file}.tmp`, JSON.stringify(request), { mode: 0o660 });
    give(`${file}.tmp`, owner);
    renameSync(`${file}.tmp`, `${file}${suffix}`);
  } catch (cause) {
    throw new SluiceError('config.unreadable', `no request can be left for the daemon in ${directory}: ${messageOf(cause)}`, {
      cause,
      hint: 'Run the command as the user of the daemon, or as root.',
    });
  }
}

/** What root makes belongs to the daemon's user, who could not read it otherwise. */
function give(path: string, owner: { readonly uid: number; readonly gid: number }): void {
  if (process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
}

/** Takes the requests that wait, each once. What is none is removed, and told to `refused`. */
export function takeRequests(journalPath: string, refused: (file: string, reason: string) => void): readonly Request[] {
  const directory = requestDirectory(journalPath);
  const requests: Request[] = [];
  for (const name of namesIn(directory)) {
    const file = join(directory, name);
    try {
      const stat = lstatSync(file);
      // A FIFO would be waited for, by the whole daemon.
      if (!stat.isFile()) throw new Error('it is not a regular file');
      if (stat.size > largest) throw new Error(`it is larger than ${largest} bytes`);
      const text = readFileSync(file, 'utf8');
      rmSync(file, { force: true });
      requests.push(requestSchema.parse(JSON.parse(text)));
    } catch (error) {
      rmSync(file, { force: true, recursive: true });
      refused(file, error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error));
    }
  }
  return requests;
}

/** Does what a request asks; says how many runs or gaps it was about. */
export function answerRequest(journal: RunJournal, request: Request): Promise<number> {
  return request.kind === 'retry' ? journal.deliveries.retry(request.jobIds) : journal.book.closeGaps(request);
}

/**
 * Has a request answered: at once when no daemon runs, by the daemon otherwise. Says how many runs or gaps it was about, none where
 * no daemon has ever run, or null when the daemon will answer within half a minute. Errors: those of the journal, `config.unreadable`.
 */
export async function ask(
  journalPath: string,
  request: Request,
  options: RunJournalOptions & { readonly name: string },
): Promise<number | null> {
  // A journal that is made here would belong to whoever asks, often root, and the daemon could not open it.
  if (!existsSync(journalPath)) return 0;
  let journal: RunJournal;
  try {
    journal = await openRunJournal(journalPath, options);
  } catch (error) {
    if (!isCode(error, 'instance.running')) throw error;
    leaveRequest(journalPath, request, options.name);
    return null;
  }
  try {
    return await answerRequest(journal, request);
  } finally {
    journal.close();
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(suffix))
      .sort();
  } catch {
    return [];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
