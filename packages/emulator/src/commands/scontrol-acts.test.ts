import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { labSpec } from '../config/lab-spec.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { JobRequest } from '../model/job.ts';
import { SlurmError } from '../model/slurmctld.ts';
import { openEmulator } from '../open-emulator.ts';
import { recordedJobs } from './recorded-cluster.fixture.ts';
import { type Answered, recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sacct } from './sacct.ts';
import { scontrol } from './scontrol.ts';
import { sinfo } from './sinfo.ts';
import { sprio } from './sprio.ts';
import { squeue } from './squeue.ts';

const alice = { uid: 1001, gid: 1001, user: 'alice', group: 'alice' };
const start = Date.UTC(2026, 10, 21, 12) / 1000;
const silent = { stdout: '', stderr: '' };

/** On the emulator's own slurmctld, whose time is moved by hand. */
describe('scontrol does', () => {
  let slurm: EmulatedSlurm;

  beforeEach(() => {
    slurm = openEmulator({ spec: labSpec('22.05'), file: ':memory:', start, rate: 0 });
  });
  afterEach(() => slurm.close());

  function submit(request: Partial<JobRequest>): number {
    const play = { kind: 'simulated', seconds: 600, exit: { code: 0, signal: 0 } } as const;
    const whole = {
      workDir: '/tmp',
      script: '#!/bin/sh\n',
      command: '',
      environment: {},
      submitLine: 'sbatch',
      submitHost: 'vm',
      tasks: 1,
      play,
    };
    return slurm.controller.submit([{ ...whole, ...request }], alice).jobId;
  }

  async function told(...argv: string[]): Promise<Answered> {
    return run(scontrol, slurm, argv);
  }

  async function queue(job: number): Promise<string> {
    return (await run(squeue, slurm, ['-h', '-j', `${job}`, '-o', '%i %t %r'])).stdout;
  }

  it('hold, release and change a job that pends', async () => {
    const job = submit({ begin: start + 3600 });
    slurm.time.advance(5);
    assert.deepEqual(await told('hold', `${job}`), { code: 0, ...silent });
    assert.equal(await queue(job), `${job} PD JobHeldAdmin\n`);
    assert.deepEqual(await told('release', `${job}`), { code: 0, ...silent });
    assert.deepEqual(await told('update', `jobid=${job}`, 'comment=a b', 'TimeLimit=30', 'nice=5'), { code: 0, ...silent });
    assert.deepEqual(await told('update', 'job', `${job}`, 'timelimit+=10'), { code: 0, ...silent });
    const shown = (await told('show', 'job', `${job}`, '-o')).stdout;
    assert.match(shown, / Nice=5 .* TimeLimit=00:40:00 .* Comment=a b /);
  });

  it('suspend, resume and requeue a job that runs', async () => {
    const job = submit({});
    slurm.time.advance(10);
    assert.deepEqual(await told('suspend', `${job}`), { code: 0, ...silent });
    assert.match(await queue(job), /^\d+ S /);
    slurm.time.advance(20);
    assert.match(
      (await run(sacct, slurm, ['-n', '-X', '-P', '-j', `${job}`, '-o', 'State,Suspended'])).stdout,
      /^SUSPENDED\|00:00:\d\d\n$/,
    );
    assert.deepEqual(await told('resume', `${job}`), { code: 0, ...silent });
    assert.deepEqual(await told('requeue', `${job}`), { code: 0, ...silent });
    assert.match(await queue(job), /^\d+ PD BeginTime\n$/);
    assert.deepEqual(await told('suspend', `${job}`), { code: 1, stdout: '', stderr: `Job is pending execution for job ${job}\n` });
  });

  it('answer for the tasks of an array, once one of them refuses', async () => {
    const asked: string[] = [];
    const ended = new SlurmError({ number: 2019, name: 'ESLURM_ALREADY_DONE', message: 'Job has already finished' });
    const hold = (selector: string) => {
      asked.push(selector);
      if (/_\[?[0-2]\]?$/.test(selector)) throw ended;
    };
    const recorded = recordedSlurm({ release: '22.05.8', now: start, jobs: recordedJobs('22.05'), controller: { hold } });
    const answer = await run(scontrol, recorded, ['hold', '17']);
    assert.deepEqual(answer, { code: 1, stdout: '', stderr: '17_0-2: Job has already finished\n17_3-10: No error\n' });
    assert.ok(asked.includes('17_[7-10]'));
    assert.deepEqual(await run(scontrol, recorded, ['hold', '17_8']), { code: 0, ...silent });
    assert.deepEqual(await told('hold', '17_99'), { code: 1, stdout: '', stderr: '17_99: Invalid job id specified\n' });
  });

  it('refuse in the words of Slurm', async () => {
    const refusals: readonly (readonly [argv: string, stderr: string])[] = [
      ['hold 999', 'Invalid job id specified for job 999\nslurm_suspend error: Invalid job id specified\n'],
      ['requeue 999', 'Invalid job id specified for job 999\n'],
      ['update jobid=999 comment=x', 'Invalid job id specified for job 999\n'],
      ['update nodename=nosuch state=drain reason=x', 'slurm_update error: Invalid node name specified\n'],
      ['update nodename=node01 state=drain', 'You must specify a reason when DRAINING a node. Request denied\n'],
      ['update nodename=node01', 'No changes specified\n'],
      ['update partitionname=nosuch state=down', 'slurm_update error: Invalid partition name specified\n'],
      ['create reservation', 'scontrol: error: A start time must be given.  No reservation created.\n'],
      ['delete reservation r1', 'delete_reservation reservation: Requested reservation is invalid\n'],
    ];
    for (const [argv, stderr] of refusals) assert.deepEqual(await told(...argv.split(' ')), { code: 1, stdout: '', stderr });
  });

  it('drain a node and take it back', async () => {
    // A quotation mark at either end is taken away, as 22.05 does.
    assert.deepEqual(await told('update', 'nodename=node0[1-2]', 'state=drain', 'reason=a "b"'), { code: 0, ...silent });
    assert.match((await run(sinfo, slurm, ['-R', '-h'])).stdout, /^a "b +root +2026-11-21T12:00:\d\d node\[01-02\]\n$/);
    assert.deepEqual(await told('update', 'nodename=node0[1-2]', 'state=resume'), { code: 0, ...silent });
    assert.equal((await run(sinfo, slurm, ['-R', '-h'])).stdout, '');
  });

  it('make a reservation and take it away', async () => {
    const made = await told(
      'create',
      'reservation',
      'reservationname=maint',
      'starttime=now+5days',
      'duration=60',
      'nodes=gpu02',
      'users=root',
    );
    assert.deepEqual(made, { code: 0, stdout: 'Reservation created: maint\n', stderr: '' });
    assert.match(
      (await told('show', 'reservation', 'maint', '-o')).stdout,
      /^ReservationName=maint StartTime=2026-11-26T12:00:\d\d .* Duration=01:00:00 /,
    );
    assert.deepEqual(await told('delete', 'reservationname=maint'), { code: 0, ...silent });
  });

  it('write a script for its user alone, and sign a token', async () => {
    const job = submit({ script: '#!/bin/sh\necho ü\n', begin: start + 3600 });
    assert.equal((await told('write', 'batch_script', `${job}`, '-')).stdout, '#!/bin/sh\necho ü\n');
    const bob = { uid: 1002, gid: 1002, user: 'bob', group: 'bob' };
    const denied = await run(scontrol, slurm, ['write', 'batch_script', `${job}`, '-'], { as: bob });
    assert.deepEqual(denied, { code: 1, stdout: '', stderr: 'job script retrieval failed: Invalid user id\n' });
    const token = await run(scontrol, slurm, ['token', 'username=alice', 'lifespan=60'], { jwtKey: Buffer.from('key') });
    const claims: unknown = JSON.parse(Buffer.from(token.stdout.split('.')[1] ?? '', 'base64url').toString());
    assert.deepEqual(claims, { exp: start + 60, iat: start, sun: 'alice' });
  });

  it('stop the controller', async () => {
    assert.deepEqual(await told('shutdown'), { code: 0, ...silent });
    assert.equal(slurm.faults.slurmctld, 'down');
    assert.equal((await told('ping')).code, 1);
  });

  it('and sprio takes the priorities of jobs that wait for resources apart', async () => {
    submit({ minNodes: 4, maxNodes: 4, tasks: 4, sharing: 'exclusive', partitions: ['cpu'] });
    submit({ minNodes: 4, maxNodes: 4, tasks: 4, sharing: 'exclusive', partitions: ['cpu'] });
    slurm.time.advance(5);
    const lines = (await run(sprio, slurm, ['-l'])).stdout.split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[0] ?? '', /^ {10}JOBID PARTITION {5}USER {3}PRIORITY {7}SITE /);
    assert.match(lines[1] ?? '', /^ {14}2 cpu {10}alice +\d+ {10}0 /);
  });
});
