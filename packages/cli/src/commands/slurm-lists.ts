import { SluiceError } from '@sluice/io';
import type { AccountedJob, ActiveJob, Allocation, GresAllocation, Job, Node, NodeAllocation, Reject } from '@sluice/slurm';
import { progressLine } from '../progress.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Column, formatTable } from '../table.ts';
import { formatEpoch, parseMoment } from '../time.ts';
import type { EndedOptions, SlurmOptions } from './slurm-command.ts';
import { openSlurm } from './slurm-connector.ts';

const jobColumns: readonly Column[] = [
  { title: 'JOB', align: 'right' },
  { title: 'NAME' },
  { title: 'USER' },
  { title: 'ACCOUNT' },
  { title: 'PARTITION' },
  { title: 'STATE' },
  { title: 'START' },
  { title: 'END' },
  { title: 'CPUS', align: 'right' },
  { title: 'GPUS', align: 'right' },
  { title: 'NODES' },
];

function jobRow(job: Job): (string | number | null)[] {
  const { jobId, name, user, account, partition, state, start, end, allocated, cpus, nodes, reason } = job;
  const words = [state.base, ...state.flags].join('+');
  const where = nodes === '' ? (reason === null ? '' : `(${reason})`) : nodes;
  return [
    jobName(jobId, job),
    name,
    user,
    account,
    partition,
    words,
    formatEpoch(start),
    formatEpoch(end),
    cpus,
    allocated['gres/gpu'] ?? 0,
    where,
  ];
}

function jobName(jobId: number, { array, het }: Job): string {
  if (array) return `${array.jobId}_${array.taskId ?? `[${array.pending ?? ''}]`}`;
  return het ? `${het.jobId}+${het.offset}` : String(jobId);
}

/** `sluice slurm jobs` */
export async function listJobs(options: SlurmOptions, around: Surroundings): Promise<void> {
  const { records, rejects } = await (await openSlurm(options, around)).controller.activeJobs();
  print<ActiveJob>(records, options, around, jobColumns, jobRow);
  report(rejects, around);
}

/** `sluice slurm ended`: prints as pieces arrive, so that a month of jobs takes no more memory than a minute of them. */
export async function listEnded(options: EndedOptions, around: Surroundings): Promise<void> {
  const from = moment(options.since, '--since', around);
  const to = moment(options.until, '--until', around);
  if (from > to) throw new SluiceError('usage', `--since ${options.since} lies after --until ${options.until}`);
  for (const name of ['user', 'account', 'partition'] as const) names(`--${name}`, options[name]);
  const query = {
    from,
    to,
    signal: around.interrupted,
    ...(options.user ? { users: options.user } : {}),
    ...(options.account ? { accounts: options.account } : {}),
    ...(options.partition ? { partitions: options.partition } : {}),
  };
  const { accounting } = await openSlurm(options, around);
  const progress = progressLine(around.stderr);
  let rows = 0;
  let lost = 0;
  try {
    progress.show(`reads from ${formatEpoch(from)} UTC`);
    for await (const piece of accounting.endedJobs(query)) {
      // What is printed may go to the same terminal.
      if (piece.kind !== 'slice') progress.clear();
      if (piece.kind === 'records') {
        print<AccountedJob>(piece.records, options, around, jobColumns, jobRow, rows === 0);
        rows += piece.records.length;
      } else if (piece.kind === 'rejects') {
        lost += piece.rejects.length;
        report(piece.rejects, around);
      } else {
        progress.show(`read up to ${formatEpoch(piece.to)} UTC, ${rows} jobs`);
      }
    }
  } finally {
    progress.clear();
  }
  if (!options.json)
    around.stderr.write(`${rows} rows of accounting, ${formatEpoch(from)} to ${formatEpoch(to)} UTC, ${lost} unreadable\n`);
}

/** What Slurm's lists can hold; said here, where the option's own name is known. */
function names(option: string, values: readonly string[] = []): void {
  const wrong = values.find((value) => value === '' || /[,\s\p{Cc}]/u.test(value));
  if (wrong === undefined) return;
  throw new SluiceError('usage', `${option} ${JSON.stringify(wrong)} is no name`, {
    hint: `Write several names apart: ${option} one two.`,
  });
}

function moment(text: string, option: string, around: Surroundings): number {
  const epoch = parseMoment(text, Math.floor(around.clock.now() / 1000));
  if (epoch !== undefined) return epoch;
  throw new SluiceError('usage', `${option} ${text} is no time`, {
    hint: 'Write 2h or 3d (ago), 2026-11-21T10:00:00Z, or seconds since the epoch.',
  });
}

/** `sluice slurm nodes` */
export async function listNodes(options: SlurmOptions, around: Surroundings): Promise<void> {
  const { records, rejects } = await (await openSlurm(options, around)).controller.nodes();
  const columns: readonly Column[] = [
    { title: 'NODE' },
    { title: 'STATE' },
    { title: 'CPUS', align: 'right' },
    { title: 'S:C:T' },
    { title: 'MEMORY MiB', align: 'right' },
    { title: 'GRES' },
    { title: 'PARTITIONS' },
    { title: 'RELEASE' },
    { title: 'REASON' },
  ];
  print<Node>(records, options, around, columns, (node) => [
    node.name,
    [node.state, ...node.flags].join('+'),
    `${node.cpus.allocated}/${node.cpus.total}`,
    `${node.sockets}:${node.coresPerSocket}:${node.threadsPerCore}`,
    `${node.memoryMiB.allocated}/${node.memoryMiB.total}`,
    node.gres.total.map((total) => `${gresText(total)} (${usedOf(node, total)} used)`).join(', '),
    node.partitions.join(','),
    node.version,
    node.reason,
  ]);
  report(rejects, around);
}

function usedOf(node: Node, total: GresAllocation): number {
  return node.gres.used.find(({ name, type }) => name === total.name && type === total.type)?.count ?? 0;
}

/** `sluice slurm allocations` */
export async function listAllocations(options: SlurmOptions, around: Surroundings): Promise<void> {
  const { records, rejects } = await (await openSlurm(options, around)).controller.allAllocations();
  const columns: readonly Column[] = [
    { title: 'JOB', align: 'right' },
    { title: 'NODE' },
    { title: 'WHOLE' },
    { title: 'CPUS', align: 'right' },
    { title: 'MEMORY MiB', align: 'right' },
    { title: 'CPU IDS' },
    { title: 'GRES' },
  ];
  if (options.json) {
    print<Allocation>(records, options, around, columns, () => []);
  } else {
    const rows = records.flatMap((allocation) => allocation.nodes.map((node) => ({ allocation, node })));
    print(rows, options, around, columns, ({ allocation, node }) => [
      allocation.jobId,
      node.node,
      allocation.whole === null ? '?' : allocation.whole ? 'yes' : 'no',
      node.cpus,
      node.memoryMiB,
      cpuText(node),
      node.gres.map(gresText).join(', '),
    ]);
  }
  report(rejects, around);
}

function cpuText({ cpuIds, cores }: NodeAllocation): string | null {
  if (cpuIds) return cpuIds.join(',');
  return cores?.map(({ socket, core }) => `socket ${socket} core ${core}`).join(', ') ?? null;
}

function gresText({ name, type, count, indices }: GresAllocation): string {
  const kind = type === null ? name : `${name}:${type}`;
  return `${kind}:${count}${indices ? `(IDX:${indices.join(',')})` : ''}`;
}

function print<T>(
  records: readonly T[],
  { json }: SlurmOptions,
  around: Surroundings,
  columns: readonly Column[],
  row: (record: T) => readonly (string | number | null)[],
  withTitles = true,
): void {
  if (json) {
    for (const record of records) around.stdout.write(`${JSON.stringify(record)}\n`);
    return;
  }
  const table = formatTable(columns, records.map(row));
  around.stdout.write(withTitles ? table : table.slice(table.indexOf('\n') + 1));
}

/** What could not be read is said on stderr and costs nothing else. */
function report(rejects: readonly Reject[], around: Surroundings): void {
  for (const { source, reason, excerpt } of rejects) around.stderr.write(`sluice: ${source} not read: ${reason}: ${excerpt}\n`);
}
