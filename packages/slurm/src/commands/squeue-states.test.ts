import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Call, isCode, manualClock } from '@sluice/io';
import { controllerOn } from '../../test/controller-questions.ts';
import { type Scripted, scriptedProcesses, squeueRow } from '../../test/scripted-processes.ts';
import type { Controller, Piece, Reject } from '../facets.ts';
import type { ActiveState } from '../records.ts';

function asked(rows: readonly Readonly<Record<string, string>>[], more: Scripted = {}, lacking = '') {
  const processes = scriptedProcesses((call: Call): Scripted => {
    if (call.program.name === 'squeue') return { stdout: rows.map((own) => squeueRow(call, own, lacking)).join(''), ...more };
    return { stdout: call.args.includes('ping') ? 'Slurmctld(primary) at vm is UP\n' : 'ClusterName = c\n' };
  });
  return { controller: controllerOn(processes, manualClock(), 'activeStates'), processes };
}

async function collect(controller: Controller, query?: Parameters<Controller['activeStates']>[0]) {
  const records: ActiveState[] = [];
  const rejects: Reject[] = [];
  for await (const piece of controller.activeStates(query) as AsyncIterable<Piece<ActiveState>>) {
    if (piece.kind === 'records') records.push(...piece.records);
    if (piece.kind === 'rejects') rejects.push(...piece.rejects);
  }
  return { records, rejects };
}

describe('states of jobs', () => {
  test('are times that happened: no estimate, no limit', async () => {
    const times = { StartTime: '1795260001', EndTime: '1795263601' };
    const { controller } = asked([
      { ...times, JobID: '1' },
      { ...times, JobID: '2', State: 'PENDING' },
      { ...times, JobID: '3', State: 'COMPLETED', RestartCnt: '2' },
      { ...times, JobID: '4', State: 'COMPLETING' },
      { ...times, JobID: '5', State: 'CONFIGURING' },
      { JobID: '6', State: 'CANCELLED', StartTime: '1795263601', EndTime: '1795263601', NodeList: '' },
      { JobID: '7', State: 'CANCELLED', StartTime: '1795263601', EndTime: '1795263601' },
    ]);
    const { records, rejects } = await collect(controller);
    assert.deepEqual(rejects, []);
    assert.deepEqual(
      records.map(({ cluster, jobId, state, start, end, restarts }) => [
        `${cluster} ${jobId} ${[state.base, ...state.flags].join('+')}`,
        start,
        end,
        restarts,
      ]),
      [
        ['c 1 RUNNING', 1795260001, null, 0],
        ['c 2 PENDING', null, null, 0],
        ['c 3 COMPLETED', 1795260001, 1795263601, 2],
        ['c 4 RUNNING+COMPLETING', 1795260001, 1795263601, 0],
        ['c 5 RUNNING+CONFIGURING', 1795260001, null, 0],
        ['c 6 CANCELLED', null, 1795263601, 0],
        ['c 7 CANCELLED', 1795263601, 1795263601, 0],
      ],
    );
  });

  test('are one question for few columns, without the waiting jobs unless they are asked for', async () => {
    const { controller, processes } = asked([{}]);
    await collect(controller);
    await collect(controller, { states: ['PENDING'] });
    const [first, second] = processes.calls.map(({ args }) => args);
    assert.equal(processes.calls.length, 2);
    assert.match(first?.find((arg) => arg.startsWith('--states=')) ?? '', /RUNNING.*COMPLETED/);
    assert.doesNotMatch(first?.join(' ') ?? '', /PENDING/);
    assert.ok(second?.includes('--states=PENDING'));
    assert.ok((first?.find((arg) => arg.startsWith('--Format='))?.split(',').length ?? 99) <= 8);
  });

  test('that are none count between two pings', async () => {
    const { controller, processes } = asked([]);
    assert.deepEqual(await collect(controller), { records: [], rejects: [] });
    assert.equal(processes.calls.filter(({ args }) => args.includes('ping')).length, 2);
  });

  test('that were cut are an error; a row that is none costs no other', async () => {
    const whole = squeueRow({ args: ['--Format=JobID:x,State:x'] } as unknown as Call, {});
    await assert.rejects(collect(asked([{}], { stdout: `${whole}7` }).controller), (error) => isCode(error, 'slurm.incomplete'));
    const { records, rejects } = await collect(asked([{ JobID: 'x' }, { JobID: '8' }, { EndTime: 'soon' }, { State: '?' }]).controller);
    assert.deepEqual(
      [records.map(({ jobId }) => jobId), rejects.map(({ reason }) => reason)],
      [[8], ['no number in column JobID', 'no time in column EndTime', 'no job state in column State']],
    );
  });

  test('are told without a column that squeue does not know', async () => {
    const stderr = 'squeue: error: Invalid job format specification: RestartCnt\n';
    const { controller } = asked([{ JobID: '1' }, { JobID: '2' }], { stderr }, 'RestartCnt');
    assert.deepEqual(
      (await collect(controller)).records.map(({ jobId, restarts }) => [jobId, restarts]),
      [
        [1, null],
        [2, null],
      ],
    );
  });
});
