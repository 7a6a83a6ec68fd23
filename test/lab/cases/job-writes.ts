import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { isCode } from '@sluice/io';
import type { Submission } from '@sluice/slurm';
import { until } from '../scenario.ts';
import type { Bed } from './bed.ts';
import { slurmSays } from './slurm-says.ts';

/** Jobs submitted and steered by plans, each verified by Slurm's own commands. */
export function jobWriteCases(bed: () => Bed): void {
  const base = (): Submission => ({
    script: '#!/bin/sh\nsleep 600\n',
    partition: 'gpu',
    tasks: 1,
    workDir: bed().lab.workDir,
    stdout: `${bed().lab.workDir}/%j.out`,
  });
  const submitted = async (more: Partial<Submission>, user: 'bob' | 'alice' = 'bob'): Promise<number> =>
    (
      await bed()
        .connector(user)
        .jobs.submit({ ...base(), ...more })
        .run()
    ).jobId;
  const says = () => slurmSays(bed().lab);
  const state = (jobId: number, wanted: string) =>
    until(`job ${jobId} is ${wanted}`, 30, async () => (await says().queued(jobId, '%T')) === wanted);
  const done = (jobId: number) => bed().lab.ask('scancel', [String(jobId)]);

  it('a submission arrives with every option it was given', async () => {
    const name = 'we|ird "n\'ame"\n%j $HOME `x`';
    const script = '#!/bin/sh\necho "ü" \'q\' | cat\nenv\n';
    const begin = Math.floor(Date.now() / 1000) + 7200;
    const comment = '--wrap=evil\n#SBATCH -p shared';
    const jobId = await submitted({
      script,
      name,
      comment,
      begin,
      account: 'chem',
      partition: 'cpu',
      qos: 'normal',
      timeLimit: 95,
      nodes: { min: 1, max: 2 },
      tasks: 3,
      cpusPerTask: 2,
      memoryPerCpuMiB: 512,
      nodeList: 'node03',
      hold: true,
      nice: 7,
      requeue: false,
      stderr: `${bed().lab.workDir}/e.%j`,
      environment: { SLUICE_TEST: 'a b,c="d"' },
    });
    const fields = {
      '%j': name,
      '%k': comment,
      '%u': 'bob',
      '%a': 'chem',
      '%P': 'cpu',
      '%q': 'normal',
      '%T': 'PENDING',
      '%r': 'JobHeldUser',
      '%C': '6',
      '%Z': bed().lab.workDir,
    };
    for (const [format, value] of Object.entries(fields)) assert.equal(await says().queued(jobId, format), value, format);
    const text = await bed().lab.ask('scontrol', ['show', 'job', String(jobId)]);
    assert.match(text, / TimeLimit=01:35:00 /);
    assert.match(text, /Requeue=0 /);
    assert.match(text, /MinMemoryCPU=512M/);
    assert.match(text, / Nice=7 /);
    assert.match(text, /ReqNodeList=node03 /);
    assert.ok(text.includes(`StdErr=${bed().lab.workDir}/e.`));
    assert.deepEqual(await bed().connector('bob').controller.batchScript(jobId), { kind: 'known', value: script });
    await done(jobId);
  });

  it("the job's environment is the one given, and nothing of ours", async () => {
    const value = 'a b,c="d" $x\n2nd';
    const file = `${bed().lab.workDir}/environment`;
    const jobId = await submitted({ script: `#!/bin/sh\nenv -0 > ${file}\n`, environment: { SLUICE_TEST: value, PATH: '/usr/bin:/bin' } });
    await state(jobId, 'COMPLETED');
    const variables = (await readFile(file, 'utf8')).split('\0');
    assert.ok(variables.includes(`SLUICE_TEST=${value}`), variables.filter((one) => one.startsWith('SLUICE')).join());
    assert.deepEqual(
      variables.filter((one) => /^(SQUEUE|SACCT|TZ=|LC_ALL=|SLURM_TIME_FORMAT)/.test(one)),
      [],
    );
  });

  it('the text of a plan shows the command and neither runs nor holds the script', async () => {
    const plan = bed()
      .connector('bob')
      .jobs.submit({ ...base(), script: '#!/bin/sh\necho secret-word\n', name: "it's" });
    assert.equal(plan.kind, 'argv');
    assert.match(plan.text, /sbatch/);
    assert.ok(!plan.text.includes('secret-word'));
    const before = await bed().lab.ask('squeue', ['-h', '-t', 'all', '-o', '%A']);
    assert.equal(await bed().lab.ask('squeue', ['-h', '-t', 'all', '-o', '%A']), before);
  });

  it('a test of a submission says what Slurm would do and submits nothing', async () => {
    assert.match(await bed().connector('bob').jobs.test(base()).run(), /Job \d+ to start at /);
    assert.equal(await bed().lab.ask('squeue', ['-h', '-u', 'bob', '-n', 'sbatch', '-o', '%A']), '');
  });

  it('hold, release, time limit, signal and cancel do what they say, as the user', async () => {
    const { jobs } = bed().connector('bob');
    const mark = `${bed().lab.workDir}/signalled`;
    const ready = `${bed().lab.workDir}/trapping`;
    const jobId = await submitted({
      hold: true,
      timeLimit: 60,
      script: `#!/bin/bash\ntrap 'touch ${mark}; exit 7' USR1\ntouch ${ready}\nsleep 600 & wait\n`,
    });
    const id = String(jobId);
    assert.equal(await says().queued(jobId, '%r'), 'JobHeldUser');
    await jobs.setTimeLimit(id, 45).run();
    assert.equal(await says().queued(jobId, '%l'), '45:00');
    await jobs.release([id]).run();
    await state(jobId, 'RUNNING');
    await until('the trap is set', 30, async () => existsSync(ready));
    await jobs.signal([id], 'USR1', { batch: true }).run();
    await state(jobId, 'FAILED');
    assert.equal((await readFile(mark)).length, 0);

    const other = await submitted({ begin: Math.floor(Date.now() / 1000) + 3600 });
    await jobs.hold([String(other)]).run();
    assert.equal(await says().queued(other, '%r'), 'JobHeldUser');
    await jobs.cancel([String(other)]).run();
    await state(other, 'CANCELLED');
  });

  it('one cancel ends several jobs, and tasks of an array by their index', async () => {
    const { jobs } = bed().connector('bob');
    const [one, two, array] = await Promise.all([
      submitted({ hold: true }),
      submitted({ hold: true }),
      submitted({ hold: true, array: '0-4' }),
    ]);
    await jobs.cancel([String(one), String(two), `${array}_3`]).run();
    await Promise.all([state(one, 'CANCELLED'), state(two, 'CANCELLED')]);
    const left = await bed().lab.ask('squeue', ['-h', '-r', '-j', String(array), '-t', 'PENDING', '-o', '%K']);
    assert.deepEqual(left.split('\n').sort(), ['0', '1', '2', '4']);
    await done(array);
  });

  it('requeue, suspend and resume do what they say, as root', async () => {
    const { jobs } = bed().connector('root');
    const jobId = await submitted({ requeue: true });
    await state(jobId, 'RUNNING');
    await jobs.suspend([String(jobId)]).run();
    await state(jobId, 'SUSPENDED');
    await jobs.resume([String(jobId)]).run();
    await state(jobId, 'RUNNING');
    await jobs.requeue([String(jobId)], { hold: true }).run();
    await state(jobId, 'PENDING');
    assert.match(await says().queued(jobId, '%r'), /Held|JobHeld/i);
    await done(jobId);
  });

  it('what Slurm refuses is said in its words, with a code', async () => {
    const { jobs } = bed().connector('bob');
    const refused = async (more: Partial<Submission>, words: RegExp): Promise<void> => {
      await assert.rejects(
        jobs.submit({ ...base(), ...more }).run(),
        (error) => isCode(error, 'slurm.refused', 'slurm.unknown', 'slurm.denied') && words.test(error.message),
      );
    };
    await refused({ partition: 'nosuch' }, /invalid partition/i);
    await refused({ account: 'nosuch' }, /invalid account/i);
    await refused({ qos: 'nosuch' }, /invalid qos/i);
    await refused({ memoryPerNodeMiB: 10_000_000 }, /memory|node/i);
    await assert.rejects(
      async () => submitted({ script: 'no interpreter\n' }),
      (error) => isCode(error, 'data.invalid'),
    );
    await assert.rejects(jobs.release(['999999']).run(), (error) => isCode(error, 'slurm.unknown', 'slurm.refused'));
    await assert.rejects(
      async () => jobs.cancel(['--user=alice']).run(),
      (error) => isCode(error, 'data.invalid'),
    );
  });

  it("another user's job is out of bob's reach", async () => {
    const { jobId } = bed().scenario.role('exclusive');
    const { jobs, controller } = bed().connector('bob');
    await assert.rejects(jobs.cancel([String(jobId)]).run(), (error) => isCode(error, 'slurm.denied'));
    await assert.rejects(jobs.hold([String(jobId)]).run(), (error) => isCode(error, 'slurm.denied'));
    await assert.rejects(jobs.setTimeLimit(String(jobId), 1).run(), (error) => isCode(error, 'slurm.denied'));
    assert.equal(await says().queued(jobId, '%T'), 'RUNNING');
    const script = await controller.batchScript(jobId);
    assert.ok(script.kind === 'unasked' && script.error.code === 'slurm.denied', JSON.stringify(script));
  });
}
