import type { Call } from '@sluice/io';
import { type AccountedJob, type Connector, type Epoch, isEnded, type Piece } from '@sluice/slurm';
import { decoded, delimiter, hostileText, plainText } from './hostile.ts';
import { accounts, endedStates, epoch, exitCodes, nodeLists, position, reasons, resources, timeLimits, users } from './job-values.ts';
import { Random } from './random.ts';
import { differ, forged, orTyped, type Pair } from './records.ts';
import { chunker, type Scripted, scriptedSlurm } from './scripted-slurm.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

/** An answer of sacct, with what it says in truth. */
interface Answer {
  /** Columns that this release offers. */
  readonly offered: readonly string[];
  readonly bytes: string;
  readonly stderr: string;
  readonly code: number;
  /** Whether it ends within a record, or before its header. */
  readonly cut: boolean;
  /** Whether a record has another number of fields, so that neighbours of it may be lost. */
  readonly broken: boolean;
  /** What can be read, and how many rows of Slurm's are none. */
  readonly truth: readonly AccountedJob[];
  readonly unreadable: number;
  readonly seed: number;
}

const columns: readonly string[] = (
  'JobIDRaw JobID Cluster State Submit Eligible Start End ElapsedRaw Suspended User UID Group GID Account Partition QOS Reason ExitCode ' +
  'DerivedExitCode TimelimitRaw NNodes NCPUS NodeList ReqTRES AllocTRES Reservation Constraints Flags Restarts DBIndex JobName WorkDir ' +
  'Comment AdminComment SystemComment SubmitLine'
).split(' ');
/** Columns that an older or newer release may lack, and the text that stands for their lack. */
const mayLack: readonly string[] = ['Restarts', 'SubmitLine', 'DBIndex', 'Constraints', 'AdminComment', 'Flags', 'UID', 'DerivedExitCode'];

const lures: readonly string[] = [
  '1|1|c|COMPLETED|1|1|1|1|1|00:00:00|root|0|root|0|root|cpu|normal|None|0:0|0:0|60|1|1|node01|||||||1|x|/|||||\n',
  `\n${columns.map((column) => (column.endsWith('Raw') ? '99' : 'COMPLETED')).join('\x1fR3otherCall00aaaa')}\x1fR3otherCall00aaaa\n`,
  'JobIDRaw',
  'State',
  'JobName',
  '99',
  '\n99',
  '\nJobIDRaw',
];

export const sacctRows: FuzzTarget = fuzzTarget('sacct-rows', { make, judge, show: ({ bytes }) => bytes });

function make(seed: number, index: number): Answer {
  const random = new Random(seed, index);
  const offered = random.oneIn(3) ? columns.filter((column) => !(mayLack.includes(column) && random.oneIn(2))) : columns;
  const mean = !random.oneIn(3);
  const jobs = random.list(random.oneIn(40) ? 20 : 3, () => job(random, offered, mean));
  const ill = random.oneIn(3);
  const order = random.oneIn(4) ? [...offered.slice(0, 4), ...shuffled(random, offered.slice(4))] : offered;
  const fields = jobs.map(({ texts }) => order.map((column) => texts.get(column) ?? ''));
  const unreadable = new Set<number>();
  if (ill && random.oneIn(2)) {
    fields.forEach((row, at) => {
      if (!random.oneIn(2)) return;
      unreadable.add(at);
      spoil(random, row, order);
    });
  }
  const rows = [[...order], ...fields];
  const brokenRow = ill && random.oneIn(3) ? breakOne(random, rows) : undefined;
  const records = rows.map((row) => `${row.join(delimiter)}${delimiter}\n`);
  const whole = records.join('');
  const at = ill && random.oneIn(2) ? cutAt(random, whole) : whole.length;
  const bytes = whole.slice(0, at);
  const failed = random.oneIn(40);
  const seen = records.map((_, row) => records.slice(0, row + 1).join('').length);
  const rowsSeen = seen.filter((end) => end <= at).length;
  return {
    offered,
    bytes,
    ...(failed ? random.pick([failures[0], failures[1]]) : fine),
    cut: at === 0 || !seen.includes(at),
    broken: brokenRow !== undefined && (seen[brokenRow - 1] ?? 0) < at,
    truth: jobs.filter((_, row) => row + 1 < rowsSeen && !unreadable.has(row)).map(({ job }) => job),
    unreadable: [...unreadable].filter((row) => row + 1 < rowsSeen).length,
    seed: random.below(2 ** 31),
  };
}

const fine = { stderr: '', code: 0 } as const;
const failures = [
  { stderr: 'sacct: error: slurm_persist_conn_open: failed to send persistent connection init message\n', code: 1 },
  { stderr: 'sacct: error: slurmdbd: Connection refused\n', code: 0 },
] as const;

/** Where an answer ends early: anywhere, or right behind a newline, which looks most like an end. */
function cutAt(random: Random, whole: string): number {
  const at = random.below(whole.length);
  const newline = whole.indexOf('\n', at);
  return random.oneIn(2) && newline >= 0 ? newline + 1 : at;
}

function shuffled(random: Random, items: readonly string[]): readonly string[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] ?? '');
}

/** Puts into one row what Slurm never writes there. */
function spoil(random: Random, row: string[], order: readonly string[]): void {
  const [column, text] = random.pick([
    ['JobIDRaw', '12.batch'],
    ['JobIDRaw', '0'],
    ['JobIDRaw', ''],
    ['JobID', 'x_1'],
    ['State', ''],
    ['State', 'completed'],
  ] as const);
  row[order.indexOf(column)] = text;
}

/** Takes a field out of one record, or puts one more in; what users write does not then stand where a record ends. */
function breakOne(random: Random, rows: readonly string[][]): number {
  const at = random.below(rows.length);
  const row = rows[at] ?? [];
  if (random.oneIn(2) || row.at(-1)?.startsWith('\n')) row.splice(random.below(row.length), 1);
  else row.splice(random.below(row.length), 0, random.pick(['', 'x', '7']));
  return at;
}

interface Job {
  readonly job: AccountedJob;
  readonly texts: ReadonlyMap<string, string>;
}

function job(random: Random, offered: readonly string[], mean: boolean): Job {
  const texts = new Map<string, string>();
  /** The value, unless the column is lacking; then what stands for none. */
  function give<T>(column: string, text: string, value: T, none: T): T {
    if (!offered.includes(column)) return none;
    texts.set(column, text);
    return value;
  }
  const free = (column: string): string => {
    const text = mean && random.oneIn(2) ? hostileText(random, lures) : plainText(random);
    return give(column, text, decoded(text), '');
  };
  const same = (column: string, text: string): string => give(column, text, text, '');
  const count = (column: string, value: number): number => give(column, `${value}`, value, 0);
  const pair = <T>(column: string, [text, value]: readonly [string, T], none: T): T => give(column, text, value, none);

  const jobId = 1 + random.natural(31);
  const { array, het } = position(random, jobId);
  const where = array ? `${array.jobId}_${array.pending === null ? array.taskId : `[${array.pending}]`}` : `${jobId}`;
  texts.set('JobIDRaw', `${jobId}`);
  texts.set('JobID', het ? `${het.jobId}+${het.offset}` : where);
  const [user, uid] = random.pick(users);
  const nodes = random.pick(['', '', ...nodeLists]);
  const allocated = random.pick(resources);
  const ran = nodes !== '' || allocated[0] !== '';
  const start = random.oneIn(9) ? (['Unknown', null] as const) : epoch(random);
  const [stateText, state] = random.pick([
    ...endedStates,
    ['CANCELLED by 1000', { base: 'CANCELLED', flags: [], cancelledBy: 1000 }],
    ['REQUEUED', { base: 'PENDING', flags: ['REQUEUED'], cancelledBy: null }],
  ] as const);
  const flags = random.pick(['', 'SchedMain', 'SchedBackfill,StartReceived']);
  const suspended = random.pick([['00:00:00', 0] as const, ['1-00:01:40', 86_500] as const]);
  const record: AccountedJob = {
    cluster: same('Cluster', 'c'),
    jobId,
    array,
    het,
    name: free('JobName'),
    user: same('User', user),
    uid: give<number | null>('UID', `${uid}`, uid, null),
    group: same('Group', user),
    gid: give<number | null>('GID', `${uid}`, uid, null),
    account: same('Account', random.pick(accounts)),
    partition: same('Partition', 'cpu'),
    qos: same('QOS', 'normal'),
    state: give('State', stateText, state, state),
    reason: pair('Reason', random.pick(reasons), null),
    exitCode: pair('ExitCode', random.pick(exitCodes), null),
    submit: pair('Submit', epoch(random), null),
    eligible: pair('Eligible', random.oneIn(9) ? ['Unknown', null] : epoch(random), null),
    start: pair('Start', [start[0], ran ? start[1] : null], null),
    end: pair('End', isEnded(state) ? within(random) : ['Unknown', null], null),
    timeLimit: pair('TimelimitRaw', random.pick(timeLimits), null),
    nodes: give('NodeList', nodes === '' ? 'None assigned' : nodes, nodes, ''),
    nodeCount: count('NNodes', random.below(9)),
    cpus: count('NCPUS', random.below(999)),
    requested: pair('ReqTRES', random.pick(resources), {}),
    allocated: pair('AllocTRES', allocated, {}),
    comment: free('Comment'),
    adminComment: free('AdminComment'),
    workDir: free('WorkDir'),
    restarts: give<number | null>('Restarts', '2', 2, null),
    elapsed: count('ElapsedRaw', random.natural(24)),
    suspended: pair('Suspended', suspended, 0),
    derivedExitCode: pair('DerivedExitCode', random.pick(exitCodes), null),
    reservation: free('Reservation'),
    constraints: free('Constraints'),
    systemComment: free('SystemComment'),
    submitLine: free('SubmitLine'),
    flags: give<readonly string[]>('Flags', flags, flags === '' ? [] : flags.split(','), []),
    dbIndex: same('DBIndex', random.pick(['1', '18446744073709551615', 's2QXM7YQGK8N00'])),
  };
  return { job: record, texts };
}

async function judge(answer: Answer): Promise<FuzzVerdict> {
  const connector = scriptedSlurm((call) => answerTo(call, answer), chunker(new Random(answer.seed)));
  const records: AccountedJob[] = [];
  let rejected = 0;
  let slice: Extract<Piece<AccountedJob>, { readonly kind: 'slice' }> | undefined;
  const error = await orTyped(async () => {
    for await (const piece of pieces(connector)) {
      if (piece.kind === 'records') records.push(...piece.records);
      if (piece.kind === 'rejects') rejected += piece.rejects.length;
      if (piece.kind === 'slice') slice = piece;
    }
    return undefined;
  });
  const wrong = differ(records, answer.truth, answer.broken);
  if (wrong !== undefined && !(error !== undefined && records.length <= answer.truth.length)) return forged(wrong);
  if (error !== undefined && differ(records, answer.truth.slice(0, records.length), true) !== undefined && !answer.broken) {
    return forged(`before the error: ${differ(records, answer.truth, true)}`);
  }
  if (error !== undefined) {
    if (slice !== undefined) return forged('a slice was closed before the error');
    const expected = answer.cut || answer.broken || answer.code !== 0 || answer.stderr !== '';
    return expected ? { accepted: false } : forged(`a whole answer was refused: ${error.code}: ${error.message}`);
  }
  if (answer.code !== 0 || answer.stderr !== '') return forged('a failure counted as an answer');
  if (slice === undefined) return forged('no slice and no error');
  if (slice.rejected !== rejected || slice.rows !== records.length + rejected) {
    return forged(`the slice counts ${slice.rows} rows and ${slice.rejected} rejects for ${records.length} and ${rejected}`);
  }
  if (answer.cut && !answer.broken) return forged('an answer that was cut counted as whole');
  if (answer.broken ? rejected === 0 : rejected !== answer.unreadable) {
    return forged(`${rejected} rejects for ${answer.unreadable} rows that are none${answer.broken ? ', and a broken one' : ''}`);
  }
  return { accepted: rejected === 0 };
}

/** A window that is one question, and in which all jobs that ended did so. */
const from = 1_795_200_000;
const to = from + 600;

function within(random: Random): Pair<Epoch> {
  const end = from + random.below(to - from + 1);
  return [`${end}`, end];
}

function pieces(connector: Connector): AsyncIterable<Piece<AccountedJob>> {
  return connector.accounting.endedJobs({ from, to });
}

function answerTo({ program, args }: Call, answer: Answer): Scripted {
  if (program.name !== 'sacct') return { code: 1, stderr: 'not asked' };
  if (args.includes('--helpformat')) return { stdout: answer.offered.join('  ') };
  return { stdout: answer.bytes, stderr: answer.stderr, code: answer.code };
}
