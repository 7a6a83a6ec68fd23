import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { ListedJob } from '../cc/listed-job.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import type { Settled, SinkName } from '../journal/types.ts';
import { keyOf, type RunKey } from '../run.ts';

export type RecogniseOptions = Pick<
  ComparisonOptions,
  'client' | 'journal' | 'sink' | 'cluster' | 'ccCluster' | 'toldElsewhere' | 'signal'
>;

export interface ComparisonOptions {
  readonly client: CcBackendClient;
  readonly journal: RunJournal;
  /** By which cc-backend is told of runs. */
  readonly sink: SinkName;
  /** The name slurmdbd knows the cluster by. */
  readonly cluster: string;
  /** Its name in cc-backend. */
  readonly ccCluster: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds within which a write may not be visible yet: twice the server's commit interval. */
  readonly marginMs: number;
  /** Asks Slurm about runs that cc-backend has as running and the journal does not know. */
  readonly askSlurm: (standing: ReadonlySet<string>, strangers: readonly RunKey[]) => Promise<void>;
  /**
   * The other sinks, if another daemon delivers: what it brought to cc-backend it has told there, too. Ends that it has told are
   * recognised then, which would wait here for as long as it delivers.
   */
  readonly toldElsewhere?: readonly SinkName[] | undefined;
  readonly signal?: AbortSignal;
}

/** What a comparison came to. */
export interface Compared {
  readonly listed: number;
  /** Stood there without our knowing. */
  readonly recognised: number;
  /** Starts that are sent again, for they do not stand there. */
  readonly lostStarts: number;
  /** Stops that are sent again, for the job is listed as running. */
  readonly lostStops: number;
  /** Runs that go on and that cc-backend shows as ended. */
  readonly wronglyEnded: readonly RunKey[];
  /** Jobs listed as running that Slurm does not know. */
  readonly strays: readonly RunKey[];
}

type Correction = { readonly id: number; readonly stands: 'start' | 'stop' | null };

/** Seconds within which the server takes a second run of a job for the first (contract §4.1). */
const duplicateSpan = 86_400;
/** So many runs that stand nowhere are looked up one by one; above it a list of the time is cheaper. */
const singlesAtMost = 20;

/**
 * Compares what the journal believes to stand in cc-backend with what it lists, and corrects the journal: what is missing is
 * sent again by delivery. An error of any part of a list ends it before anything is concluded: an incomplete list proves nothing.
 */
export async function compare(options: ComparisonOptions): Promise<Compared> {
  const { client, journal, sink, cluster, ccCluster, signal } = options;
  const listed = new Set<string>();
  for await (const { jobs } of client.running(ccCluster, signal ? { signal } : {})) {
    for (const job of jobs) listed.add(keyOf(runKey(cluster, job)));
  }
  const corrections: Correction[] = [];
  const recognised: Correction[] = [];
  const strangers: RunKey[] = [];
  let lostStops = 0;
  for (const key of [...listed].map(parseKey)) {
    const standing = journal.deliveries.standingOf(sink, key);
    if (!standing) strangers.push(key);
    else if (standing.stands === null && !standing.aside) recognised.push({ id: standing.id, stands: 'start' });
    else if (standing.stands === 'stop' && standing.doneMs !== null && options.now() - standing.doneMs > options.marginMs) {
      lostStops++;
      corrections.push({ id: standing.id, stands: 'start' });
    }
  }
  const { lost, wronglyEnded, unheard } = await findLost(options, listed);
  await journal.deliveries.settle(sink, unheard);
  corrections.push(...lost);
  recognised.push(...(await recogniseUndelivered(options)));
  await journal.deliveries.correct(sink, [...corrections, ...recognised]);
  for (const other of options.toldElsewhere ?? []) await journal.deliveries.correct(other, recognised);
  await options.askSlurm(listed, strangers);
  const strays = strangers.filter((key) => !journal.deliveries.standingOf(sink, key));
  await journal.book.setStrays(cluster, strays);
  return {
    listed: listed.size,
    recognised: recognised.length + strangers.length - strays.length,
    lostStarts: lost.length,
    lostStops,
    wronglyEnded,
    strays,
  };
}

/** Runs that go on, whose start was accepted long enough ago, and that are not listed. */
async function findLost(options: ComparisonOptions, listed: ReadonlySet<string>) {
  const { client, journal, sink, cluster, ccCluster, now, marginMs } = options;
  const lost: Correction[] = [];
  const unheard: Settled[] = [];
  const wronglyEnded: RunKey[] = [];
  const unlisted = [...journal.deliveries.standing(sink, cluster)].filter(
    ({ key, startedMs }) => !listed.has(keyOf(key)) && now() - (startedMs ?? 0) > marginMs,
  );
  for (const { id, key } of unlisted) {
    const job = await client.find(ccCluster, key.jobId, key.start);
    const other = job || sink === 'rest' ? undefined : await otherRunOf(options, key);
    if (other) unheard.push({ id, did: 'unsent', reason: otherRunStands(other) });
    else if (!job) lost.push({ id, stands: null });
    else if (job.jobState !== 'running') wronglyEnded.push(key);
  }
  return { lost, wronglyEnded, unheard };
}

/**
 * The other run of the same job because of which cc-backend refuses this one (contract W2): by NATS without a word, so that telling
 * it again would go on for ever. By REST the refusal is an answer, and delivery deals with it.
 */
async function otherRunOf({ client, journal, sink, ccCluster }: ComparisonOptions, key: RunKey): Promise<ListedJob | undefined> {
  const refuses = ({ startTime }: ListedJob) => startTime !== key.start && startTime > key.start - duplicateSpan;
  const other = (await client.runsOf(ccCluster, key.jobId, key.start)).find(refuses);
  if (other) return other;
  // Without GraphQL other starts cannot be found by the id alone; those that we told of can.
  for (const { stands, start } of journal.deliveries.rivals(sink, key)) {
    const rival = stands ? await client.find(ccCluster, key.jobId, start) : undefined;
    if (rival) return rival;
  }
  return undefined;
}

function otherRunStands({ startTime }: ListedJob): string {
  return `cc-backend keeps one run of a job per day; the run that began at ${startTime} stands there, and by NATS it cannot be replaced`;
}

/** Runs that wait to be sent and stand there already: another daemon, or the program before us, sent them. */
export async function recogniseUndelivered({
  client,
  journal,
  sink,
  cluster,
  ccCluster,
  toldElsewhere,
  signal,
}: RecogniseOptions): Promise<readonly Correction[]> {
  const found: Correction[] = [];
  const starts = journal.deliveries.waiting(sink, cluster, 'start');
  const spans = [
    starts && starts.runs >= singlesAtMost ? starts : undefined,
    toldElsewhere && journal.deliveries.waiting(sink, cluster, 'stop'),
  ];
  for (const span of spans) {
    if (!span) continue;
    for await (const { jobs } of client.startedBetween(ccCluster, span.from, span.to, signal ? { signal } : {})) {
      for (const job of jobs) {
        const run = journal.deliveries.standingOf(sink, runKey(cluster, job));
        const runs = job.jobState === 'running';
        if (run?.waits) found.push({ id: run.id, stands: runs ? 'start' : 'stop' });
        else if (toldElsewhere && run?.stands === 'start' && run.ended && !runs) found.push({ id: run.id, stands: 'stop' });
      }
    }
  }
  return found;
}

function runKey(cluster: string, { jobId, startTime }: ListedJob): RunKey {
  return { cluster, jobId, start: startTime };
}

/** Slashes are no part of a cluster's name in Slurm. */
function parseKey(text: string): RunKey {
  const [cluster = '', jobId, start] = text.split('/');
  return { cluster, jobId: Number(jobId), start: Number(start) };
}
