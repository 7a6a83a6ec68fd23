import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Finished, systemClock, systemProcesses } from '@sluice/io';
import { hookScript } from './hook-script.ts';
import { openSpool } from './spool.ts';

const processes = systemProcesses(process.env);
const releases = ['22.05', '23.11', '24.11', '25.05', '26.05'] as const;
/** As `#!/bin/sh` starts it where sh is dash, and where it is bash. */
const shells = [['/bin/sh'], ['/bin/bash', '--posix']].filter(([shell = '']) => existsSync(shell));
const isRoot = process.getuid?.() === 0;

type Environment = Readonly<Record<string, string>>;

function recorded(release: string): Readonly<Record<string, Environment>> {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'recordings', `${release}.json`), 'utf8'));
}

/** A spool and the script that writes it, in a directory with the characters that a shell minds. */
function place(t: TestContext, maxEvents?: number): { readonly spool: string; readonly script: string } {
  const directory = mkdtempSync(join(tmpdir(), "sluice hook's $x-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  chmodSync(directory, 0o755);
  const spool = join(directory, 'spool');
  const script = join(directory, 'hook.sh');
  mkdirSync(spool, { mode: 0o2770 });
  writeFileSync(script, hookScript({ spool, ...(maxEvents === undefined ? {} : { maxEvents }) }), { mode: 0o755 });
  return { spool, script };
}

/** Runs a program with the environment and nothing else, as slurmctld does. */
function bare(environment: Environment, name: string, ...args: readonly string[]): Promise<Finished> {
  return processes.run({ program: { name, timeoutMs: 120_000, inherit: [], env: environment, maxOutputBytes: 65_536 }, args });
}

function assertSilentSuccess(ended: Finished): void {
  assert.deepEqual(
    { code: ended.code, signal: ended.signal, stdout: ended.stdout.toString(), stderr: ended.stderr },
    { code: 0, signal: null, stdout: '', stderr: '' },
  );
}

const prolog: Environment = {
  SLURM_JOB_ID: '42',
  SLURM_CLUSTER_NAME: 'lab',
  SLURM_SCRIPT_CONTEXT: 'prolog_slurmctld',
  SLURM_JOB_START_TIME: '1795253896',
  SLURM_JOB_RESTART_COUNT: '0',
};

for (const shell of shells) {
  const name = shell.join(' ');
  const hook = (environment: Environment, script: string) => bare(environment, ...(shell as [string]), script);

  for (const release of releases) {
    test(`${name}: each hook that Slurm ${release} ran is an event`, async (t) => {
      const { spool, script } = place(t);
      for (const [which, environment] of Object.entries(recorded(release))) {
        const before = Date.now();
        assertSilentSuccess(await hook(environment, script));
        const reader = openSpool({ path: spool, clock: systemClock() });
        const { events, refused } = reader.read(10);
        assert.deepEqual(refused, [], which);
        assert.equal(events.length, 1, which);
        const kind = which.endsWith('epilog-ctld') ? 'end' : 'start';
        const number = (variable: string) => (environment[variable] === undefined ? null : Number(environment[variable]));
        const [{ event, file } = assert.fail()] = events;
        assert.ok(event.seenMs >= before - 1000 && event.seenMs <= Date.now() + 1000, which);
        assert.deepEqual(event, {
          kind,
          cluster: 'labcluster',
          jobId: Number(environment['SLURM_JOB_ID']),
          start: number('SLURM_JOB_START_TIME'),
          end: kind === 'end' ? number('SLURM_JOB_END_TIME') : null,
          restarts: number('SLURM_JOB_RESTART_COUNT'),
          seenMs: event.seenMs,
          source: 'spool',
        });
        const text = readFileSync(join(spool, file), 'utf8');
        assert.doesNotMatch(text, /JOB_NAME|COMMENT|WORK_DIR|STDOUT|JOB_USER|ACCOUNT|NODELIST/, which);
        assert.match(text, /^([A-Z0-9_]+=[!-~]+\n)+END\n$/, which);
        assert.deepEqual(reader.remove([file]), []);
      }
    });
  }

  test(`${name}: it starts no program but date and mv`, async (t) => {
    const { spool, script } = place(t);
    await hook(prolog, script);
    const programs = join(spool, '..', 'programs');
    mkdirSync(programs);
    const traced = join(spool, '..', 'traced.sh');
    for (const program of ['date', 'mv', 'mkdir', 'rm', 'scontrol', 'sacct', 'squeue']) {
      writeFileSync(join(programs, program), `#!/bin/sh\necho ${program} >>"\${0%/*}/started"\nexec /bin/${program} "$@"\n`, {
        mode: 0o755,
      });
    }
    writeFileSync(traced, hookScript({ spool, path: programs }), { mode: 0o755 });
    assertSilentSuccess(await hook(prolog, traced));
    // When the day has changed in between, its directory had to be made.
    const days = readdirSync(spool).filter((name) => /^\d{8}$/.test(name)).length;
    assert.equal(readFileSync(join(programs, 'started'), 'utf8'), days === 1 ? 'date\nmv\n' : 'date\nmkdir\nmv\n');
    assert.equal(openSpool({ path: spool, clock: systemClock() }).depth().files, 2);
  });

  test(`${name}: a missing spool, or a file in its place, costs nothing`, async (t) => {
    const { spool, script } = place(t);
    rmSync(spool, { recursive: true });
    assertSilentSuccess(await hook(prolog, script));
    assert.equal(existsSync(spool), false);
    writeFileSync(spool, 'not a directory');
    assertSilentSuccess(await hook(prolog, script));
  });

  test(`${name}: a spool that may not be written costs nothing`, {
    skip: isRoot ? false : 'only root can become another user',
  }, async (t) => {
    const { spool, script } = place(t);
    const unprivileged = ['--reuid=65534', '--regid=65534', '--clear-groups', ...shell, script];
    chmodSync(spool, 0o700);
    assertSilentSuccess(await bare({ ...prolog, PATH: '/usr/bin:/bin' }, 'setpriv', ...unprivileged));
    chmodSync(spool, 0o755);
    assertSilentSuccess(await bare({ ...prolog, PATH: '/usr/bin:/bin' }, 'setpriv', ...unprivileged));
    assert.deepEqual(readdirSync(spool), []);
    chownSync(spool, 65_534, 65_534);
    assertSilentSuccess(await bare({ ...prolog, PATH: '/usr/bin:/bin' }, 'setpriv', ...unprivileged));
    assert.equal(openSpool({ path: spool, clock: systemClock() }).read(5).events.length, 1);
  });

  test(`${name}: what cannot be written is no event and leaves the mark`, async (t) => {
    const { spool, script } = place(t);
    const reader = openSpool({ path: spool, clock: systemClock() });
    assert.equal(reader.fullSince(), null);
    assertSilentSuccess(await bare(prolog, '/bin/sh', '-c', 'ulimit -f 0; exec "$@"', 'sh', ...shell, script));
    assert.equal(reader.depth().files, 0);
    assert.ok(Math.abs((reader.fullSince() ?? 0) - Date.now()) < 60_000);
    reader.clearFull();
    assert.equal(reader.fullSince(), null);
  });

  test(`${name}: links and FIFOs in the place of its marks are neither followed nor waited for`, async (t) => {
    const { spool, script } = place(t);
    const victim = join(spool, '..', 'victim');
    writeFileSync(victim, 'kept');
    for (const mark of ['bell', 'full']) symlinkSync(victim, join(spool, mark));
    assertSilentSuccess(await hook(prolog, script));
    rmSync(join(spool, 'bell'));
    const fifo = async (mark: string) => assert.equal((await bare({ PATH: '/usr/bin:/bin' }, 'mkfifo', join(spool, mark))).code, 0);
    await fifo('bell');
    assertSilentSuccess(await hook({ ...prolog, SLURM_JOB_ID: '43' }, script));
    assert.equal(openSpool({ path: spool, clock: systemClock() }).depth().files, 2);
    rmSync(join(spool, 'written'));
    await fifo('written');
    assertSilentSuccess(await hook({ ...prolog, SLURM_JOB_ID: '44' }, script));
    assert.equal(readFileSync(victim, 'utf8'), 'kept');
  });

  test(`${name}: when as many events wait as may, further ones are dropped and marked until the reader has made room`, async (t) => {
    const { spool, script } = place(t, 8192);
    const reader = openSpool({ path: spool, clock: systemClock() });
    assertSilentSuccess(await hook(prolog, script));
    truncateSync(join(spool, 'written'), 8191);
    assertSilentSuccess(await hook(prolog, script));
    assert.equal(reader.fullSince(), null);
    assertSilentSuccess(await hook(prolog, script));
    assert.notEqual(reader.fullSince(), null);
    assert.equal(reader.depth().files, 2);
    assert.equal(statSync(join(spool, 'written')).size, 8192);

    const { events } = reader.read(10);
    reader.remove(events.map(({ file }) => file));
    reader.read(10);
    assertSilentSuccess(await hook(prolog, script));
    assert.equal(reader.depth().files, 1);
  });

  test(`${name}: what is no hook of slurmctld, or names no job, writes nothing`, async (t) => {
    const { spool, script } = place(t);
    const strange: readonly Environment[] = [
      {},
      { ...prolog, SLURM_SCRIPT_CONTEXT: 'prolog_slurmd' },
      { ...prolog, SLURM_JOB_ID: '' },
      { ...prolog, SLURM_JOB_ID: '../../x' },
      { ...prolog, SLURM_JOB_ID: '12345678901' },
      { ...prolog, SLURM_JOB_ID: '$(touch x)' },
    ];
    for (const environment of strange) assertSilentSuccess(await hook(environment, script));
    assert.deepEqual(readdirSync(spool), []);
  });

  test(`${name}: values that Slurm would not write are left out`, async (t) => {
    const { spool, script } = place(t);
    const environment = {
      ...prolog,
      SLURM_JOB_START_TIME: '1\nSLURM_JOB_ID=7\nEND',
      SLURM_JOB_END_TIME: 'x'.repeat(257),
      SLURM_JOB_EXIT_CODE: 'x'.repeat(256),
      SLURM_ARRAY_TASK_ID: 'ü',
      SLURM_ARRAY_JOB_ID: '*',
      IFS: '0123456789',
      ENV: '/etc/passwd',
    };
    assertSilentSuccess(await hook(environment, script));
    const [{ event, file } = assert.fail()] = openSpool({ path: spool, clock: systemClock() }).read(5).events;
    assert.equal(event.jobId, 42);
    assert.equal(event.start, null);
    assert.deepEqual(readFileSync(join(spool, file), 'utf8').split('\n'), [
      'SLURM_JOB_ID=42',
      'SLURM_CLUSTER_NAME=lab',
      'SLURM_SCRIPT_CONTEXT=prolog_slurmctld',
      'SLURM_JOB_RESTART_COUNT=0',
      `SLURM_JOB_EXIT_CODE=${'x'.repeat(256)}`,
      'SLURM_ARRAY_JOB_ID=*',
      'END',
      '',
    ]);
  });

  test(`${name}: a date that knows no nanoseconds, and programs that are missing or fail`, async (t) => {
    const { spool, script } = place(t);
    const programs = join(spool, '..', 'programs');
    mkdirSync(programs);
    writeFileSync(script, hookScript({ spool, path: programs }), { mode: 0o755 });
    assertSilentSuccess(await hook(prolog, script));
    assert.deepEqual(readdirSync(spool), ['written']);

    writeFileSync(join(programs, 'date'), '#!/bin/sh\necho 20260102 1767323045 N\n', { mode: 0o755 });
    writeFileSync(join(programs, 'mkdir'), '#!/bin/sh\nexec /bin/mkdir "$@"\n', { mode: 0o755 });
    writeFileSync(join(programs, 'mv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    assertSilentSuccess(await hook(prolog, script));
    assert.ok(existsSync(join(spool, 'full')));

    writeFileSync(join(programs, 'mv'), '#!/bin/sh\nexec /bin/mv "$@"\n', { mode: 0o755 });
    assertSilentSuccess(await hook(prolog, script));
    const [{ event, file } = assert.fail()] = openSpool({ path: spool, clock: systemClock() }).read(5).events;
    assert.equal(event.seenMs, 1_767_323_045_000);
    assert.match(file, /^20260102\/1767323045\.000000000\.42\.prolog\.\d+\.event$/);
  });
}

test('what the script makes is open to the group and to nobody else', async (t) => {
  const { spool, script } = place(t);
  chmodSync(spool, 0o2770);
  await bare(prolog, '/bin/sh', script);
  const [{ file } = assert.fail()] = openSpool({ path: spool, clock: systemClock() }).read(5).events;
  const mode = (path: string) => statSync(join(spool, path)).mode & 0o7777;
  assert.equal(mode(file.slice(0, 8)), 0o2770);
  assert.equal(mode(file), 0o660);
  assert.equal(mode('written'), 0o660);
  assert.equal(mode('bell'), 0o660);
});

test('a full disk takes no event, leaves nothing half-written and is marked', {
  skip: isRoot ? false : 'mounting needs root',
}, async (t) => {
  const { spool, script } = place(t);
  const mounted = await bare({ PATH: '/usr/bin:/bin' }, 'mount', '-t', 'tmpfs', '-o', 'size=64k,mode=2770', 'tmpfs', spool).catch(
    () => null,
  );
  if (mounted?.code !== 0) return t.skip('no file system can be mounted here');
  try {
    await assertFullDisk(spool, script);
  } finally {
    await bare({ PATH: '/usr/bin:/bin' }, 'umount', '-l', spool);
  }
});

async function assertFullDisk(spool: string, script: string): Promise<void> {
  const reader = openSpool({ path: spool, clock: systemClock() });
  assertSilentSuccess(await bare(prolog, '/bin/sh', script));
  writeFileSync(join(spool, 'full'), '');
  reader.clearFull();
  assert.throws(() => writeFileSync(join(spool, 'filler'), Buffer.alloc(256 * 1024)), { code: 'ENOSPC' });
  for (let round = 0; round < 3; round += 1) assertSilentSuccess(await bare(prolog, '/bin/sh', script));
  assert.equal(reader.depth().files, 1);
  assert.deepEqual(reader.read(10).refused, []);
  assert.notEqual(reader.fullSince(), null);
  const [day = ''] = readdirSync(spool).filter((name) => /^\d{8}$/.test(name));
  assert.equal(readdirSync(join(spool, day)).length, 1);
  rmSync(join(spool, 'filler'));
  assertSilentSuccess(await bare(prolog, '/bin/sh', script));
  assert.equal(reader.depth().files, 2);
}

test('a hook that is ended in the middle leaves no false event', async (t) => {
  const { spool, script } = place(t);
  const programs = join(spool, '..', 'programs');
  mkdirSync(programs);
  const slow = join(spool, '..', 'slow.sh');
  writeFileSync(slow, hookScript({ spool, path: programs }), { mode: 0o755 });
  writeFileSync(join(programs, 'mkdir'), '#!/bin/sh\nexec /bin/mkdir "$@"\n', { mode: 0o755 });
  writeFileSync(join(programs, 'date'), '#!/bin/sh\nexec /bin/date "$@"\n', { mode: 0o755 });
  for (const [signal, code] of [
    ['TERM', 0],
    ['KILL', null],
  ] as const) {
    // $PPID of the stand-in for mv is the script: it is hit after the event is written and before it is renamed.
    writeFileSync(join(programs, 'mv'), `#!/bin/sh\nkill -${signal} $PPID\nexit 1\n`, { mode: 0o755 });
    const ended = await bare(prolog, '/bin/sh', slow);
    assert.equal(ended.code, code, signal);
  }
  const reader = openSpool({ path: spool, clock: systemClock() });
  assert.deepEqual(reader.read(10), { state: 'ready', events: [], refused: [] });
  assertSilentSuccess(await bare(prolog, '/bin/sh', script));
  assert.equal(reader.read(10).events.length, 1);
});

test('hundreds of hooks at once are as many events', async (t) => {
  const { spool, script } = place(t);
  const burst = `i=0; while [ $i -lt 300 ]; do i=$((i+1)); SLURM_JOB_ID=$i "$0" & SLURM_SCRIPT_CONTEXT=epilog_slurmctld SLURM_JOB_ID=$i "$0" & done; wait`;
  const ended = await processes.run({
    program: { name: '/bin/sh', timeoutMs: 300_000, inherit: [], env: prolog, maxOutputBytes: 65_536 },
    args: ['-c', burst, script],
  });
  assert.equal(ended.stderr, '');
  const reader = openSpool({ path: spool, clock: systemClock(), window: 64 });
  assert.equal(reader.depth().files, 600);
  assert.equal(statSync(join(spool, 'written')).size, 600);
  const seen = new Set<string>();
  for (let batch = reader.read(90); batch.events.length > 0; batch = reader.read(90)) {
    assert.deepEqual(batch.refused, []);
    for (const { event } of batch.events) seen.add(`${event.kind} ${event.jobId}`);
    reader.remove(batch.events.map(({ file }) => file));
  }
  assert.equal(seen.size, 600);
  assert.ok(statSync(join(spool, 'written')).size < 512);
});

test('a spool that is no absolute path is refused', () => {
  for (const spool of ['', 'spool', '/x\ny']) assert.throws(() => hookScript({ spool }), { code: 'config.invalid' });
});
