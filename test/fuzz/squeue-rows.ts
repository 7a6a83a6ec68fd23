import type { Call } from '@sluice/io';
import type { ActiveJob, ActiveState, Controller, Piece } from '@sluice/slurm';
import { hostileText, plainText } from './hostile.ts';
import { askedColumns, fieldsOf, type QueuedTruth, queuedJob } from './queue-job.ts';
import { Random } from './random.ts';
import { differ, forged, orTyped } from './records.ts';
import { chunker, type Scripted, scriptedSlurm } from './scripted-slurm.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

interface Queue {
  readonly release: string;
  readonly jobs: readonly QueuedTruth[];
  /** Rows into which something was put that Slurm never writes there. */
  readonly spoiled: ReadonlyMap<number, readonly [column: string, text: string]>;
  /** The row from which a field is taken, if any. */
  readonly broken: number | undefined;
  /** Where the answer ends early: a part of its length in [0, 1), or undefined. */
  readonly cut: { readonly at: number; readonly behindNewline: boolean } | undefined;
  readonly failed: boolean;
  readonly seed: number;
}

const lures: readonly string[] = [
  '7|7|N/A|N/A|N/A|c|x|root|0|root|0|root|cpu|normal|RUNNING|None|0:0|1|1|1|N/A|60|node01|1|2|cpu=2|||/|0|1||node01|OK|||||\n',
  '\n7\x1fR3otherCall00aaaa7\x1fR3otherCall00aaaaN/A\x1fR3otherCall00aaaa',
  '\n7',
  'RUNNING',
  'n/a',
  'afterok:7(unfulfilled)',
];

const show = ({ jobs }: Queue): string => jobs.map(({ texts }) => [...texts.values()].join('|')).join('\n');

export const squeueRows: FuzzTarget = fuzzTarget('squeue-rows', {
  make,
  judge: (queue) =>
    judge(
      queue,
      (controller) => controller.activeJobStream(),
      (job) => job,
    ),
  show,
});

/** The same queues, of which little is asked. */
export const squeueStates: FuzzTarget = fuzzTarget('squeue-states', {
  make,
  judge: (queue) => judge(queue, (controller) => controller.activeStates(), stateOf),
  show,
});

function stateOf({ cluster, jobId, state, start, end, restarts }: ActiveJob): ActiveState {
  return { cluster, jobId, state, start, end, restarts };
}

function make(seed: number, index: number): Queue {
  const random = new Random(seed, index);
  const release = random.pick(['slurm-wlm 22.05.8', 'slurm 24.11.1', 'slurm 26.05.3']);
  const mean = !random.oneIn(3);
  const free = () => (mean && random.oneIn(2) ? hostileText(random, lures) : plainText(random));
  const jobs = random.list(random.oneIn(40) ? 20 : 3, () =>
    queuedJob(random, release.includes('26.05'), { jobId: 1 + random.natural(31) }, free),
  );
  const ill = !random.oneIn(3) && jobs.length > 0;
  const spoiled = new Map<number, readonly [string, string]>();
  if (ill && random.oneIn(2)) {
    for (const row of jobs.keys()) if (random.oneIn(2)) spoiled.set(row, random.pick(nonsense));
  }
  return {
    release,
    jobs,
    spoiled,
    broken: ill && random.oneIn(3) ? random.below(jobs.length) : undefined,
    cut: ill && random.oneIn(2) ? { at: random.below(2 ** 20) / 2 ** 20, behindNewline: random.oneIn(2) } : undefined,
    failed: random.oneIn(30),
    seed: random.below(2 ** 31),
  };
}

const nonsense: readonly (readonly [column: string, text: string])[] = [
  ['JobID', '7_1'],
  ['JobID', 'N/A'],
  ['State', ''],
  ['State', 'running'],
  ['State', 'R U N'],
  ['JobID', ''],
  ['SubmitTime', 'yesterday'],
  ['StartTime', 'soon'],
  ['EndTime', '1795260000.5'],
  ['TimeLimit', 'long'],
  ['tres-alloc', 'cpu=many'],
  ['NumNodes', '1-2'],
  ['NumCPUs', ''],
];

interface Written {
  readonly bytes: string;
  readonly cut: boolean;
  readonly rows: number;
  /** Rows with nonsense in one of the columns that were asked for. */
  readonly spoiled: ReadonlySet<number>;
}

/** The bytes for this call, whether they end within a record, and which rows they hold to the end. */
function written(queue: Queue, { args }: Call): Written {
  const { columns, delimiter } = askedColumns(args);
  const spoiled = new Set<number>();
  const records = queue.jobs.map((job, row) => {
    const fields = fieldsOf(job, columns);
    const [column, text] = queue.spoiled.get(row) ?? [];
    if (column !== undefined && text !== undefined && columns.includes(column)) {
      fields[columns.indexOf(column)] = text;
      spoiled.add(row);
    }
    if (queue.broken === row) fields.splice(queue.seed % fields.length, 1);
    return `${fields.join(delimiter)}${delimiter}\n`;
  });
  const whole = records.join('');
  let at = queue.cut ? Math.floor(queue.cut.at * whole.length) : whole.length;
  if (queue.cut?.behindNewline) at = whole.indexOf('\n', at) + 1;
  const ends = records.map((_, row) => records.slice(0, row + 1).join('').length);
  return { bytes: whole.slice(0, at), cut: at > 0 && !ends.includes(at), rows: ends.filter((end) => end <= at).length, spoiled };
}

async function judge<T>(
  queue: Queue,
  ask: (controller: Controller) => AsyncIterable<Piece<T>>,
  truth: (job: ActiveJob) => T,
): Promise<FuzzVerdict> {
  let last: Written = { bytes: '', cut: false, rows: 0, spoiled: new Set() };
  function answer(call: Call): Scripted {
    if (call.program.name !== 'squeue') return { stdout: call.args.includes('-V') ? queue.release : pingUp };
    last = written(queue, call);
    return queue.failed
      ? { stdout: last.bytes, stderr: 'slurm_load_jobs error: Unable to contact slurm controller\n', code: 1 }
      : { stdout: last.bytes };
  }
  const { controller } = scriptedSlurm(answer, chunker(new Random(queue.seed)));
  const read: T[] = [];
  let rejected = 0;
  const error = await orTyped(async () => {
    for await (const piece of ask(controller)) {
      if (piece.kind === 'records') read.push(...piece.records);
      if (piece.kind === 'rejects') rejected += piece.rejects.length;
    }
    return undefined;
  });
  const broken = queue.broken !== undefined && (queue.broken < last.rows || last.cut);
  const sound = queue.jobs.filter((_, row) => row < last.rows && !last.spoiled.has(row)).map(({ job }) => truth(job));
  const wrong = differ(read, sound, broken || error !== undefined);
  if (wrong !== undefined) return forged(wrong);
  if (error !== undefined) {
    const expected = last.cut || broken || queue.failed;
    return expected ? { accepted: false } : forged(`a whole answer was refused: ${error.code}: ${error.message}`);
  }
  if (queue.failed) return forged('a failure counted as an answer');
  if (last.cut && !broken) return forged('an answer that was cut counted as whole');
  const unreadable = [...last.spoiled].filter((row) => row < last.rows).length;
  if (broken ? rejected === 0 : rejected !== unreadable) return forged(`${rejected} rejects for ${unreadable} rows that are none`);
  return { accepted: rejected === 0 };
}

const pingUp = 'Slurmctld(primary) at vm is UP\n';
