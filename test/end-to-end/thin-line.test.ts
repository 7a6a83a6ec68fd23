import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type CcBackendClient, ccBackendClient, type SyncReport, syncOnce } from '@sluice/clustercockpit';
import { type HttpClient, httpClient, systemClock, systemProcesses } from '@sluice/io';
import { commandsConnector } from '@sluice/slurm';
import { type CcBackend, generateKeys, type JobRow, labCluster, labGpus, mintToken, startCcBackend } from '@sluice/standins';
import { type Lab, LabUnavailable } from '../lab/lab.ts';
import { labOrReason, until } from './on-lab.ts';

const lab = await labOrReason();

if (lab instanceof LabUnavailable) it('the thin line on a real Slurm', { skip: lab.message });
else describe(`the thin line on Slurm ${lab.release}`, () => thinLine(lab));

const oddName = 'a|b "c" \'d\' <&>\nJobId=1 JobName=forged\t☃';

function thinLine(lab: Lab): void {
  const clock = systemClock();
  const now = () => Math.floor(clock.now() / 1000);
  const began = now() - 60;
  const keys = generateKeys();
  let backend: CcBackend;
  let http: HttpClient;
  let client: CcBackendClient;
  let ids: { gpu: number; whole: number; odd: number; array: number; held: number };

  before(async () => {
    backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock });
    http = httpClient({ baseUrl: backend.url, env: {} });
    client = ccBackendClient(http, () => mintToken(keys, { name: 'sluice', roles: ['api'] }, now()));
    const submit = (user: 'alice' | 'bob', args: string[], body: string) =>
      lab.submit(user, ['-o', '/dev/null', ...args], `#!/bin/sh\n${body}\n`);
    ids = {
      gpu: await submit('alice', ['-p', 'gpu', '-w', 'gpu02', '--gres=gpu:a100:2', '-c4', '-t', '60', '-J', 'gpu'], 'sleep 600'),
      whole: await submit('bob', ['-w', 'node[01-02]', '-N2', '--exclusive', '-J', 'whole'], 'sleep 600; # whole'),
      odd: await submit('alice', ['-w', 'node03', '-n3', '-J', oddName], '# <&> "q"\nsleep 600'),
      array: await submit('bob', ['-w', 'node04', '-n1', '--array=1-2', '-J', 'array'], 'sleep 600'),
      held: await submit('bob', ['-H', '-J', 'held'], 'true'),
    };
    await until('five jobs run', async () => (await lab.ask('squeue', ['-h', '-t', 'R', '-o', '%A'])).split('\n').length === 5);
  });
  after(async () => {
    await http.close();
    await backend.stop();
    await lab.down();
  });

  function pass(): Promise<SyncReport> {
    const connector = commandsConnector({
      processes: systemProcesses(lab.env),
      clock,
      nonce: () => randomBytes(12).toString('hex'),
      user: 'root',
      binPath: lab.binPath(),
      conf: lab.conf,
    });
    const options = { from: began, to: now() + 1, gpuAddresses: [], privacy: { script: true, slurmInfo: true } };
    return client.clusters().then((clusters) => syncOnce(connector, client, { ...options, clusters }));
  }

  const row = (jobId: number): JobRow => {
    const found = backend.rows('job').filter((job) => job.job_id === jobId);
    assert.equal(found.length, 1, `job ${jobId} stands there ${found.length} times`);
    return found[0] as JobRow;
  };
  const resources = (job: JobRow) =>
    JSON.parse(job.resources) as { hostname: string; hwthreads: number[] | null; accelerators: string[] | null }[];
  const metaData = (job: JobRow) => JSON.parse(job.meta_data ?? 'null') as Record<string, string>;

  it('delivers the start of every running job, once', async () => {
    const report = await pass();
    assert.deepEqual([report.problems, report.failed, report.rejects], [[], [], []]);
    assert.equal(report.started.length, 5);
    assert.equal(report.skipped.get('not started'), 1);
    const cached = await pass();
    assert.deepEqual([cached.started.length, cached.there, cached.failed.length], [0, 5, 0], 'again, while they are only cached');
    backend.sync();
    const committed = await pass();
    assert.deepEqual([committed.started.length, committed.there, committed.failed.length], [0, 5, 0], 'again, after the commit');
    assert.equal(backend.rows('job').length, 5);
    assert.ok(backend.rows('job').every(({ job_state }) => job_state === 'running'));
  });

  it('names what a job holds on each node as cc-backend numbers it', async () => {
    const gpu = row(ids.gpu);
    assert.deepEqual([gpu.subcluster, gpu.num_acc, gpu.num_hwthreads, gpu.shared, gpu.walltime], ['gpu', 2, 4, 'multi_user', 3600]);
    const [held] = resources(gpu);
    const says = await lab.ask('scontrol', ['-d', 'show', 'job', String(ids.gpu)]);
    const [, cpus = '', indices = ''] = /CPU_IDs=([0-9,-]+).*IDX:([0-9,-]+)/.exec(says) ?? [];
    // Slurm's CPUs 2n and 2n+1 are the threads of core n, which the lab's kernel numbers n and n + 8.
    const expected = numbers(cpus).map((id) => Math.floor(id / 2) + (id % 2) * 8);
    assert.deepEqual([held?.hostname, held?.hwthreads], ['gpu02', expected.toSorted((a, b) => a - b)]);
    assert.deepEqual(
      held?.accelerators,
      numbers(indices).map((index) => labGpus[index]),
    );

    const whole = row(ids.whole);
    assert.deepEqual([whole.shared, whole.num_nodes, whole.num_hwthreads], ['none', 2, 32]);
    assert.deepEqual(
      resources(whole).map(({ hostname, hwthreads }) => [hostname, hwthreads?.length]),
      [
        ['node01', 16],
        ['node02', 16],
      ],
    );
  });

  it('keeps names and scripts as they are', async () => {
    const odd = row(ids.odd);
    assert.equal(odd.hpc_user, 'alice');
    assert.equal(metaData(odd)['jobName'], oddName);
    assert.equal(metaData(odd)['jobScript'], '#!/bin/sh\n# <&> "q"\nsleep 600\n');
    assert.match(metaData(odd)['slurmInfo'] ?? '', new RegExp(`JobId=${ids.odd} `));
    assert.deepEqual(backend.rows('job').filter(({ array_job_id }) => array_job_id === ids.array).length, 2);
  });

  it('delivers every end as Slurm says it, and none for what still runs', async () => {
    await lab.ask('scancel', [String(ids.gpu)]);
    await lab.ask('scancel', ['--signal=KILL', '--batch', String(ids.whole)]);
    await lab.ask('scancel', [`${ids.array}_1`]);
    await until('the ends are in accounting', async () => (await accounted()).filter(({ end }) => end !== 'Unknown').length === 3);
    const report = await pass();
    assert.deepEqual([report.problems, report.failed, report.rejects], [[], [], []]);
    assert.equal(report.stopped.length, 3);
    const again = await pass();
    assert.deepEqual([again.stopped.length, again.failed.length], [0, 0]);

    const rows = backend.rows('job');
    for (const { jobId, state, start, end } of await accounted()) {
      const job = row(jobId);
      assert.equal(job.start_time, Number(start));
      if (end === 'Unknown') assert.equal(job.job_state, 'running', `job ${jobId}`);
      else
        assert.deepEqual([job.job_state, job.duration], [state.split(' ')[0]?.toLowerCase(), Number(end) - Number(start)], `job ${jobId}`);
    }
    assert.equal(rows.filter(({ job_state }) => job_state === 'running').length, 2);
  });

  /** What accounting says, asked apart from the connector. */
  async function accounted(): Promise<{ jobId: number; state: string; start: string; end: string }[]> {
    const args = ['-n', '-X', '-P', '-a', '-S', `uts${began}`, '-E', 'now', '--format=JobIDRaw,State,Start,End'];
    const text = await lab.ask('sacct', args, { env: { SLURM_TIME_FORMAT: '%s' } });
    return text.split('\n').flatMap((line) => {
      const [jobId = '', state = '', start = '', end = ''] = line.split('|');
      return start === 'Unknown' ? [] : [{ jobId: Number(jobId), state, start, end }];
    });
  }
}

function numbers(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [low = 0, high = low] = range.split('-').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}
