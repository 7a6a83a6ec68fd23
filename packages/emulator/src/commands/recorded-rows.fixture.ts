import { expandHostlist, parseExitCode, parseTime, parseTimeLimit, parseTres } from '@sluice/slurm';
import type { BaseState, EmulatedStep } from '../model/job.ts';
import type { JobRow } from '../model/slurmdbd.ts';
import { recording } from './recorded-cluster.fixture.ts';

/** A recorded answer of sacct without what the job with the strange name has between its delimiters. */
export function plainAnswer(release: string, name: string): string {
  return recording(release, name)
    .replaceAll(/we\|ird [`"]n'ame[`"] <&>\nline2\ttab ünï☃ \\ \$\{x\} %j=1/g, 'WEIRD')
    .replaceAll(/ --comment=a\|b "c" 'd'\nsecond ü☃ --wrap echo "q" 'x' \| cat # ü\nsleep 900/g, ' --comment=COMMENT')
    .replaceAll(/a\|b "?`?c"?`? 'd'\nsecond ü☃/g, 'COMMENT')
    .replaceAll('env | grep', 'env grep')
    .replaceAll('CUDA|GPU', 'GPU')
    .replaceAll('admin|comment', 'admin comment');
}

export interface RecordedRows {
  readonly rows: readonly JobRow[];
  /** When it was asked, by what a job that runs had run; 0 when none did. */
  readonly now: number;
}

/** Rows of a recorded `sacct -P --format=ALL`. */
export function recordedRows(release: string, name: string): RecordedRows {
  const [header = '', ...lines] = plainAnswer(release, name).split('\n');
  const names = header.split('|');
  const records = lines
    .filter((line) => line !== '')
    .map((line) => {
      const values = line.split('|');
      if (values.length !== names.length) throw new Error(`${values.length} values for ${names.length} fields in ${line}`);
      return new Map(names.map((field, index) => [field, values[index] ?? '']));
    });
  const now = Math.max(0, ...records.map((record) => momentOf(record)));
  const rows: JobRow[] = [];
  for (const record of records) {
    const id = record.get('JobIDRaw') ?? '';
    if (id.includes('.')) {
      const row = rows.pop();
      if (row !== undefined) rows.push({ ...row, steps: [...row.steps, stepOf(record)] });
    } else rows.push(rowOf(record, now, release));
  }
  return { rows, now };
}

function momentOf(record: ReadonlyMap<string, string>): number {
  if (record.get('State') !== 'RUNNING' || record.get('End') !== 'Unknown') return 0;
  return (parseTime(record.get('Start') ?? '') ?? 0) + Number(record.get('ElapsedRaw'));
}

function seconds(text: string): number {
  const [hours = 0, minutes = 0, rest = 0] = text.split(':').map(Number);
  return hours * 3600 + minutes * 60 + rest;
}

function rowOf(record: ReadonlyMap<string, string>, now: number, release: string): JobRow {
  const text = (field: string) => record.get(field) ?? '';
  const time = (field: string) => parseTime(text(field)) ?? null;
  const [, state = text('State'), by] = /^(CANCELLED) by (\d+)$/.exec(text('State')) ?? [];
  const [, arrayId, task, , hetId, offset] = /^(\d+)_(\d+|(\[.*\]))$|^(\d+)\+(\d+)$/.exec(text('JobID')) ?? [];
  const suspended = seconds(text('Suspended'));
  const isSuspended = state === 'SUSPENDED';
  const limit = parseTimeLimit(text('Timelimit'));
  const requested = parseTres(text('ReqTRES')) ?? {};
  return {
    dbIndex: text('DBIndex'),
    cluster: text('Cluster'),
    jobId: Number(text('JobIDRaw')),
    array:
      arrayId === undefined
        ? null
        : {
            jobId: Number(arrayId),
            taskId: task?.startsWith('[') === false ? Number(task) : null,
            pending: task?.startsWith('[') === true ? task.slice(1, -1) : null,
            maxRunning: null,
          },
    het: hetId === undefined ? null : { jobId: Number(hetId), offset: Number(offset) },
    name: text('JobName'),
    uid: Number(text('UID')),
    user: text('User'),
    gid: Number(text('GID')),
    group: text('Group'),
    account: text('Account'),
    associationId: Number(text('AssocID')),
    qos: text('QOS'),
    requestedQos: text('QOSREQ'),
    partition: text('Partition'),
    state: state as BaseState,
    cancelledBy: by === undefined ? null : Number(by),
    reason: text('Reason'),
    exit: parseExitCode(text('ExitCode')) ?? { code: 0, signal: 0 },
    derivedExit: parseExitCode(text('DerivedExitCode')) ?? { code: 0, signal: 0 },
    submit: time('Submit') ?? 0,
    eligible: time('Eligible'),
    start: time('Start'),
    end: time('End'),
    suspendedSeconds: isSuspended ? 0 : suspended,
    suspendedAt: isSuspended ? now - suspended : null,
    timeLimit: typeof limit === 'number' || limit === 'unlimited' ? limit : null,
    priority: Number(text('Priority')),
    nodes: text('NodeList') === 'None assigned' ? '' : text('NodeList'),
    nodeCount: Number(text('AllocNodes')),
    requestedCpus: Number(text('ReqCPUS')),
    requestedTres: requested,
    allocatedTres: parseTres(text('AllocTRES')) ?? {},
    requestedMemory: null,
    flags: [
      ...text('Flags')
        .replace('Recieved', 'Received')
        .split(',')
        .filter((word) => word !== ''),
      ...(text('Exclusive') === 'NODE' ? ['Exclusive'] : []),
      ...(text('OverSubscribe') === 'YES' ? ['OverSubscribe'] : []),
    ],
    constraints: text('Constraints'),
    reservation: text('Reservation'),
    restarts: Number(text('Restarts')),
    comment: text('Comment'),
    adminComment: text('AdminComment'),
    systemComment: text('SystemComment'),
    extra: text('Extra'),
    workDir: text('WorkDir'),
    submitLine: text('SubmitLine'),
    stdout: text('StdOut'),
    stderr: text('StdErr'),
    stdin: text('StdIn'),
    failedNode: release === '22.05' ? '' : text('FailedNode'),
    wckey: '',
    script: null,
    environment: null,
    steps: [],
  };
}

function stepOf(record: ReadonlyMap<string, string>): EmulatedStep {
  const text = (field: string) => record.get(field) ?? '';
  const id = text('JobIDRaw');
  return {
    id: id.slice(id.indexOf('.') + 1),
    name: text('JobName'),
    state: text('State') as BaseState,
    start: parseTime(text('Start')) ?? 0,
    end: parseTime(text('End')) ?? null,
    exit: parseExitCode(text('ExitCode')) ?? { code: 0, signal: 0 },
    nodes: expandHostlist(text('NodeList')) ?? [],
    cpus: Number(text('NCPUS')),
    tasks: Number(text('NTasks')),
    tres: parseTres(text('AllocTRES')) ?? {},
    used: null,
    submitLine: text('SubmitLine'),
  };
}
