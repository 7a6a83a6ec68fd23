import type { ActiveJob } from '@sluice/slurm';
import { decoded } from './hostile.ts';
import { accounts, endedStates, epoch, exitCodes, nodeLists, position, reasons, resources, timeLimits, users } from './job-values.ts';
import type { Random } from './random.ts';

/** A job as squeue tells of it: what stands in its columns, one character per byte, and what that means. */
export interface QueuedTruth {
  readonly job: ActiveJob;
  readonly texts: ReadonlyMap<string, string>;
}

/** What a caller has chosen already. */
export interface Chosen {
  readonly jobId: number;
  readonly state?: 'RUNNING' | 'PENDING';
  readonly nodes?: { readonly list: string; readonly count: number; readonly cpus: number };
  readonly sharing?: 'exclusive' | 'shared';
}

/** A job of the queue of a release; `free` makes the texts that users write. */
export function queuedJob(random: Random, exclusiveColumn: boolean, chosen: Chosen, free: () => string): QueuedTruth {
  const texts = new Map<string, string>();
  function give<T>(column: string, text: string, value: T): T {
    texts.set(column, text);
    return value;
  }
  const same = (column: string, text: string): string => give(column, text, text);
  const pair = <T>(column: string, [text, value]: readonly [string, T]): T => give(column, text, value);
  // Slurm writes `(null)` for none, and in columns of paths other words too; so they are for a user who wrote them himself.
  const user = (column: string, ...none: readonly string[]): string => {
    const text = free();
    return give(column, text, text === '(null)' || none.includes(text) ? '' : decoded(text));
  };
  const path = (column: string): string => user(column, 'N/A', 'n/a');

  const { jobId } = chosen;
  const { array, het } = position(random, jobId);
  texts.set('JobID', `${jobId}`);
  texts.set('ArrayJobID', `${array?.jobId ?? jobId}`);
  texts.set('ArrayTaskID', array ? `${array.pending ?? array.taskId}` : 'N/A');
  texts.set('HetJobID', het ? `${het.jobId}` : random.pick(['N/A', '0']));
  texts.set('HetJobOffset', het ? `${het.offset}` : random.pick(['N/A', '0']));
  const base = chosen.state ?? random.pick(['PENDING', 'RUNNING', 'SUSPENDED', 'RUNNING', 'ended']);
  const life = base === 'PENDING' ? 'pends' : base === 'ended' ? 'ended' : 'runs';
  const [stateText, state] = life === 'ended' ? random.pick(endedStates) : ([base, { base, flags: [], cancelledBy: null }] as const);
  const nodes = life === 'pends' ? '' : (chosen.nodes?.list ?? random.pick(nodeLists));
  const [name, id] = random.pick(users);
  const start = life === 'pends' && random.oneIn(2) ? (['N/A', null] as const) : epoch(random);
  const end = random.oneIn(9) ? (['N/A', null] as const) : epoch(random);
  const exitCode = random.pick(exitCodes);
  const tres = random.pick(resources);
  texts.set('StartTime', start[0]);
  texts.set('EndTime', end[0]);
  texts.set('exit_code', exitCode[0]);
  texts.set('tres-alloc', tres[0] === '' ? '(null)' : tres[0]);
  texts.set('WCKey', free());
  const sharing = chosen.sharing ?? random.pick(['exclusive', 'shared', 'oversubscribed'] as const);
  const oversubscribe = sharing === 'oversubscribed' ? 'YES:4' : sharing === 'exclusive' || exclusiveColumn ? 'NO' : 'OK';
  texts.set('OverSubscribe', oversubscribe);
  texts.set('Exclusive', sharing === 'exclusive' ? 'NODE' : 'NO');
  const job: ActiveJob = {
    cluster: same('Cluster', 'c'),
    jobId,
    array,
    het,
    name: user('Name'),
    user: same('UserName', name),
    uid: give('UserID', `${id}`, id),
    group: same('GroupName', name),
    gid: give('GroupID', `${id}`, id),
    account: same('Account', random.pick(accounts)),
    partition: same('Partition', 'cpu'),
    qos: same('QOS', 'normal'),
    state: give('State', stateText, state),
    reason: pair('Reason', random.pick(reasons)),
    exitCode: life === 'ended' ? exitCode[1] : null,
    submit: pair('SubmitTime', epoch(random)),
    eligible: pair('EligibleTime', random.oneIn(9) ? ['N/A', null] : epoch(random)),
    start: life === 'pends' ? null : start[1],
    end: life === 'ended' ? end[1] : null,
    timeLimit: pair('TimeLimit', random.pick(timeLimits)),
    nodes: give('NodeList', nodes, nodes),
    nodeCount: pair(
      'NumNodes',
      chosen.nodes ? [`${chosen.nodes.count}`, chosen.nodes.count] : random.pick([['1', 1] as const, ['2K', 2048] as const]),
    ),
    cpus: pair(
      'NumCPUs',
      chosen.nodes ? [`${chosen.nodes.cpus}`, chosen.nodes.cpus] : random.pick([['4', 4] as const, ['16K', 16_384] as const]),
    ),
    requested: nodes === '' ? tres[1] : {},
    allocated: nodes === '' ? {} : tres[1],
    comment: user('Comment'),
    adminComment: user('admin_comment'),
    workDir: path('WorkDir'),
    restarts: give('RestartCnt', '1', 1),
    priority: give('PriorityLong', '4294901759', 4_294_901_759),
    expectedStart: life === 'pends' ? start[1] : null,
    dependency: pair('Dependency', random.pick([['(null)', ''] as const, ['afterok:7(unfulfilled)', 'afterok:7(unfulfilled)'] as const])),
    batchHost: pair('BatchHost', random.pick([['n/a', ''] as const, ['node01', 'node01'] as const])),
    sharing,
    stdout: path('STDOUT'),
    stderr: path('STDERR'),
    stdin: path('STDIN'),
    command: path('Command'),
  };
  return { job, texts };
}

/** Columns that a call of squeue asks for, and what stands behind each. */
export function askedColumns(args: readonly string[]): { readonly columns: readonly string[]; readonly delimiter: string } {
  const format = args.find((arg) => arg.startsWith('--Format='))?.slice('--Format='.length) ?? '';
  const columns = format.split(',').map((column) => column.slice(0, column.indexOf(':')));
  return { columns, delimiter: format.slice(format.indexOf(':') + 1, format.indexOf(',')) };
}

export function fieldsOf({ texts }: QueuedTruth, columns: readonly string[]): string[] {
  return columns.map((column) => texts.get(column) ?? '');
}
