import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Call, isCode, manualClock } from '@sluice/io';
import { controllerOn } from '../../test/controller-questions.ts';
import { type Scripted, scriptedProcesses, squeueRow } from '../../test/scripted-processes.ts';
import type { Answer, Controller } from '../facets.ts';

/** Texts as slurmctld's absence was recorded, in 22.05 to 26.05 alike. */
const down: Scripted = { stderr: 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n', code: 1 };
const pingDown: Scripted = { stdout: 'Slurmctld(primary) at vm is DOWN\n*****\n** RESTORE SLURMCTLD DAEMON TO SERVICE **\n', code: 1 };
const pingUp: Scripted = { stdout: 'Slurmctld(primary) at vm is DOWN\nSlurmctld(backup) at vm2 is UP\n' };
const invalidId: Scripted = { stderr: 'slurm_load_jobs error: Invalid job id specified\n', code: 1 };

/** A controller that answers squeue with these, one after the other, the last again and again. */
function asked(squeue: readonly ((call: Call) => Scripted)[], ping: readonly Scripted[] = [pingUp], version = 'slurm 22.05.8') {
  const left = { squeue: [...squeue], ping: [...ping] };
  const next = <T>(list: T[]): T | undefined => (list.length > 1 ? list.shift() : list[0]);
  const processes = scriptedProcesses((call) => {
    if (call.program.name === 'squeue') return next(left.squeue)?.(call) ?? {};
    if (call.args.includes('-V')) return { stdout: `${version}\n` };
    return call.args.includes('ping') ? (next(left.ping) ?? {}) : { stdout: 'ClusterName = c\n' };
  });
  const controller = controllerOn(processes, manualClock(), 'squeue');
  const count = (word: string) => processes.calls.filter(({ program, args }) => program.name === word || args.includes(word)).length;
  return { controller, processes, count };
}

const row =
  (own: Readonly<Record<string, string>> = {}) =>
  (call: Call): Scripted => ({ stdout: squeueRow(call, own) });
const nothing = (): Scripted => ({});

describe('an empty answer', () => {
  test('counts between two pings that a controller answers', async () => {
    const { controller, count } = asked([nothing]);
    assert.deepEqual(await controller.activeJobs(), { records: [], rejects: [] });
    assert.deepEqual([count('squeue'), count('ping')], [2, 2]);
  });

  test('is none when no controller answers, as 22.05 gives with exit code 0', async () => {
    await assert.rejects(asked([nothing], [pingDown]).controller.activeJobs(), unreachable);
    await assert.rejects(asked([nothing], [pingUp, pingDown]).controller.activeJobs(), unreachable);
    await assert.rejects(asked([nothing], [{ stderr: 'no', code: 1 }]).controller.activeJobs(), unreachable);
  });

  test('is asked again: what has come meanwhile is told', async () => {
    const { records } = await asked([nothing, row()]).controller.activeJobs();
    assert.deepEqual(
      records.map(({ jobId }) => jobId),
      [7],
    );
  });
});

describe('a job by id', () => {
  const kinds = async (controller: Controller, ids: readonly number[]) =>
    [...(await controller.jobsById(ids))].map(([, answer]) => answer.kind);

  test('is known, or gone when a controller stands behind that', async () => {
    assert.deepEqual(await kinds(asked([row(), nothing]).controller, [8, 7]), ['gone', 'known']);
    assert.deepEqual(await kinds(asked([() => invalidId]).controller, [8]), ['gone']);
  });

  test('that comes with the second question is known', async () => {
    assert.deepEqual(await kinds(asked([nothing, row()]).controller, [7]), ['known']);
  });

  test('is unasked, never gone, when the controller is away, before or after', async () => {
    assert.deepEqual(await kinds(asked([() => down]).controller, [7]), ['unasked']);
    assert.deepEqual(await kinds(asked([nothing], [pingDown]).controller, [7]), ['unasked']);
    assert.deepEqual(await kinds(asked([nothing], [pingUp, pingDown]).controller, [7]), ['unasked']);
    assert.deepEqual(await kinds(asked([() => invalidId], [pingDown]).controller, [7]), ['unasked']);
  });

  test('is unasked when a row that could not be read may have been it', async () => {
    const unreadable = row({ State: 'what is this' });
    const answer = (await asked([unreadable]).controller.jobsById([7])).get(7);
    assert.equal(answer?.kind === 'unasked' && answer.error.code, 'slurm.unparsable');
    const allocation: Answer<unknown> | undefined = (await asked([unreadable]).controller.allocations([7])).get(7);
    assert.equal(allocation?.kind, 'unasked');
  });

  test('of an array brings tasks along: only the asked are told', async () => {
    const two = (call: Call) => ({
      stdout: squeueRow(call, { JobID: '7' }) + squeueRow(call, { JobID: '9', ArrayJobID: '7', ArrayTaskID: '1' }),
    });
    assert.deepEqual([...(await asked([two]).controller.jobsById([7, 7])).keys()], [7]);
  });

  test('has an id that is a number', async () => {
    await assert.rejects(asked([nothing]).controller.jobsById([1.5]), isInvalid);
    await assert.rejects(asked([nothing]).controller.allocations([-1]), isInvalid);
  });
});

describe('an answer that is not whole', () => {
  test('is an error, though all its records were read', async () => {
    const cut = (call: Call) => ({ stdout: squeueRow(call, {}) + squeueRow(call, {}).slice(0, 90) });
    await assert.rejects(asked([cut]).controller.activeJobs(), (error) => isCode(error, 'slurm.incomplete'));
    const failed = (call: Call) => ({ stdout: squeueRow(call, {}), ...down });
    await assert.rejects(asked([failed]).controller.activeJobs(), unreachable);
  });

  test('a row that cannot be read costs no other', async () => {
    const mixed = (call: Call) => ({
      stdout: [{}, { StartTime: 'soon' }, { JobID: '8' }, { JobID: '' }].map((own) => squeueRow(call, own)).join(''),
    });
    const { records, rejects } = await asked([mixed]).controller.activeJobs();
    assert.deepEqual(
      records.map(({ jobId }) => jobId),
      [7, 8],
    );
    assert.deepEqual(
      rejects.map(({ reason }) => reason),
      ['no time in column StartTime', 'no number in column JobID'],
    );
  });
});

describe('columns', () => {
  test('that squeue refuses are not asked again', async () => {
    const refusing = (call: Call): Scripted => {
      const stdout = squeueRow(call, {});
      const refused = call.args.some((arg) => arg.includes('RestartCnt'));
      return refused ? { stdout, stderr: 'squeue: error: Invalid job format specification: RestartCnt\n' } : { stdout };
    };
    const { controller, processes } = asked([refusing]);
    const [first, second] = [await controller.activeJobs(), await controller.activeJobs()];
    assert.deepEqual([first.records[0]?.restarts, second.records[0]?.restarts], [0, null]);
    assert.deepEqual(processes.calls.filter(({ args }) => args.some((arg) => arg.includes('RestartCnt'))).length, 1);
  });

  test('are asked anew when no row can be read: the release has changed', async () => {
    let version = 'slurm 26.05.3';
    const processes = scriptedProcesses((call) => {
      if (call.program.name !== 'squeue') return { stdout: `${version}\n` };
      // Slurm has been exchanged: what answers now leaves the column out that it does not know.
      return { stdout: squeueRow(call, {}, version.includes('22.05') ? 'Exclusive' : '') };
    });
    const controller = controllerOn(processes, manualClock(), 'columns');
    assert.equal((await controller.activeJobs()).records.length, 1);
    version = 'slurm 22.05.8';
    const { records, rejects } = await controller.activeJobs();
    assert.deepEqual([records.length, rejects.length, (await controller.offers()).release.major], [1, 0, 2205]);
  });

  test('exclusive jobs, by the words of each release', async () => {
    const sharing = async (version: string, own: Readonly<Record<string, string>>) =>
      (await asked([row(own)], [pingUp], version).controller.activeJobs()).records[0]?.sharing;
    assert.deepEqual(
      [await sharing('slurm 25.11.7', { OverSubscribe: 'NO' }), await sharing('slurm 26.05.3', { OverSubscribe: 'NO', Exclusive: 'NO' })],
      ['exclusive', 'shared'],
    );
    assert.equal(await sharing('slurm 26.05.3', { OverSubscribe: 'NO', Exclusive: 'NODE' }), 'exclusive');
    assert.equal(await sharing('slurm 26.05.3', { OverSubscribe: 'NO', Exclusive: 'USER' }), 'user');
    assert.equal(await sharing('slurm 22.05.8', { OverSubscribe: 'USER' }), 'user');
    assert.equal(await sharing('slurm 25.11.7', { OverSubscribe: 'MCS' }), 'mcs');
    assert.equal(await sharing('slurm 22.05.8', { OverSubscribe: 'YES' }), 'oversubscribed');
  });
});

describe('the question', () => {
  test('holds nothing of our environment that changes the answer', async () => {
    const { controller, processes } = asked([row()]);
    await controller.activeJobs();
    const program = processes.calls.find((call) => call.program.name === 'squeue')?.program;
    assert.deepEqual(program?.inherit, ['PATH', 'HOME', 'SLURM_CONF', 'SLURM_JWT']);
    assert.deepEqual(program?.env, { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC', SLURM_TIME_FORMAT: '%s', SLURM_BITSTR_LEN: '0' });
  });

  test('asks the local cluster, and all of it', async () => {
    const { controller, processes } = asked([row()]);
    await controller.activeJobs({ states: ['RUNNING'], users: ['a', 'b'] });
    const args = processes.calls.find((call) => call.program.name === 'squeue')?.args;
    assert.deepEqual(args?.slice(0, -1), ['--local', '--noheader', '--noconvert', '--all', '--states=RUNNING', '--user=a,b']);
  });

  test('takes names only', async () => {
    for (const bad of ['a,b', '', 'a b', 'a\0']) await assert.rejects(asked([row()]).controller.activeJobs({ users: [bad] }), isInvalid);
  });
});

function unreachable(error: unknown): boolean {
  return isCode(error, 'slurm.unreachable');
}

function isInvalid(error: unknown): boolean {
  return isCode(error, 'data.invalid');
}
