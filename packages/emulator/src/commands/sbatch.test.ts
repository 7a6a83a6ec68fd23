import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { EmulatedJob } from '../model/job.ts';
import { type Asking, alice, bob, type Said, say, stillCluster } from './job-commands.fixture.ts';

describe('sbatch', () => {
  let slurm: EmulatedSlurm;
  let directory: string;
  before(() => {
    slurm = stillCluster();
    directory = mkdtempSync(join(tmpdir(), 'sluice-sbatch-'));
  });
  after(async () => {
    await slurm.close();
    rmSync(directory, { recursive: true });
  });

  const sbatch = (argv: readonly string[], asking: Asking = {}): Promise<Said> => say(slurm, 'sbatch', argv, { cwd: directory, ...asking });
  const jobOf = ({ stdout, stderr }: Said): EmulatedJob => {
    const job = slurm.controller.job(Number(/\d+/.exec(stdout)?.[0]));
    assert.ok(job, stderr);
    return job;
  };
  /** The job of a script whose lines these are. */
  const scripted = async (lines: string, argv: readonly string[] = [], asking: Asking = {}): Promise<EmulatedJob> =>
    jobOf(await sbatch(['-H', ...argv], { stdin: `#!/bin/sh\n${lines}\nhostname\n`, ...asking }));

  it('says the number of the job', async () => {
    const { code, stdout, stderr } = await sbatch(['--wrap', 'true']);
    assert.match(stdout, /^Submitted batch job \d+\n$/);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match((await sbatch(['--parsable', '--wrap=true'])).stdout, /^\d+\n$/);
    assert.match((await sbatch(['--parsable', '-M', 'labcluster', '--wrap=true'])).stdout, /^\d+;labcluster\n$/);
    assert.equal((await sbatch(['-Q', '--wrap=true'])).stdout, '');
  });

  it('takes the script from a file, from PATH, from stdin or from --wrap', async () => {
    mkdirSync(join(directory, 'bin'));
    writeFileSync(join(directory, 'bin/in-path'), '#!/bin/sh\n#SBATCH -H\ntrue\n');
    writeFileSync(join(directory, 'job.sh'), '#!/bin/sh\n#SBATCH -H\ntrue\n');
    const file = jobOf(await sbatch(['job.sh', 'a', '-n', '5']));
    assert.deepEqual(
      [file.request.command, file.name, file.request.scriptArguments],
      [join(directory, 'job.sh'), 'job.sh', ['a', '-n', '5']],
    );
    const found = jobOf(await sbatch(['in-path'], { env: { PATH: join(directory, 'bin') } }));
    assert.equal(found.request.command, join(directory, 'bin/in-path'));
    const typed = jobOf(await sbatch(['-H'], { stdin: '#!/bin/bash\ntrue\n' }));
    assert.deepEqual([typed.name, typed.request.command, typed.request.script], ['sbatch', '', '#!/bin/bash\ntrue\n']);
    const wrapped = jobOf(await sbatch(['-H', '--wrap', 'sleep 5']));
    assert.deepEqual([wrapped.name, wrapped.request.script?.endsWith('\nsleep 5\n')], ['wrap', true]);
  });

  it('reads the lines before the first command, as the real one parts them into words', async () => {
    const job = await scripted(
      '#SBATCH -J "a b" --comment=\'single # x\'\n# plain\n\n   \n#SBATCH -n 3 # not me -n 9\n##SBATCH -n 7\n #SBATCH -n 8',
    );
    assert.deepEqual([job.name, job.comment, job.tasks], ['a b', 'single # x', 3]);
    const comment = async (line: string) => (await scripted(`#SBATCH ${line}`)).comment;
    assert.equal(await comment('--comment=x#y z'), 'x');
    assert.equal(await comment('--comment="x\\"y"'), 'x"y');
    assert.equal(await comment('--comment=x"y z"w'), 'xy zw');
    assert.equal(await comment('--comment=a\\\\b'), 'a\\b');
    assert.equal(await comment('--comment "a b"'), 'a b');
    assert.equal((await scripted('#SBATCH-n4')).tasks, 4);
    assert.equal((await scripted('hostname\n#SBATCH -n 4')).tasks, 1);
  });

  it('lets the command line win over the environment, and that over the script', async () => {
    const script = '#SBATCH -J script -p cpu --comment=script';
    const env = { SBATCH_JOB_NAME: 'variable', SBATCH_PARTITION: 'gpu' };
    const job = await scripted(script, ['-J', 'line'], { env });
    assert.deepEqual([job.name, job.partition, job.comment], ['line', 'gpu', 'script']);
  });

  it('makes het jobs of a script and of a command line', async () => {
    const fromScript = await scripted('#SBATCH -n 2 -p cpu\n#SBATCH hetjob\n#SBATCH -n 1 -p gpu');
    const fromLine = jobOf(await sbatch(['-H', '-n2', ':', '-n1', '-p', 'gpu', '--wrap=true']));
    for (const { jobId, het } of [fromScript, fromLine]) {
      assert.equal(het?.size, 2);
      assert.deepEqual(
        slurm.controller.select(`${jobId}`).map(({ tasks, partition }) => [tasks, partition]),
        [
          [2, 'cpu'],
          [1, 'gpu'],
        ],
      );
    }
  });

  it('understands sizes, times, memory and devices', async () => {
    const { request } = await scripted(
      '#SBATCH -N 2-3 -t 1-02:03 --mem=2G --gpus-per-node=a100:1 -w gpu[01-02] -p gpu,shared --nice=7 --no-requeue -d afterok:1 --array=0-3%2',
    );
    const { minNodes, maxNodes, timeLimit, memoryPerNodeMiB, gresPerNode, requiredNodes, partitions, nice, requeue, dependency, array } =
      request;
    assert.deepEqual(
      [minNodes, maxNodes, timeLimit, memoryPerNodeMiB, gresPerNode, requiredNodes, partitions, nice, requeue, dependency, array],
      [2, 3, 1563, 2048, 'gpu:a100:1', ['gpu01', 'gpu02'], ['gpu', 'shared'], 7, false, 'afterok:1', '0-3%2'],
    );
    assert.equal((await scripted('#SBATCH --begin=now+1hour')).request.begin, slurm.time.now() + 3600);
  });

  it('exports the environment as it is told', async () => {
    const env = { FOO: 'bar', OTHER: '1', SLURM_X: 'y' };
    const exported = async (...argv: string[]) => {
      const { FOO, OTHER, SLURM_X, B, SLURM_EXPORT_ENV } = (await scripted('', argv, { env })).request.environment;
      return [FOO, OTHER, SLURM_X, B, SLURM_EXPORT_ENV];
    };
    assert.deepEqual(await exported(), ['bar', '1', 'y', undefined, undefined]);
    assert.deepEqual(await exported('--export=FOO'), ['bar', undefined, 'y', undefined, 'FOO']);
    assert.deepEqual(await exported('--export=NONE'), [undefined, undefined, 'y', undefined, 'NONE']);
    assert.deepEqual(await exported('--export=ALL,B=2'), ['bar', '1', 'y', '2', 'ALL,B=2']);
  });

  it('waits for the end with --wait, and ends as the job did', async () => {
    const before = [...slurm.controller.jobs()].length;
    const waiting = sbatch(['--wait', '--wrap', 'sleep 30; exit 3']);
    while ([...slurm.controller.jobs()].length === before) await new Promise((resolve) => setImmediate(resolve));
    slurm.time.advance(3600);
    assert.equal((await waiting).code, 3);
  });

  it('tells when a job would start', async () => {
    const { stderr, stdout, code } = await sbatch(['--test-only', '-n2', '--wrap=true']);
    assert.match(
      stderr,
      /^sbatch: Job \d+ to start at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d using 2 processors on nodes node01 in partition cpu\n$/,
    );
    assert.deepEqual([stdout, code], ['', 0]);
  });

  // What Slurm 22.05.8 said.
  const refusals: [argv: string[], code: number, stderr: string, stdin?: string][] = [
    [['--bogus'], 255, 'sbatch: unrecognized option \'--bogus\'\nTry "sbatch --help" for more information\n'],
    [['/nonexist'], 1, 'sbatch: error: Unable to open file /nonexist\n'],
    [[], 1, 'sbatch: error: Batch script is empty!\n', ''],
    [[], 1, 'sbatch: error: Batch script contains only whitespace!\n', '\n\n'],
    [
      [],
      1,
      'sbatch: error: Batch script contains DOS line breaks (\\r\\n)\nsbatch: error: instead of expected UNIX line breaks (\\n).\n',
      '#!/bin/sh\r\ntrue\r\n',
    ],
    [[], 255, 'sbatch: error: Invalid directive found in batch script: foo\n', '#!/bin/sh\n#SBATCH foo bar\n'],
    [[], 255, 'sbatch: unrecognized option \'--foo\'\nTry "sbatch --help" for more information\n', '#!/bin/sh\n#SBATCH --foo\n'],
    [[], 1, 'sbatch: fatal: sbatch: line 2: Unmatched `"` in [--comment="open]\n', '#!/bin/sh\n#SBATCH --comment="open\n'],
    [['--wrap=x', 'foo'], 1, 'sbatch: error: Script arguments not permitted with --wrap option\n'],
    [['-n', 'x', '--wrap=a'], 1, 'sbatch: error: Invalid numeric value "x" for --ntasks.\n'],
    [['-n', '0', '--wrap=a'], 1, 'sbatch: error: Invalid numeric value "0" for --ntasks.\n'],
    [['-N', 'x', '--wrap=a'], 255, 'sbatch: error: "x" is not a valid node count\n'],
    [['-N', '2-1', '--wrap=a'], 255, 'sbatch: error: Maximum node count 1 is less than minimum node count 2\n'],
    [['-t', 'x', '--wrap=a'], 255, 'sbatch: error: Invalid --time specification\n'],
    [['--mem=x', '--wrap=a'], 255, 'sbatch: error: Invalid --mem specification\n'],
    [['--begin=rubbish', '--wrap=a'], 255, 'Invalid time specification (pos=0): rubbish\nsbatch: error: Invalid --begin specification\n'],
    [['--exclusive=zz', '--wrap=a'], 255, 'sbatch: error: Invalid --exclusive specification\n'],
    [
      ['-A', 'nosuch', '--wrap=a'],
      1,
      'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified\n',
    ],
    [
      ['-p', 'nope', '--wrap=a'],
      1,
      'sbatch: error: invalid partition specified: nope\nsbatch: error: Batch job submission failed: Invalid partition name specified\n',
    ],
    [
      ['--test-only', '-p', 'nope', '--wrap=a'],
      1,
      'sbatch: error: invalid partition specified: nope\nallocation failure: Invalid partition name specified\n',
    ],
    [['-d', 'bad', '--wrap=a'], 1, 'sbatch: error: Batch job submission failed: Job dependency problem\n'],
    [['--array=x', '--wrap=a'], 1, 'sbatch: error: Batch job submission failed: Invalid job array specification\n'],
    [['-w', 'nosuch', '--wrap=a'], 1, 'sbatch: error: Batch job submission failed: Invalid node name specified\n'],
  ];
  for (const [argv, code, stderr, stdin] of refusals) {
    it(`refuses ${argv.join(' ')}${stdin === undefined ? '' : JSON.stringify(stdin)}`, async () => {
      assert.deepEqual(await sbatch(argv, stdin === undefined ? {} : { stdin }), { code, stdout: '', stderr });
    });
  }

  it('says that slurmctld does not answer', async () => {
    slurm.setFaults({ slurmctld: 'down' });
    const { code, stderr } = await sbatch(['--wrap=true']);
    slurm.setFaults({ slurmctld: 'up' });
    assert.deepEqual(
      [code, stderr],
      [1, 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)\n'],
    );
  });

  it('submits for the one who calls', async () => {
    assert.equal(jobOf(await sbatch(['-H', '--wrap=true'], { as: bob })).user, 'bob');
    assert.equal(jobOf(await sbatch(['-H', '--wrap=true'], { as: alice })).account, 'physics');
  });
});
