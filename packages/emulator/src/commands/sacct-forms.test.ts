import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRow, JobRowQuery, Slurmdbd } from '../model/slurmdbd.ts';
import { fullRelease, recording, releases } from './recorded-cluster.fixture.ts';
import { plainAnswer, recordedRows } from './recorded-rows.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sacct } from './sacct.ts';

const noon = Date.UTC(2026, 10, 21, 12) / 1000;

function slurmOf(release: string, rows: readonly JobRow[], now = noon, asked: JobRowQuery[] = []) {
  const qos = [{ name: 'normal', id: 1 }] as unknown as ReturnType<Slurmdbd['qos']>;
  const jobRows = (query: JobRowQuery) => {
    asked.push(query);
    return rows;
  };
  return recordedSlurm({ release: fullRelease(release), now, database: { jobRows, qos: () => qos } });
}

/** What sacct asks slurmdbd for. */
async function queryOf(argv: readonly string[], user = 'root'): Promise<JobRowQuery | undefined> {
  const asked: JobRowQuery[] = [];
  const uid = user === 'root' ? 0 : 1001;
  await run(sacct, slurmOf('26.05', [], noon, asked), argv, { as: { uid, gid: uid, user, group: user } });
  return asked[0];
}

describe('forms of sacct', () => {
  for (const release of releases) {
    const live = recordedRows(release, 'sacct-steps-ALL');
    const { rows } = recordedRows(release, 'final-sacct-ALL');

    it(`lays columns out as ${release} did`, async () => {
      const { stdout } = await run(sacct, slurmOf(release, live.rows, live.now), ['-a']);
      // Some steps have no exit code; the cut name is that of the job that the recordings are read without.
      const plain = (text: string) => text.replaceAll(/ (?:\d+:\d+| {3}) $/gm, '').replace(/ +(?:WEIRD|we\|ird `n\+)/, ' NAME');
      assert.equal(plain(stdout), plain(recording(release, 'sacct-default')));
    });

    it(`lists the fields of ${release}`, async () => {
      assert.equal((await run(sacct, slurmOf(release, []), ['--helpformat'])).stdout, recording(release, 'final-sacct-helpformat'));
    });

    for (const [name, argv, env] of [
      ['final-sacct-units', ['--units=G', '--format=JobID,ReqMem,AllocTRES,ReqTRES'], {}],
      ['final-sacct-noconvert', ['--noconvert', '--format=JobID,ReqMem,AllocTRES,ReqTRES'], {}],
      ['final-sacct-epoch', ['--format=JobID,State,Submit,Eligible,Start,End'], { SLURM_TIME_FORMAT: '%s' }],
      ['final-sacct-tz-berlin', ['--format=JobID,State,Submit,Start,End'], { TZ: 'Europe/Berlin' }],
      ['final-sacct-tz-kolkata-epochfmt', ['--format=JobID,State,Submit,Start,End'], { TZ: 'Asia/Kolkata', SLURM_TIME_FORMAT: '%FT%T%z' }],
      ['final-sacct-parsable2-delim', ['--delimiter=|~|', '--format=JobID,JobName,State,Comment'], {}],
    ] as const) {
      it(`writes ${name} as ${release} did`, async () => {
        const slurm = slurmOf(release, rows);
        const answer = await run(sacct, slurm, ['-a', '-X', '-P', '-S', '2026-11-21', ...argv], { env: { TZ: 'UTC', ...env } });
        assert.deepEqual(answer, {
          code: 0,
          stderr: '',
          stdout: plainAnswer(release, name).replaceAll('COMMENT', rows[10]?.comment ?? ''),
        });
      });
    }
  }

  it('ends rows with the delimiter where it is asked to', async () => {
    const { rows } = recordedRows('26.05', 'final-sacct-ALL');
    const { stdout } = await run(sacct, slurmOf('26.05', rows.slice(0, 1)), [
      '-p',
      '-X',
      '--delimiter=\u001fnonce',
      '--format=JobID,State',
    ]);
    assert.equal(stdout, 'JobID\u001fnonceState\u001fnonce\n1\u001fnonceNODE_FAIL\u001fnonce\n');
  });

  it('takes the beginnings of names, widths behind them, and cuts what is too wide with a mark', async () => {
    const { rows } = recordedRows('22.05', 'final-sacct-ALL');
    const { stdout } = await run(sacct, slurmOf('22.05', rows.slice(0, 1)), ['-X', '-o', 'jobid%20,state%-5,jobname%3,elap']);
    assert.equal(stdout.split('\n')[0], '               JobID State Job    Elapsed ');
    assert.equal(stdout.split('\n')[2], '                   1 NODE+ wr+   00:00:05 ');
  });

  it('chooses rows by today, by the jobs that are named, and by states now', async () => {
    const own = { clusters: ['labcluster'] };
    const midnight = Date.UTC(2026, 10, 21) / 1000;
    assert.deepEqual(await queryOf([]), { from: midnight, to: noon, ...own });
    assert.deepEqual(await queryOf([], 'alice'), { from: midnight, to: noon, users: ['alice'], ...own });
    assert.deepEqual(await queryOf(['-a'], 'alice'), { from: midnight, to: noon, ...own });
    assert.deepEqual(await queryOf(['-j', '17_3,8.batch'], 'alice'), { jobIds: ['17_3', '8'], ...own });
    assert.deepEqual(await queryOf(['-s', 'R,PD']), { from: noon, states: ['RUNNING', 'PENDING'], ...own });
    assert.deepEqual(await queryOf(['-S', 'now-1hours', '-E', 'now', '-D', '-L']), { from: noon - 3600, to: noon, duplicates: true });
    assert.deepEqual(await queryOf(['-S', 'uts1792882800', '-q', '1', '-N', 'node[1-2]', '-u', '1002']), {
      from: 1_792_882_800,
      to: noon,
      users: ['bob'],
      qos: ['normal'],
      nodes: ['node1', 'node2'],
      ...own,
    });
  });

  // As Slurm 22.05.8 and the recordings say it.
  const refusals: readonly (readonly [argv: readonly string[], stderr: string])[] = [
    [['--format=JobID,NoSuch'], 'sacct: error: Invalid field requested: "NoSuch"\n'],
    [['-s', 'foo'], "sacct: fatal: unrecognized job state value 'foo'\n"],
    [['-u', 'nosuch'], 'sacct: error: Invalid user id: nosuch\n'],
    [['-S', 'foo'], 'Invalid time specification (pos=0): foo\n'],
    [['-S', '2026-10-24T23:00:00Z'], 'Invalid time specification (pos=19): 2026-10-24T23:00:00Z\n'],
    [['-S', '2026-10-25T01:00:00+02:00'], 'Invalid time specification (pos=19): 2026-10-25T01:00:00+02:00\n'],
    [['-S', '1792882800'], 'Invalid time specification (pos=0): 1792882800\n'],
    [['-E', '2026-10-25T00:00:00'], 'sacct: error: Start time (2026-11-21T00:00:00) requested is after end time (2026-10-25T00:00:00).\n'],
    [['-j', 'abc'], 'sacct: fatal: Bad job/step specified: abc\n'],
    [['--units=Q'], "sacct: error: Invalid unit type 'Q'. Possible options are 'KMGTP'\nsacct: fatal: Invalid unit type\n"],
    [['-q', 'nosuch'], "sacct: error: You gave a bad qos 'nosuch'. Valid QOS's are normal\nsacct: fatal: problem processing qos list\n"],
    [['extra'], 'sacct: error: Unknown arguments:\nsacct: error:  extra\n'],
    [['-c'], 'Slurm job completion is disabled\n'],
    [['--foo'], "sacct: unrecognized option '--foo'\n"],
  ];
  for (const [argv, stderr] of refusals) {
    it(`refuses ${argv.join(' ')}`, async () => {
      assert.deepEqual(await run(sacct, slurmOf('22.05', []), argv), { code: 1, stdout: '', stderr });
    });
  }
});
