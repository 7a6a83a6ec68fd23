import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, systemClock, systemProcesses } from '@sluice/io';
import { type CcBackend, generateKeys, type JobRow, labCluster, labGpus, mintToken, startCcBackend } from '@sluice/standins';
import { type Lab, LabUnavailable } from '../lab/lab.ts';
import { labOrReason, until } from './on-lab.ts';

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const lab = await labOrReason({ extraConf: 'AccountingStoreFlags=job_script,job_env' });

if (lab instanceof LabUnavailable) it('slurm-clusercockpit-sync.py on a real Slurm', { skip: lab.message });
else describe(`slurm-clusercockpit-sync.py on Slurm ${lab.release}`, () => syncOnLab(lab));

/** Its test cases are what the original gets wrong: hardware threads, a job id with two runs, an environment beyond ASCII. */
function syncOnLab(lab: Lab): void {
  const clock = systemClock();
  const keys = generateKeys();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sync-'));
  const config = join(folder, 'config.json');
  let backend: CcBackend;
  let ids: { gpu: number; threads: number; requeued: number };

  before(async () => {
    backend = await startCcBackend({ clusters: [labCluster('lab2026')], publicKey: keys.publicKey, clock });
    const submit = (args: string[]) => lab.submit('alice', ['-o', '/dev/null', ...args], '#!/bin/sh\nsleep 600\n');
    ids = {
      gpu: await submit(['-p', 'gpu', '-w', 'gpu02', '--gres=gpu:a100:2', '-c4', '--export=ALL,GRUSS=größe ☃,DB_PASSWORD=hunter2']),
      threads: await submit(['-w', 'node03', '-n3']),
      requeued: await submit(['-w', 'node04', '-n1', '--requeue']),
    };
    // One of the commands lies elsewhere, under another name.
    writeFileSync(join(folder, 'sacct-of-the-lab'), `#!/bin/sh\nexec ${join(lab.binPath(), 'sacct')} "$@"\n`, { mode: 0o755 });
    const slurm = {
      squeue: join(lab.binPath(), 'squeue'),
      scontrol: join(lab.binPath(), 'scontrol'),
      sacct: join(folder, 'sacct-of-the-lab'),
    };
    const apikey = mintToken(keys, { name: 'sluice', roles: ['api'] }, Math.floor(clock.now() / 1000));
    const settings = {
      clustername: 'lab2026',
      slurm: { ...slurm, state_save_location: '/nonexistent' },
      'cc-backend': { host: `${backend.url}/api`, apikey },
      accelerators: {},
      node_regex: '^((node|gpu)[\\d\\,\\-\\[\\]]+)+$',
      include_environment: true,
      requeued_jobs: 'replace',
    };
    writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
    await until('three jobs run', async () => (await running()).length === 3);
  });
  after(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true });
    await lab.down();
  });

  async function running(): Promise<readonly string[]> {
    return (await lab.ask('squeue', ['-h', '-t', 'R', '-o', '%A %S'], { env: { SLURM_TIME_FORMAT: '%s' } })).split('\n').filter(Boolean);
  }

  async function script(...args: readonly string[]): Promise<Finished & { readonly text: string }> {
    const program = { name: process.execPath, timeoutMs: 300_000, inherit: [], env: lab.env, maxOutputBytes: 1 << 24 };
    const line = ['--conditions=@sluice/source', main, '--as', 'slurm-clusercockpit-sync.py', '-c', config, ...args];
    const finished = await systemProcesses({}).run({ program, args: line });
    return { ...finished, text: finished.stdout.toString('utf8') };
  }

  const rowsOf = (jobId: number) => backend.rows('job').filter((row) => row.job_id === jobId);
  const resources = ({ resources }: JobRow) => JSON.parse(resources) as { hwthreads: number[]; accelerators: string[] | null }[];

  it('starts what runs, with the threads and devices that it holds and its environment', async () => {
    const { code, text, stderr } = await script('--debug');
    assert.equal(code, 0, text + stderr);
    assert.match(text, /^labcluster \(lab2026 in cc-backend\)\n {2}3 {2}running in Slurm\n {2}0 {2}running in cc-backend before\n/);
    assert.match(text, /^ {2}3 {2}started$/m);
    assert.equal(stderr.split('\n').filter((line) => /^start of job \d+, begun .*: sent$/.test(line)).length, 3);
    await backend.sync();
    for (const jobId of [ids.gpu, ids.threads]) {
      const says = await lab.ask('scontrol', ['-d', 'show', 'job', String(jobId)]);
      // Slurm's CPUs 2n and 2n+1 are the threads of core n, which the lab's kernel numbers n and n + 8.
      const expected = numbers(/CPU_IDs=([0-9,-]+)/.exec(says)?.[1]).map((id) => Math.floor(id / 2) + (id % 2) * 8);
      const [row] = rowsOf(jobId);
      assert.ok(row);
      assert.deepEqual(
        resources(row)[0]?.hwthreads,
        expected.toSorted((a, b) => a - b),
      );
      const devices = numbers(/IDX:([0-9,-]+)/.exec(says)?.[1]).map((index) => labGpus[index]);
      assert.deepEqual(resources(row)[0]?.accelerators ?? [], devices);
    }
    const info = (JSON.parse(rowsOf(ids.gpu)[0]?.meta_data ?? '{}') as { slurmInfo: string }).slurmInfo;
    assert.match(info, /^GRUSS=größe ☃$/m);
    assert.match(info, /^DB_PASSWORD=\[redacted\]$/m);
  });

  it('stops the ended run of a requeued job and starts the one that runs', async () => {
    await lab.ask('scancel', [String(ids.threads)]);
    await lab.ask('scontrol', ['requeue', String(ids.requeued)]);
    await until('it waits again', async () =>
      (await lab.ask('scontrol', ['show', 'job', String(ids.requeued)])).includes('JobState=PENDING'),
    );
    await until('it runs again, and accounting has both ends', async () => {
      const both = (await running()).length === 2 && (await ends()).size === 2;
      // While it is still completing slurmctld puts its begin two minutes ahead once more.
      if (!both) await lab.run('scontrol', ['update', `JobId=${ids.requeued}`, 'StartTime=now']);
      return both;
    });
    const [first] = rowsOf(ids.requeued);
    assert.ok(first);
    const stopped = await script('--direction', 'stop');
    assert.equal(stopped.code, 0, stopped.text + stopped.stderr);
    assert.match(stopped.text, /^ {2}2 {2}stopped$/m);
    for (const jobId of [ids.threads, ids.requeued]) {
      const [row] = rowsOf(jobId);
      assert.ok(row);
      assert.deepEqual([row.job_state, row.start_time + row.duration], ['cancelled', (await ends()).get(`${jobId}/${row.start_time}`)]);
    }
    const started = await script('--direction=start');
    assert.equal(started.code, 0, started.text + started.stderr);
    await backend.sync();
    const now = rowsOf(ids.requeued).map(({ job_state, start_time }) => `${job_state} ${ids.requeued} ${start_time}`);
    assert.deepEqual(
      now,
      (await running()).filter((line) => line.startsWith(`${ids.requeued} `)).map((line) => `running ${line}`),
    );
    assert.ok(rowsOf(ids.requeued)[0]?.start_time !== first.start_time);
  });

  it('finds all in step then', async () => {
    const { code, text } = await script();
    assert.equal(code, 0, text);
    assert.match(text, /^ {2}2 {2}running in Slurm\n {2}2 {2}running in cc-backend before\n {2}0 {2}stopped\n {2}0 {2}started$/m);
  });

  /** Ends by `id/start`, as accounting says, asked apart from the connector. */
  async function ends(): Promise<ReadonlyMap<string, number>> {
    const args = ['-n', '-X', '-P', '-D', '-j', Object.values(ids).join(), '--format=JobIDRaw,Start,End'];
    const text = await lab.ask('sacct', args, { env: { SLURM_TIME_FORMAT: '%s' } });
    const rows = text.split('\n').map((line) => line.split('|'));
    return new Map(rows.filter(([, , end]) => end !== 'Unknown').map(([id, start, end]) => [`${id}/${start}`, Number(end)]));
  }
}

function numbers(ranges = ''): number[] {
  return ranges.split(',').flatMap((range) => {
    if (range === '') return [];
    const [low = 0, high = low] = range.split('-').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}
