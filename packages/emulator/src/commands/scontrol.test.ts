import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Unreachable } from './command.ts';
import { fullRelease, recordedJobs, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedNodes, recordedPartitions } from './recorded-nodes.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { scontrol } from './scontrol.ts';

function slurmOf(release: string) {
  return recordedSlurm({
    release: fullRelease(release),
    now: 1_795_253_905,
    jobs: recordedJobs(release),
    controller: { nodes: () => recordedNodes(release), partitions: () => recordedPartitions(release) },
  });
}

async function* lines(...given: readonly string[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(given.map((line) => `${line}\n`).join(''));
}

describe('scontrol', () => {
  const slurm = slurmOf('22.05');

  // What Slurm 22.05.8 said, and the recordings of all releases.
  const refusals: readonly (readonly [argv: string, stderr: string, stdout?: string])[] = [
    ['show nosuch', 'invalid entity:nosuch for keyword:show \n'],
    ['show', 'too few arguments for keyword:show\n'],
    ['nosuch', 'invalid keyword: nosuch\n'],
    ['show job 999999', 'slurm_load_jobs error: Invalid job id specified\n'],
    ['show job a', 'scontrol_print_job error: Invalid job id specified\n'],
    ['show node nosuch', '', 'Node nosuch not found\n'],
    ['show partition nosuch', '', 'Partition nosuch not found\n'],
    ['show reservation nosuch', '', 'Reservation nosuch not found\n'],
    ['show step 999.0', 'slurm_get_job_steps error: Invalid job id specified\n'],
    ['update', 'too few arguments for update keyword\n'],
    ['update jobid=5 nosuch=3', 'Update of this parameter is not supported: nosuch=3\nRequest aborted\n'],
    ['write batch_script 999 -', 'job script retrieval failed: Invalid job id specified\n'],
    ['--json show job', 'scontrol: unrecognized option \'--json\'\nTry "scontrol --help" for more information\n'],
  ];
  for (const [argv, stderr, stdout = ''] of refusals) {
    it(`refuses ${argv}`, async () => {
      assert.deepEqual(await run(scontrol, slurm, argv.split(' ')), { code: 1, stderr, stdout });
    });
  }

  // Slurm 22.05.8 here, and the recordings of the others.
  it('expands host lists as far as the release does, and fails with 0 over one that it does not take', async () => {
    const hostnames = (list: string, release = '22.05') => run(scontrol, slurmOf(release), ['show', 'hostnames', list]);
    assert.deepEqual(await hostnames('a[0-1]b[08-09]'), { code: 0, stderr: '', stdout: 'a0b08\na0b09\na1b08\na1b09\n' });
    assert.deepEqual(await hostnames('n1,x[1,3]y'), { code: 0, stderr: 'Invalid hostlist: n1,x[1,3]y\n', stdout: '' });
    assert.deepEqual(await hostnames('n1,x[1,3]y', '23.11'), { code: 0, stderr: '', stdout: 'n1\nx1y\nx3y\n' });
    const refused = "scontrol: error: _parse_single_range: Invalid range: `5-3'\nInvalid hostlist: a[5-3],b[x]\n";
    assert.deepEqual(await hostnames('a[5-3],b[x]'), { code: 0, stderr: refused, stdout: '' });
    const tooMany = "scontrol: error: _parse_single_range: Too many hosts in range `1-100000000'\nInvalid hostlist: a[1-100000000]\n";
    const hostlist = await run(scontrol, slurm, ['show', 'hostlist', 'a[1-100000000]']);
    assert.deepEqual(hostlist, { code: 1, stderr: tooMany, stdout: '' });
  });

  it('reads commands from its stdin, says each again and goes on after a failure', async () => {
    const stdin = lines('show hostnames node[1-2]', 'show job 999', 'foo', '', 'version', 'quit', 'version');
    const answer = await run(scontrol, slurm, ['-o'], { stdin });
    assert.deepEqual(answer, {
      code: 1,
      stderr: 'slurm_load_jobs error: Invalid job id specified\ninvalid keyword: foo\n',
      stdout: [
        'scontrol: show hostnames node[1-2]\nnode1\nnode2\n',
        'scontrol: show job 999\n',
        'scontrol: foo\n',
        'scontrol: \n',
        'scontrol: version\nslurm 22.05.8\n',
        'scontrol: quit\n',
      ].join(''),
    });
    const ended = await run(scontrol, slurm, [], { stdin: lines('show hostnames abc') });
    assert.deepEqual(ended, { code: 0, stderr: '', stdout: 'scontrol: show hostnames abc\nabc\nscontrol: \n' });
  });

  it('answers a line as soon as it has it', async () => {
    const written: string[] = [];
    const next = Promise.withResolvers<void>();
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('show hostnames a[1-2]\n');
      await next.promise;
    }
    const answer = scontrol({
      slurm,
      argv: [],
      env: {},
      cwd: '/',
      as: { uid: 0, gid: 0, user: 'root', group: 'root' },
      stdin: slowly(),
      signal: new AbortController().signal,
      out: (text) => {
        written.push(`${text}`);
        if (written.join('').endsWith('a2\nscontrol: ')) next.resolve();
      },
      err: () => {},
      controller: async () => slurm.controller,
      database: async () => slurm.database,
    });
    assert.equal(await answer, 0);
  });

  it('goes on when slurmctld does not answer one of its questions', async () => {
    const answer = await run(scontrol, slurm, [], {
      stdin: lines('show job', 'show hostnames a'),
      controller: async () => {
        throw new Unreachable('slurmctld', 'refused');
      },
    });
    assert.equal(answer.code, 1);
    assert.equal(answer.stdout, 'scontrol: show job\nscontrol: show hostnames a\na\nscontrol: \n');
    assert.equal(answer.stderr, 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n');
  });

  for (const release of releases) {
    it(`finds the jobs of an array in the order of ${release}, and folds hosts as it does`, async () => {
      const there = slurmOf(release);
      const { stdout } = await run(scontrol, there, ['-d', 'show', 'job', '17']);
      assert.deepEqual(
        [...stdout.matchAll(/^JobId=(\d+)/gm)].map(([, id]) => Number(id)),
        [17, 38, 37, 36, 35, 34, 33, 32],
      );
      const hosts = 'node04,node01,node02,gpu01,node03,gpu02';
      assert.equal((await run(scontrol, there, ['show', 'hostlist', hosts])).stdout, recording(release, 'final-show-hostlist'));
      assert.equal((await run(scontrol, there, ['show', 'hostlistsorted', hosts])).stdout, recording(release, 'final-show-hostlistsorted'));
    });
  }

  it('shows one task of an array that pends, and both components of a het job', async () => {
    assert.match(
      (await run(scontrol, slurm, ['show', 'job', '17_8'])).stdout,
      /^JobId=17 ArrayJobId=17 ArrayTaskId=8 ArrayTaskThrottle=4 /,
    );
    assert.deepEqual(
      [...(await run(scontrol, slurm, ['show', 'jobs', '15'])).stdout.matchAll(/^JobId=(\d+) /gm)].map(([, id]) => id),
      ['15', '16'],
    );
  });

  it('says which controllers answer', async () => {
    assert.deepEqual(await run(scontrol, slurm, ['ping']), { code: 0, stderr: '', stdout: 'Slurmctld(primary) at vm is UP\n' });
    const down = { ...slurm, faults: { ...slurm.faults, slurmctld: 'down' as const } };
    const stars = '*'.repeat(41);
    assert.deepEqual(await run(scontrol, down, ['ping']), {
      code: 1,
      stderr: '',
      stdout: `Slurmctld(primary) at vm is DOWN\n${stars}\n** RESTORE SLURMCTLD DAEMON TO SERVICE **\n${stars}\n`,
    });
  });
});
