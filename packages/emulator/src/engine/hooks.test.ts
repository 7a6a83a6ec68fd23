import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { manualClock, systemProcesses } from '@sluice/io';
import type { JobRequest } from '../model/job.ts';
import { openEmulator } from '../open-emulator.ts';
import { testStart } from './testing/history.ts';
import { alice, bob, labCluster, root, wrapped } from './testing/lab-cluster.ts';
import { executable, scratch, until } from './testing/machine.ts';

const recordings = join(import.meta.dirname, 'recordings', 'hooks');

/** What differs from run to run: ids, times, and what the shell of the hook adds. */
function comparable(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line))
    .map((line) =>
      line
        .replace(/^(SLURM_JOBID|SLURM_JOB_ID|SLURM_(?:ARRAY|HET|PACK)_?(?:JOB)?_ID)=.*/, '$1=id')
        .replace(/^(SLURM_JOB_(?:START_TIME|END_TIME|SLUID))=.*/, '$1='),
    )
    .sort();
}

/** Seconds between start and end as a prolog sees them. */
function seconds(text: string): number | null {
  const value = (name: string) => Number(new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const span = value('SLURM_JOB_END_TIME') - value('SLURM_JOB_START_TIME');
  return Number.isNaN(span) ? null : span;
}

interface Played {
  readonly role: string;
  readonly as: typeof alice;
  readonly requests: readonly JobRequest[];
}

function scenario(hetNode: string): readonly Played[] {
  const base = { workDir: '/lab/work', stdout: '/lab/work/%j.%N.out', tasks: 1 };
  const one = (role: string, as: typeof alice, text: string, more: Partial<JobRequest>): Played => ({
    role,
    as,
    requests: [wrapped(text, { ...base, ...more })],
  });
  const het: Partial<JobRequest> = { ...base, name: 'hetjob', stdout: '/lab/work/het.%j.out', timeLimit: 60, command: '/lab/work/het.sh' };
  return [
    one('node_fail', alice, 'sleep 900', { requiredNodes: ['node04'], tasks: 2, requeue: false }),
    one('exclusive', alice, 'srun sleep 900', {
      requiredNodes: ['node01', 'node02'],
      minNodes: 2,
      maxNodes: 2,
      tasks: 2,
      sharing: 'exclusive',
      memoryPerNodeMiB: 0,
      timeLimit: 120,
    }),
    one('nomultithread', bob, 'sleep 900', { requiredNodes: ['node03'], cpusPerTask: 2, threadsPerCore: 1, timeLimit: 30 }),
    one('gpu_2nodes', bob, 'srun sleep 900', {
      partitions: ['gpu'],
      minNodes: 2,
      maxNodes: 2,
      tasks: 2,
      tasksPerNode: 1,
      gresPerNode: 'gpu:1',
      name: 'gpu2n',
      timeLimit: 240,
    }),
    one('weird', alice, 'sleep 900', {
      requiredNodes: ['node04'],
      name: 'we|ird "n\'ame" <&>\nline2\ttab ünï☃ \\ \u0024{x} %j=1',
      comment: 'a|b "c" \'d\'\nsecond ü☃',
    }),
    one('failed_sig', alice, 'kill -SEGV $$', { requiredNodes: ['node04'], name: 'failed_sig' }),
    one('timeout', bob, 'sleep 900', { requiredNodes: ['node04'], timeLimit: 1, name: 'timeout' }),
    {
      role: 'het',
      as: bob,
      requests: [
        wrapped('srun --het-group=0,1 sleep 900', { ...het, requiredNodes: ['node04'], memoryPerNodeMiB: 1024 }),
        wrapped('srun --het-group=0,1 sleep 900', {
          ...het,
          partitions: ['gpu'],
          requiredNodes: [hetNode],
          gresPerJob: 'gpu:1',
          tasks: 2,
          memoryPerNodeMiB: 2048,
        }),
      ],
    },
    one('array', alice, 'case $SLURM_ARRAY_TASK_ID in 0) exit 0;; 1) exit 4;; *) sleep 900;; esac', {
      requiredNodes: ['node03'],
      timeLimit: 90,
      array: '0-11%4',
      name: 'array',
      stdout: '/lab/work/arr.%A_%a.out',
      command: '/lab/work/arr.sh',
    }),
  ];
}

for (const release of readdirSync(recordings)) {
  test(`PrologSlurmctld and EpilogSlurmctld find what was recorded in their environment on ${release}`, async (t) => {
    const dir = scratch(t);
    const hook = executable(
      dir,
      'hook',
      `/usr/bin/env > ${dir}/$SLURM_JOB_ID.$SLURM_SCRIPT_CONTEXT.part && /bin/mv ${dir}/$SLURM_JOB_ID.$SLURM_SCRIPT_CONTEXT.part ${dir}/$SLURM_JOB_ID.$SLURM_SCRIPT_CONTEXT`,
    );
    const slurm = openEmulator({
      spec: labCluster({ PrologSlurmctld: hook, EpilogSlurmctld: hook, MinJobAge: '0' }, `${release}.1`),
      file: ':memory:',
      clock: manualClock(testStart * 1000),
      rate: 0,
      processes: systemProcesses(process.env),
    });
    t.after(() => slurm.close());
    const { controller } = slurm;
    const ids = new Map<string, number>();
    for (const { role, as, requests } of scenario(release === '22.05' ? 'gpu02' : 'gpu01'))
      ids.set(role, controller.submit(requests, as).jobId);
    // Task 1, as recorded.
    slurm.time.advance(3);
    ids.set('array', controller.select(`${ids.get('array')}_1`)[0]?.jobId ?? 0);
    slurm.time.advance(70);
    controller.updateNode(['node04'], { state: 'down', reason: 'test' }, root);
    for (const id of ids.values()) {
      if (controller.job(id)?.state === 'RUNNING') controller.signal(`${id}`, null, { batchOnly: false, full: false }, root);
    }
    for (const [role, id] of ids) {
      for (const context of ['prolog', 'epilog']) {
        const recorded = readFileSync(join(recordings, release, `${role}.${context}.env`), 'utf8');
        const path = join(dir, `${id}.${context}_slurmctld`);
        await until(() => existsSync(path), `${context} of ${role}`);
        const seen = readFileSync(path, 'utf8');
        // Of these the scenario's node went down while they ran; here theirs ends all that is on it.
        if (context === 'epilog' && role === 'het') continue;
        const states = role === 'weird' && context === 'epilog' ? /^SLURM_JOB_EXIT_CODE2?=/ : /^$/;
        const lines = (text: string) => comparable(text).filter((line) => !states.test(line));
        assert.deepEqual(lines(seen), lines(recorded), `${role}.${context}`);
        if (context === 'prolog') assert.equal(seconds(seen), seconds(recorded), `${role}.${context}`);
      }
    }
  });
}

test('a job is COMPLETING while its epilog runs, CONFIGURING while its prolog does, and goes back into the queue when that fails', async (t) => {
  const dir = scratch(t);
  const wait = executable(dir, 'wait', `until [ -e ${dir}/go.$SLURM_SCRIPT_CONTEXT ]; do /bin/sleep 0.05; done`);
  const bad = executable(dir, 'bad', '[ $SLURM_JOB_ID != 2 ]');
  const slurm = openEmulator({
    spec: labCluster({ PrologSlurmctld: `${wait},${bad}`, EpilogSlurmctld: wait }),
    file: ':memory:',
    clock: manualClock(testStart * 1000),
    rate: 0,
    processes: systemProcesses(process.env),
  });
  t.after(() => slurm.close());
  const { controller } = slurm;
  for (const _ of [1, 2]) controller.submit([wrapped('sleep 5', { tasks: 1 })], alice);
  slurm.time.advance(1);
  assert.deepEqual(controller.job(1)?.flags, ['CONFIGURING']);
  executable(dir, 'go.prolog_slurmctld', '');
  await until(() => controller.job(1)?.flags.length === 0, 'the end of the prolog');
  await until(() => controller.job(2)?.state !== 'RUNNING', 'the failure of the prolog');
  slurm.time.advance(5);
  const ended = controller.job(1);
  assert.deepEqual([ended?.state, ended?.flags, ended?.completingNodes], ['COMPLETED', ['COMPLETING'], []]);
  executable(dir, 'go.epilog_slurmctld', '');
  await until(() => controller.job(1)?.completingNodes === null, 'the end of the epilog');
  await until(() => controller.job(2)?.state === 'PENDING', 'the requeue');
  assert.deepEqual([controller.job(2)?.restarts, controller.job(2)?.reason], [1, 'BeginTime']);
});
