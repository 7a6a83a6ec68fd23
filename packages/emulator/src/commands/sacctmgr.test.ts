import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { jobRow } from '../accounting/accounting.fixture.ts';
import { Accounting } from '../accounting/accounting.ts';
import { labSpec } from '../config/lab-spec.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { JobRow, Slurmdbd } from '../model/slurmdbd.ts';
import { openStore } from '../store/store.ts';
import { type Answered, recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sacctmgr } from './sacctmgr.ts';
import { acceptedDifferences } from './sacctmgr-differences.fixture.ts';

interface Recorded {
  readonly as: 'root' | 'bob';
  readonly argv: readonly string[];
  readonly stdin: string;
  /** Null: it was stopped. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const directory = new URL('recordings/sacctmgr/', import.meta.url);
const people = { root: { uid: 0, gid: 0, user: 'root', group: 'root' }, bob: { uid: 1002, gid: 1002, user: 'bob', group: 'bob' } };

/** What differs with the moment, and with where the lab was. */
function bare(text: string): string {
  return (
    text
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, 'T')
      .replace(/mod_time=\d+/g, 'mod_time=T')
      .replace(/\b(control_port|last_port)=\d+/g, '$1=P')
      .replace(/\|(?:1[78]\d\d\d|6817)\|/g, '|P|')
      .replace(/ +(?:1[78]\d\d\d|6817) /g, ' P ')
      .replace(/job_db_inx=\d+/g, 'job_db_inx=N')
      .replace(/^slurm(?:-wlm)? \S+/, 'slurm')
      // A change that was not committed has used up a number.
      .replace(/\b(id|id_assoc|id_parent)=('?)\d+/g, '$1=$2N')
  );
}

/** 22.05 lists what is below an association in the order of its table, which is that of additions backwards. */
function compared(text: string, release: string): string {
  return release === '22.05' ? bare(text).split('\n').toSorted().join('\n') : bare(text);
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
}

interface Bench {
  readonly slurm: EmulatedSlurm;
  readonly accounting: Accounting;
  close(): void;
}

/** The lab as it is when it is new, with one job. */
function lab(release: string, isKnown?: (row: JobRow) => boolean): Bench {
  const store = openStore(':memory:');
  const spec = labSpec(release);
  const accounting = new Accounting({ store, spec, now: () => 1_795_253_870, ...(isKnown === undefined ? {} : { isKnown }) });
  accounting.receive({ kind: 'job', row: jobRow({ dbIndex: '1', jobId: 1 }) });
  const database = new Proxy(accounting, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as Slurmdbd;
  const slurm = recordedSlurm({ release: spec.release, now: accounting.now(), database, spec });
  return { slurm, accounting, close: () => store.close() };
}

/** All calls of a recording one after the other; those that are answered otherwise. */
async function replay(release: string): Promise<readonly { readonly recorded: Recorded; readonly answered: Answered }[]> {
  const { calls } = JSON.parse(gunzipSync(readFileSync(new URL(`${release}.json.gz`, directory))).toString('utf8')) as {
    calls: readonly Recorded[];
  };
  const { slurm, close } = lab(release);
  const different: { readonly recorded: Recorded; readonly answered: Answered }[] = [];
  for (const recorded of calls) {
    const answered = await run(sacctmgr, slurm, recorded.argv.slice(1), { as: people[recorded.as], stdin: bytes(recorded.stdin) });
    const same =
      (recorded.code === null || recorded.code === answered.code) &&
      (recorded.code === null || compared(recorded.stdout, release) === compared(answered.stdout, release)) &&
      bare(recorded.stderr) === bare(answered.stderr);
    if (!same) different.push({ recorded, answered });
  }
  close();
  return different;
}

for (const file of readdirSync(directory)) {
  const release = file.replace('.json.gz', '');
  test(`sacctmgr answers as that of ${release} did, but for ${acceptedDifferences[release]?.length} of its calls`, async () => {
    const different = await replay(release);
    const accepted = new Set((acceptedDifferences[release] ?? []).map(({ call }) => call));
    const asked = ({ recorded }: (typeof different)[number]): string => recorded.argv.slice(1).join(' ');
    const others = different.filter((one) => !accepted.has(asked(one)));
    assert.deepEqual(
      others.map(({ answered }) => answered),
      others.map(({ recorded: { code, stdout, stderr } }) => ({ code, stdout, stderr })),
      `${others.map(asked).join('\n')}`,
    );
    const gone = [...accepted].filter((call) => !different.some((one) => asked(one) === call));
    assert.deepEqual(gone, [], 'accepted, but the same by now');
  });
}

const shown = new URL('recordings/sacctmgr-shown/', import.meta.url);

for (const file of readdirSync(shown)) {
  const release = file.replace('.json', '');
  test(`sacctmgr shows of the lab what that of ${release} did`, async (t) => {
    const { calls } = JSON.parse(readFileSync(new URL(file, shown), 'utf8')) as { calls: readonly Pick<Recorded, 'argv' | 'stdout'>[] };
    const { slurm, close } = lab(release);
    t.after(close);
    assert.ok(calls.length > 9);
    for (const { argv, stdout } of calls) {
      const answered = await run(sacctmgr, slurm, argv);
      assert.deepEqual([answered.code, answered.stderr], [0, ''], argv.join(' '));
      assert.equal(compared(answered.stdout, release), compared(stdout, release), argv.join(' '));
    }
  });
}

test('what is shown can be asked for as JSON', async (t) => {
  const { slurm, close } = lab('24.11');
  t.after(close);
  const json = async (...argv: readonly string[]): Promise<Record<string, readonly unknown[]>> => {
    const answered = await run(sacctmgr, slurm, ['--json', 'show', ...argv]);
    assert.equal(answered.code, 0, answered.stderr);
    return JSON.parse(answered.stdout);
  };
  assert.equal((await json('user'))['users']?.length, 3);
  assert.equal((await json('user', 'alice'))['users']?.length, 1);
  assert.equal((await json('account'))['accounts']?.length, 3);
  assert.equal((await json('assoc', 'account=chem'))['associations']?.length, 3);
  assert.equal((await json('qos'))['qos']?.length, 2);
  assert.equal((await json('cluster'))['clusters']?.length, 1);
  assert.equal((await json('tres'))['TRES']?.length, 12);
  const old = lab('22.05');
  t.after(old.close);
  const { code, stderr } = await run(sacctmgr, old.slurm, ['--json', 'show', 'user']);
  assert.deepEqual([code, stderr.split('\n')[0]], [1, "sacctmgr: unrecognized option '--json'"]);
});

const configs = new URL('recordings/sacctmgr-config/', import.meta.url);

for (const file of readdirSync(configs)) {
  const release = file.replace('.txt', '');
  test(`show config has the settings of ${release}, in their order`, async (t) => {
    const { slurm, close } = lab(release);
    t.after(close);
    // Where things lie and which release it is differs; the lab has longer time-outs.
    const alike = (text: string): string =>
      bare(text)
        .replace(/ = (?:\S*\/(?:lab|etc|var|lib)\/\S*|\d+\.\d+\.\d+|\d+ secs?|\d{4,5}|NO_CONF_HASH|auth\/jwt|\(null\))$/gm, ' = …')
        .replace(/ = \S+=\S+$/gm, ' = …');
    const { code, stdout } = await run(sacctmgr, slurm, ['show', 'config']);
    assert.equal(code, 0);
    assert.equal(alike(stdout), alike(readFileSync(new URL(file, configs), 'utf8')));
  });
}

test('whoever has jobs that have not ended is not removed', async (t) => {
  const { slurm, accounting, close } = lab('24.11');
  t.after(close);
  const associationId = accounting.association({ user: 'bob', account: 'chem', partition: '' })?.id ?? assert.fail();
  accounting.receive({
    kind: 'job',
    row: jobRow({ dbIndex: '3', jobId: 3, user: 'bob', account: 'chem', associationId, state: 'RUNNING', end: null }),
  });
  const refused = {
    code: 1,
    stdout: '',
    stderr:
      ' Error with request: Job(s) active, cancel job(s) before remove\n  JobID = 3          C = labcluster A = chem       U = bob      \n',
  };
  for (const words of ['user bob', 'user where name=bob account=chem', 'account chem', 'account where name=chem cluster=labcluster']) {
    assert.deepEqual(await run(sacctmgr, slurm, ['-i', 'remove', ...words.split(' ')]), refused, words);
  }
  assert.equal((await run(sacctmgr, slurm, ['-i', 'remove', 'user', 'alice', 'account=chem'])).code, 0);
});

test('jobs that have run away are shown, and ended by whoever agrees', async (t) => {
  const { slurm, accounting, close } = lab('24.11', () => false);
  t.after(close);
  for (const jobId of [7, 8]) {
    accounting.receive({ kind: 'job', row: jobRow({ dbIndex: String(jobId), jobId, state: 'RUNNING', end: null }) });
  }
  const ids = async (stdin: string): Promise<readonly string[]> => {
    const { stdout } = await run(sacctmgr, slurm, ['-n', '-P', 'show', 'runawayjobs', 'format=ID'], { stdin: bytes(stdin) });
    return stdout.split('\n').filter((line) => /^\d+$/.test(line));
  };
  const { stdout } = await run(sacctmgr, slurm, ['show', 'runawayjobs'], { stdin: bytes('n\n') });
  const [note, head, , row] = stdout.split('\n');
  assert.equal(
    note,
    "NOTE: Runaway jobs are jobs that don't exist in the controller but have a start time and no end time in the database",
  );
  assert.equal(
    head,
    'ID                 Name  Partition    Cluster      State          TimeSubmit           TimeStart             TimeEnd ',
  );
  assert.match(row ?? '', /^7 {19}job {8}cpu labcluster {4}RUNNING 1970-01-01T00:16:40 1970-01-01T00:16:40 {13}Unknown $/);
  assert.match(stdout, /the runaway jobs\.\)\n\n \(You have 30 seconds to decide\)\n\(N\/y\): \nChanges Discarded\n$/);
  assert.deepEqual(await ids('n\n'), ['7', '8']);
  assert.deepEqual(await ids('y\n'), ['7', '8']);
  assert.deepEqual(await ids(''), []);
  assert.deepEqual([accounting.jobRow('7')?.state, accounting.jobRow('7')?.end], ['COMPLETED', 1000]);
});

test('a new user gets an association with the default account, too', async (t) => {
  const { slurm, accounting, close } = lab('24.11');
  t.after(close);
  assert.equal((await run(sacctmgr, slurm, ['-i', 'add', 'user', 'carol', 'account=chem', 'DefaultAccount=physics'])).code, 0);
  assert.equal(accounting.defaultAccount('carol'), 'physics');
  assert.deepEqual(
    accounting.associations().flatMap(({ account, user }) => (user === 'carol' ? [account] : [])),
    ['chem', 'physics'],
  );
});
