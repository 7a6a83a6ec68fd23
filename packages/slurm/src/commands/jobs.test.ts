import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isCode, manualClock, readRecording, replayProcesses, systemProcesses } from '@sluice/io';
import { askJobs } from '../../test/controller-questions.ts';
import { type Scripted, scriptedProcesses } from '../../test/scripted-processes.ts';
import type { Submission } from '../facets.ts';
import type { ActiveJob } from '../records.ts';
import { commandsJobs } from './jobs.ts';
import { releaseWatch } from './release.ts';
import { shellWords } from './shell-words.ts';
import { slurmCommands } from './slurm-command.ts';

const script = '#!/bin/sh\nexit 0\n';

/** The facet on a Slurm that says this; what was run is in `calls`. */
function jobsOn(answer: Scripted, where: { readonly cluster?: string; readonly binPath?: string; readonly conf?: string } = {}) {
  const processes = scriptedProcesses(() => answer);
  const clock = manualClock();
  const commands = slurmCommands({ processes, clock, nonce: () => 'unused', ...where });
  const { cluster, binPath, conf } = where;
  return { calls: processes.calls, jobs: commandsJobs({ commands, releases: releaseWatch(commands, clock), cluster, binPath, conf }) };
}

for (const release of ['22.05', '24.11', '26.05']) {
  describe(`writes to Slurm ${release}, recorded`, async () => {
    const recording = readRecording(new URL(`../../recordings/controller/${release}/scenario.json.gz`, import.meta.url));
    const asked = await askJobs(replayProcesses(recording), manualClock(), '/tmp');
    const seen = (answer: typeof asked.seen): ActiveJob => {
      assert.ok(answer?.kind === 'known');
      return answer.value;
    };

    test('a submission arrives as it was meant, awkward values and all', () => {
      const { name, comment, timeLimit, eligible, priority, requested, workDir, stdout, state } = seen(asked.seen);
      assert.deepEqual(
        { name, comment, timeLimit, eligible, priority, workDir, stdout, state: state.base, cpu: requested['cpu'], mem: requested['mem'] },
        {
          ...{ name: '--wrap=x "y"\n\'z\' $HOME', comment: '-x', timeLimit: 30, eligible: 2_000_000_000, priority: 0, workDir: '/tmp' },
          ...{ stdout: '/tmp/%j.out', state: 'PENDING', cpu: 4, mem: 40 },
        },
      );
    });

    test('limits, releases and holds are seen', () => {
      const { timeLimit, reason, state } = seen(asked.after);
      assert.deepEqual([timeLimit, reason, state.base], ['unlimited', 'JobHeldAdmin', 'PENDING']);
    });

    test('a test submission gives Slurm’s sentence', () => {
      assert.match(asked.tested, /^Job \d+ to start at /);
    });

    test('refusals are typed and say why', () => {
      assert.deepEqual([asked.badPartition.code, asked.badAccount.code], ['slurm.refused', 'slurm.refused']);
      assert.match(asked.badPartition.message, /invalid partition specified: nosuch/);
      assert.deepEqual([asked.unknownHold.code, asked.unknownLimit.code], ['slurm.unknown', 'slurm.unknown']);
      assert.equal(asked.endedRequeue.code, 'slurm.refused');
    });
  });
}

describe('a submission', () => {
  test('is worded for sbatch, each value in one word with its option', async () => {
    const { jobs, calls } = jobsOn({ stdout: '12\n' });
    const whole: Submission = {
      ...{
        script,
        name: 'n',
        account: 'a',
        partition: 'p',
        qos: 'q',
        reservation: 'r',
        timeLimit: 'unlimited',
        nodes: { min: 1, max: 2 },
        tasks: 3,
      },
      ...{
        tasksPerNode: 4,
        cpusPerTask: 5,
        memoryPerNodeMiB: 6,
        gres: 'gpu:1',
        gpus: '2',
        gpusPerNode: 'a100:1',
        constraint: 'x&y',
        nodeList: 'n[1-2]',
      },
      ...{
        exclude: 'n3',
        exclusive: true,
        oversubscribe: true,
        dependency: 'afterok:1',
        array: '1-3%2',
        begin: 10_000_000,
        deadline: 20_000_000,
      },
      ...{
        hold: true,
        requeue: false,
        nice: -5,
        comment: '--help',
        workDir: '/w',
        stdout: '%j',
        stderr: 'e',
        stdin: 'i',
        extra: ['--switches=1', '--spread-job'],
      },
      environment: { A: 'secret', B: '' },
    };
    assert.deepEqual(await jobs.submit(whole).run(), { jobId: 12, cluster: null });
    assert.deepEqual(calls[0]?.args, [
      ...['--parsable', '--job-name=n', '--account=a', '--partition=p', '--qos=q', '--reservation=r', '--time=UNLIMITED', '--nodes=1-2'],
      ...['--ntasks=3', '--ntasks-per-node=4', '--cpus-per-task=5', '--mem=6M', '--gres=gpu:1', '--gpus=2', '--gpus-per-node=a100:1'],
      ...[
        '--constraint=x&y',
        '--nodelist=n[1-2]',
        '--exclude=n3',
        '--exclusive',
        '--oversubscribe',
        '--dependency=afterok:1',
        '--array=1-3%2',
      ],
      ...['--begin=uts10000000', '--deadline=uts20000000', '--hold', '--no-requeue', '--nice=-5', '--comment=--help', '--chdir=/w'],
      ...['--output=%j', '--error=e', '--input=i', '--export=A,B', '--switches=1', '--spread-job'],
    ]);
    assert.equal(calls[0]?.stdin, script);
  });

  test('gives the job its variables in sbatch’s environment, and nothing of ours', async () => {
    const { jobs, calls } = jobsOn({ stdout: '12\n' });
    const plan = jobs.submit({ script, environment: { TOKEN: 'top secret', TZ: 'Europe/Berlin' } });
    await plan.run();
    assert.ok(!plan.text.includes('secret'));
    assert.deepEqual(calls[0]?.program.env, { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'Europe/Berlin', TOKEN: 'top secret' });
    assert.ok(calls[0]?.args.includes('--export=TOKEN,TZ'));
    const without = async (submission: Submission) => {
      await jobs.submit(submission).run();
      return calls.at(-1)?.args.at(-1);
    };
    assert.deepEqual([await without({ script }), await without({ script, environment: {} })], ['--export=NONE', '--export=NIL']);
  });

  test('that cannot be made is refused before anything runs, every fault at once', () => {
    const { jobs, calls } = jobsOn({});
    const broken: Submission = {
      script: 'echo\0',
      ...{ tasks: 1.5, nice: Number.NaN, timeLimit: -1, nodes: -1, name: 'a\0b', nodeList: '/etc/passwd' },
      environment: { 'A=B': '', LD_PRELOAD: 'x', SBATCH_WRAP: 'x', OK: '\0' },
      extra: ['script.sh', '-x', '--wrap', 'x'],
    };
    assert.throws(
      () => jobs.submit(broken),
      (error) => {
        assert.ok(isCode(error, 'data.invalid'));
        const faults = error.message.split('; ');
        const told = [
          '#!',
          'script: holds a NUL',
          '--ntasks',
          '--nice',
          '--time',
          '--nodes',
          '--job-name: holds',
          '--nodelist',
          '"A=B"',
          'LD_PRELOAD',
        ];
        for (const fault of [...told, 'SBATCH_WRAP', 'value of OK', '"script.sh"', '"-x"', '"x"']) {
          assert.ok(
            faults.some((said) => said.includes(fault)),
            `${fault} in ${error.message}`,
          );
        }
        return true;
      },
    );
    assert.throws(() => jobs.submit({ script: '#!/bin/sh\r\nexit\r\n' }), /DOS/);
    assert.equal(calls.length, 0);
  });

  test('names job and cluster; what names no job is not taken for one', async () => {
    const submitted = (stdout: string) => jobsOn({ stdout }).jobs.submit({ script }).run();
    assert.deepEqual(await submitted('a word of a plugin\n34;other\n'), { jobId: 34, cluster: 'other' });
    for (const bad of ['', 'Submitted batch job 3\n', '0\n', '1 2\n']) {
      await assert.rejects(
        submitted(bad),
        (error) => isCode(error, 'slurm.unparsable') && /may have been submitted/.test(error.hint ?? ''),
      );
    }
  });
});

describe('plans', () => {
  test('are shown as they will run', async () => {
    const { jobs, calls } = jobsOn({}, { cluster: 'c1', binPath: '/opt/slurm/bin', conf: '/etc/my slurm.conf' });
    const plans = [
      jobs.cancel(['1', '2_3', '2_[4-6%2]', '7+1', '8.0', '8.batch']),
      jobs.signal(['1'], 'USR1', { batch: true, full: true }),
      jobs.hold(['1', '2_3']),
      jobs.release(['1']),
      jobs.requeue(['1']),
      jobs.requeue(['1'], { hold: true }),
      jobs.suspend(['1']),
      jobs.resume(['1']),
      jobs.setTimeLimit('2_3', 90),
      jobs.setTimeLimit('1', 'unlimited'),
    ];
    const prefix = "SLURM_CONF='/etc/my slurm.conf' /opt/slurm/bin/";
    assert.deepEqual(
      plans.map(({ kind, text }) => [kind, text.replace(prefix, '')]),
      [
        ['argv', "scancel -M c1 1 2_3 '2_[4-6%2]' 7+1 8.0 8.batch"],
        ['argv', 'scancel -M c1 --signal=USR1 --batch --full 1'],
        ['argv', 'scontrol -M c1 hold 1,2_3'],
        ['argv', 'scontrol -M c1 release 1'],
        ['argv', 'scontrol -M c1 requeue 1'],
        ['argv', 'scontrol -M c1 requeuehold 1'],
        ['argv', 'scontrol -M c1 suspend 1'],
        ['argv', 'scontrol -M c1 resume 1'],
        ['argv', 'scontrol -M c1 update JobId=2_3 TimeLimit=90'],
        ['argv', 'scontrol -M c1 update JobId=1 TimeLimit=UNLIMITED'],
      ],
    );
    assert.equal(calls.length, 0, 'nothing runs before run()');
    for (const plan of plans) await plan.run();
    assert.deepEqual(
      calls.map(({ program, args }) => shellWords([program.name, ...args])),
      plans.map(({ text }) => text.replace(prefix, '')),
    );
    assert.equal(calls[0]?.program.dir, '/opt/slurm/bin');
    assert.equal(calls[0]?.program.env?.['SLURM_CONF'], '/etc/my slurm.conf');
  });

  test('take ids, signals and limits only', () => {
    const { jobs } = jobsOn({});
    for (const bad of ['', '-1', '--user=root', '1 2', '1,2', '1;x', 'x', '1\n', '0']) {
      assert.throws(() => jobs.cancel([bad]), invalid, bad);
      assert.throws(() => jobs.hold([bad]), invalid, bad);
      assert.throws(() => jobs.setTimeLimit(bad, 1), invalid, bad);
    }
    assert.throws(() => jobs.cancel([]), invalid, 'scancel without a job would need a filter');
    assert.throws(() => jobs.hold(['1.0']), invalid);
    for (const bad of ['', 'KILL --user=root', '-9', 'kill', '1000']) assert.throws(() => jobs.signal(['1'], bad), invalid, bad);
    for (const bad of ['partition', -1, 1.5] as const) assert.throws(() => jobs.setTimeLimit('1', bad), invalid);
  });

  test('a shell takes their words for what they are', async () => {
    const words = ['plain', '', 'a b', "it's", '$HOME `id` $(id)', 'a\nb\t\x1b\'"\\', '#x', '~', 'ünï☃', '-x', '*', 'a=b'];
    const program = { name: 'bash', timeoutMs: 120_000, inherit: ['PATH'], env: { LC_ALL: 'C.UTF-8' }, maxOutputBytes: 10_000 };
    const { stdout } = await systemProcesses(process.env).run({ program, args: ['-c', `printf '%s\\0' ${shellWords(words)}`] });
    assert.deepEqual(stdout.toString('utf8').split('\0').slice(0, -1), words);
    assert.ok(!shellWords(words).includes('\n'));
  });
});

function invalid(error: unknown): boolean {
  return isCode(error, 'data.invalid');
}
