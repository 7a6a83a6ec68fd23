import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Processes, systemClock } from '@sluice/io';
import { type RecordedRelease, recorded, recordedSacct, releases, roles, table } from '../../test/accounting-recordings.ts';
import type { Piece } from '../facets.ts';
import { formatExitCode, formatState, formatTres } from '../languages/index.ts';
import type { AccountedJob } from '../records.ts';
import { sacct } from './sacct.ts';
import { slurmCommands } from './slurm-command.ts';

async function read(processes: Processes): Promise<{ readonly jobs: AccountedJob[]; readonly rejected: number }> {
  const nonce = () => 'abcdefgh012';
  const { ask } = sacct({ commands: slurmCommands({ processes, clock: systemClock(), nonce }), nonce });
  const jobs: AccountedJob[] = [];
  let rejected = 0;
  for await (const piece of ask([]) as AsyncIterable<Piece<AccountedJob>>) {
    if (piece.kind === 'records') jobs.push(...piece.records);
    if (piece.kind === 'rejects') rejected += piece.rejects.length;
  }
  return { jobs, rejected };
}

function narrow(release: RecordedRelease, file = 'sacct-narrow.txt') {
  return table(recorded(release, file), '\x1f', 'JobID');
}

function roleOf(job: AccountedJob, names: ReadonlyMap<number, string>): string {
  if (job.array) return `${names.get(job.array.jobId)}_${job.array.taskId}`;
  if (job.het) return `${names.get(job.het.jobId)}+${job.het.offset}`;
  return names.get(job.jobId) ?? `${job.jobId}`;
}

const plain = 'billing=2,cpu=2,mem=2000M,node=1';

/** What the scenario's jobs are in every release: state, exit code, user, account, partition, QOS, limit, nodes, CPUs, allocated. */
const expected: readonly string[] = [
  `node_fail NODE_FAIL 1:0 alice physics cpu normal unlimited 1 2 ${plain}`,
  `node_fail_rq COMPLETED 0:0 bob chem cpu normal unlimited 1 2 ${plain}`,
  `requeued COMPLETED 0:0 alice physics cpu normal unlimited 1 2 ${plain}`,
  'exclusive CANCELLED by 0 0:0 alice physics cpu normal 120 2 32 billing=32,cpu=32,mem=128000M,node=2',
  'part_of_node CANCELLED by 0 0:0 alice physics cpu normal 1440 1 4 billing=4,cpu=4,mem=2048M,node=1',
  'nomultithread CANCELLED by 0 0:0 bob chem cpu normal 30 1 4 billing=4,cpu=4,mem=2000M,node=1',
  'gpu_idx CANCELLED by 0 0:0 alice physics gpu normal 240 1 4 billing=4,cpu=4,gres/gpu:a100=2,gres/gpu=2,mem=4000M,node=1',
  'gpu_2nodes CANCELLED by 0 0:0 bob chem gpu normal 240 2 4 billing=4,cpu=4,gres/gpu:a100=2,gres/gpu=2,mem=4000M,node=2',
  'gpu_total CANCELLED by 0 0:0 alice physics gpu normal 240 1 2 billing=2,cpu=2,gres/gpu:a100=1,gres/gpu=1,mem=3072M,node=1',
  `unlimited CANCELLED by 0 0:0 alice physics gpu normal unlimited 1 2 ${plain}`,
  `weird CANCELLED by 0 0:0 alice physics cpu normal year 1 2 ${plain}`,
  `comments CANCELLED by 0 0:0 bob chem cpu normal year 1 2 ${plain}`,
  `qos_high CANCELLED by 0 0:0 alice chem gpu high year 1 2 ${plain}`,
  `suspended CANCELLED by 0 0:0 root root gpu normal 60 1 2 ${plain}`,
  'het+0 CANCELLED by 0 0:0 bob chem cpu normal 60 1 2 billing=2,cpu=2,mem=1024M,node=1',
  'het+1 CANCELLED by 0 0:0 bob chem gpu normal 60 1 2 billing=2,cpu=2,gres/gpu:a100=1,gres/gpu=1,mem=2048M,node=1',
  'deadline DEADLINE 1:0 bob chem cpu normal 1 1 1 ',
  `completed COMPLETED 0:0 alice physics cpu normal unlimited 1 2 ${plain}`,
  `failed FAILED 3:0 alice physics cpu normal unlimited 1 2 ${plain}`,
  `failed_sig FAILED 0:11 alice physics cpu normal unlimited 1 2 ${plain}`,
  `bad_output FAILED 0:53 alice physics cpu normal unlimited 1 2 ${plain}`,
  `timeout TIMEOUT 0:0 bob chem cpu normal 1 1 2 ${plain}`,
  `cancel_run CANCELLED by 1002 0:0 bob chem cpu normal unlimited 1 2 ${plain}`,
  `cancel_admin CANCELLED by 0 0:0 alice physics cpu normal unlimited 1 2 ${plain}`,
  `array_0 COMPLETED 0:0 alice physics cpu normal 90 1 2 ${plain}`,
  `array_1 FAILED 4:0 alice physics cpu normal 90 1 2 ${plain}`,
  `array_2 FAILED 0:9 alice physics cpu normal 90 1 2 ${plain}`,
  ...[3, 4, 5, 6].map((task) => `array_${task} CANCELLED by 0 0:0 alice physics cpu normal 90 1 2 ${plain}`),
  ...[1, 2, 3, 4, 5, 9, 20, 22, 24, 26, 28, 30].map((task) => `pend_array_${task} COMPLETED 0:0 bob chem cpu normal year 1 2 ${plain}`),
  'pend_res COMPLETED 0:0 bob chem cpu normal 10 4 64 billing=64,cpu=64,mem=64000M,node=4',
  'oversub CANCELLED by 0 0:0 bob chem shared normal 45 1 16 billing=16,cpu=16,mem=1024M,node=1',
  'oversub2 CANCELLED by 0 0:0 alice physics shared normal 45 1 16 billing=16,cpu=16,mem=1024M,node=1',
];

/** What truly differs between the releases, or between runs of the scenario, and not in how it is read. */
function aligned(line: string, release: RecordedRelease): string {
  const old = ['22.05', '23.11'].includes(release);
  return (
    line
      // A node's failure is exit code 1:0 from 24.11 on (slurm.md §4); 0:0 before.
      .replace(/^(node_fail \S+) 0:0/, old ? '$1 1:0' : '$&')
      // Without a limit, backfill gives a year and the main scheduler none (slurm.md §3): which of them was faster.
      .replace(/^((?:weird|comments|qos_high|pend_array_\d+) .* normal|qos_high .* high) (?:525600|unlimited)/, '$1 year')
      // Two tasks were cancelled on one machine before they could end.
      .replace(/^(pend_array_[12]) CANCELLED by 0/, '$1 COMPLETED')
      // Het components of some releases have no billing; a job that never started has no CPUs in some.
      .replace(/^(het\+[01] .*) cpu=/, '$1 billing=2,cpu=')
      .replace(/^(deadline .*) 0 $/, '$1 1 ')
  );
}

for (const release of releases) {
  test(`${release}: the scenario's jobs decode to the same records`, async () => {
    const { jobs, rejected } = await read(recordedSacct(narrow(release), { chunkBytes: 777 }));
    const names = roles(release);
    const lines = jobs.map((job) =>
      [
        roleOf(job, names),
        formatState(job.state),
        job.exitCode === null ? 'null' : formatExitCode(job.exitCode),
        ...[job.user, job.account, job.partition, job.qos, job.timeLimit, job.nodeCount, job.cpus],
        formatTres(job.allocated),
      ].join(' '),
    );
    assert.deepEqual(lines.map((line) => aligned(line, release)).sort(), [...expected].sort());
    assert.equal(rejected, 0);
  });

  test(`${release}: times, nodes and texts of the scenario`, async () => {
    const { jobs } = await read(recordedSacct(narrow(release)));
    const names = roles(release);
    const byRole = new Map(jobs.map((job) => [roleOf(job, names), job]));
    for (const job of jobs) {
      assert.ok(job.submit !== null && job.end !== null && job.submit <= job.end, `${job.jobId}`);
      if (job.start === null) assert.equal(job.nodes, '');
      else assert.ok(job.start >= job.submit && job.start <= job.end && job.elapsed <= job.end - job.start);
    }
    assert.equal(byRole.get('deadline')?.start, null);
    assert.equal(byRole.get('exclusive')?.nodes, 'node[01-02]');
    assert.equal(byRole.get('weird')?.name, "we|ird `n'ame` <&>\nline2\ttab ünï☃ \\ \u0024{x} %j=1");
    assert.equal(byRole.get('weird')?.comment, 'a|b "c" \'d\'\nsecond ü☃');
    assert.equal(byRole.get('comments')?.adminComment, 'admin|comment "x" ü');
    assert.equal(byRole.get('cancel_admin')?.reason, 'ReqNodeNotAvail');
    assert.equal(byRole.get('completed')?.reason, null);
    assert.deepEqual(byRole.get('gpu_2nodes')?.requested, { billing: 2, cpu: 2, 'gres/gpu': 2, mem: 2000, node: 2 });
    // The last task to be split off an array keeps the array's own id.
    assert.equal(byRole.get('pend_array_30')?.jobId, byRole.get('pend_array_30')?.array?.jobId);
  });

  test(`${release}: columns that were not asked for are typed, not guessed`, async () => {
    const [job] = (await read(recordedSacct(narrow(release)))).jobs;
    assert.deepEqual([job?.cluster, job?.uid, job?.derivedExitCode, job?.restarts, job?.dbIndex], ['', null, null, null, '']);
  });

  test(`${release}: while jobs run, those without an end have none`, async () => {
    const { jobs } = await read(recordedSacct(narrow(release, 'sacct-narrow-live.txt')));
    const running = jobs.filter(({ state }) => state.base === 'RUNNING');
    assert.ok(running.length > 5);
    for (const job of running) assert.deepEqual([job.end, job.start === null], [null, false]);
    const pending = jobs.filter(({ state }) => state.base === 'PENDING' && state.flags.length === 0);
    for (const job of pending) assert.deepEqual([job.start, job.end], [null, null]);
  });

  test(`${release}: all columns of the release at once, the unknown ones passed over; a row that -P broke is rejected alone`, async () => {
    const all = table(recorded(release, 'sacct-ALL.txt'), '|', 'Account');
    const { jobs, rejected } = await read(recordedSacct(all));
    // Texts of `weird`, `comments` and (in the submit line) `gpu_idx` hold the delimiter of -P; two of them are neighbours.
    assert.equal(jobs.length, all.rows.filter((row) => row.length === all.columns.length).length);
    assert.ok(rejected >= 1 && rejected <= 3);
    const names = roles(release);
    const exclusive = jobs.find((job) => names.get(job.jobId) === 'exclusive');
    assert.deepEqual([exclusive?.cluster, exclusive?.uid, exclusive?.user], ['labcluster', 1001, 'alice']);
    assert.ok(exclusive?.submitLine.startsWith('sbatch '));
    assert.match(exclusive?.dbIndex ?? '', /^[0-9]+$/);
    assert.equal(exclusive?.restarts, Number(release) < 24.11 ? null : 0);
    if (Number(release) >= 24.11) assert.equal(jobs.find((job) => names.get(job.jobId) === 'requeued')?.restarts, 1);
  });

  test(`${release}: a requeued job has a row for each run, a job cancelled before it was eligible no start`, async () => {
    const rows = (file: string) => table(recorded(release, file), '|', 'JobID');
    const asRaw = (file: string) => ({ ...rows(file), columns: rows(file).columns.map((name) => (name === 'JobID' ? 'JobIDRaw' : name)) });
    const requeued = (await read(recordedSacct(asRaw('sacct-jD-requeued.txt')))).jobs;
    assert.deepEqual(
      requeued.map(({ state }) => formatState(state)),
      ['PENDING+REQUEUED', 'COMPLETED'],
    );
    assert.equal(new Set(requeued.map(({ start }) => start)).size, 2);
    const [cancelled] = (await read(recordedSacct(asRaw('sacct-jD-cancel_pend.txt')))).jobs;
    assert.deepEqual([cancelled?.state.base, cancelled?.eligible, cancelled?.end === null], ['CANCELLED', null, false]);
  });

  test(`${release}: the two hours of the clock change stay apart`, async () => {
    const columns = { JobID: 'JobIDRaw' } as const;
    const read4 = async (file: string) => {
      const recording = table(recorded(release, file), '|', 'JobID');
      const withState = {
        columns: [...recording.columns.map((name) => (name === 'JobID' ? columns.JobID : name)), 'State'],
        rows: recording.rows,
      };
      return (await read(recordedSacct({ ...withState, rows: recording.rows.map((row) => [...row, 'COMPLETED']) }))).jobs;
    };
    const epochs = await read4('autumn-all-berlin-epoch.txt');
    const utc = await read4('autumn-all-utc.txt');
    assert.ok(epochs.length >= 8);
    assert.deepEqual(
      epochs.map(({ name, start }) => [name, start]),
      utc.map(({ name, start }) => [name, start]),
    );
    for (const { name, start } of epochs) assert.equal(`dst-${new Date((start ?? 0) * 1000).toISOString().slice(11, 16)}Z`, name);
  });

  test(`${release}: an answer cut in the middle is an error, and what came before it arrives`, async () => {
    await assert.rejects(read(recordedSacct(narrow(release), { keepBytes: 5000 })), { code: 'slurm.incomplete' });
    await assert.rejects(read(recordedSacct(narrow(release), { keepBytes: 0 })), { code: 'slurm.incomplete' });
  });
}
