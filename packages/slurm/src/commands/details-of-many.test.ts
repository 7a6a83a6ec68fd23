import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Call, manualClock } from '@sluice/io';
import { controllerOn } from '../../test/controller-questions.ts';
import { type Scripted, scriptedProcesses, squeueRow } from '../../test/scripted-processes.ts';
import type { DetailsOptions } from '../facets.ts';
import type { JobDetails } from '../records.ts';

const node = 'NodeName=node01 CoresPerSocket=4 CPUAlloc=2 CPUTot=16 RealMemory=64000 Sockets=2 State=MIXED ThreadsPerCore=2\n';
const everything = { script: true, description: true };
const allocationsOnly = { script: false, description: false };

/** The text of a job as scontrol writes it for people, an empty line behind it. */
const text = (id: number, { name = 'x', state = 'RUNNING', cpus = '0-1', comment = '', restarts = 0 } = {}) =>
  `JobId=${id} JobName=${name}\n   UserId=alice(1001) GroupId=alice(1001) MCS_label=N/A\n   Account=a QOS=normal WCKey=(null)\n` +
  `   JobState=${state} Reason=None\n   Restarts=${restarts}\n   NodeList=node01\n   JOB_GRES=(null)\n` +
  `     Nodes=node01 CPU_IDs=${cpus} Mem=2000 GRES=\n   MinCPUsNode=1\n   Comment=${comment}\n\n`;

interface Slurm {
  readonly rows: readonly Readonly<Record<string, string>>[];
  /** `scontrol show job` of all. */
  readonly all: string | Scripted;
  readonly session?: Scripted;
}

function asked({ rows, all, session }: Slurm) {
  const processes = scriptedProcesses((call: Call): Scripted => {
    if (call.program.name === 'squeue')
      return {
        stdout: rows
          .filter(isAsked(call))
          .map((own) => squeueRow(call, own))
          .join(''),
      };
    if (call.stdin !== undefined) return session ?? { stdout: converse(String(call.stdin)) };
    if (call.args.includes('-V')) return { stdout: 'slurm 22.05.8\n' };
    if (call.args.includes('ping')) return { stdout: 'Slurmctld(primary) at vm is UP\n' };
    if (call.args.includes('job') && call.program.env?.['SLURM_TIME_FORMAT'] !== undefined) return { stdout: 'no times for people' };
    if (call.args.includes('job')) return typeof all === 'string' ? { stdout: all } : all;
    return { stdout: call.args.includes('node') ? node : 'ClusterName = c\n' };
  });
  const { detailsOfMany, details } = controllerOn(processes, manualClock(), 'detailsOfMany');
  const names = () => processes.calls.map(({ program, stdin }) => `${program.name}${stdin === undefined ? '' : ' <'}`);
  const sessions = () => processes.calls.filter(({ stdin }) => stdin !== undefined).map(({ stdin }) => String(stdin));
  return { detailsOfMany, details, names, sessions };
}

function isAsked({ args }: Call): (row: Readonly<Record<string, string>>) => boolean {
  const jobs = args.find((arg) => arg.startsWith('--jobs='))?.slice('--jobs='.length);
  return jobs === undefined ? () => true : ({ JobID = '' }) => jobs.split(',').includes(JobID);
}

function converse(stdin: string): string {
  const said = stdin
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [verb, kind, word = ''] = line.split(' ');
      const answer = kind === 'hostnames' ? `${word}\n` : verb === 'write' ? `#!/bin/sh\necho ${word}` : text(Number(word));
      return `scontrol: ${line}\n${answer}`;
    });
  return `${said.join('')}scontrol: `;
}

const row = (id: number, own: Readonly<Record<string, string>> = {}) => ({ JobID: `${id}`, ArrayJobID: `${id}`, ...own });
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

async function told(
  slurm: Slurm,
  ids: readonly number[],
  options: DetailsOptions = allocationsOnly,
): Promise<ReadonlyMap<number, JobDetails>> {
  const all = new Map<number, JobDetails>();
  for await (const piece of asked(slurm).detailsOfMany(new Set(ids), options)) for (const [id, one] of piece) all.set(id, one);
  return all;
}

describe('details of many jobs', () => {
  test('are one squeue and one scontrol for all, one more for each 200 scripts, and what each alone would tell', async () => {
    const ids = upTo(450);
    const rows = ids.map((id) => row(id));
    const { detailsOfMany, details, names, sessions } = asked({ rows, all: ids.map((id) => text(id)).join('') });
    const pieces: ReadonlyMap<number, JobDetails>[] = [];
    for await (const piece of detailsOfMany(new Set(ids), everything)) pieces.push(piece);
    assert.deepEqual(
      pieces.map(({ size }) => size),
      [200, 200, 50],
    );
    assert.deepEqual(
      names().slice(1),
      ['squeue', 'scontrol', 'scontrol', 'scontrol', ...Array(3).fill('scontrol <')],
      'nodes and their cluster',
    );
    assert.doesNotMatch(sessions().join(''), /show job/);
    const answer = (await details([7], everything)).get(7);
    assert.deepEqual(pieces[0]?.get(7), answer?.kind === 'known' && answer.value);
  });

  test('tell of those asked for alone, of ended ones what they held, of tasks of an array one script', async () => {
    const rows = [
      row(1),
      row(2, { State: 'COMPLETED' }),
      row(3),
      row(5, { ArrayJobID: '4', ArrayTaskID: '0' }),
      row(6, { ArrayJobID: '4', ArrayTaskID: '1' }),
    ];
    const all = text(1) + text(2, { state: 'COMPLETED' }) + text(3) + text(5) + text(6);
    const details = await told({ rows, all }, [1, 2, 5, 6], everything);
    assert.deepEqual([...details.keys()], [1, 2, 5, 6]);
    assert.deepEqual([details.get(1)?.allocation?.devicesLost, details.get(2)?.allocation?.devicesLost], [undefined, true]);
    assert.equal(details.get(5)?.script, details.get(6)?.script);
  });

  test('leave open what is not certain: other states, other runs, other names, no text', async () => {
    const rows = [
      row(1, { State: 'COMPLETING' }),
      row(2, { State: 'COMPLETED' }),
      row(3),
      row(4, { RestartCnt: '1' }),
      row(5, { Name: 'y' }),
      row(6),
      row(7, { State: 'COMPLETED', NodeList: '' }),
      row(8),
    ];
    const all = text(1) + text(2) + text(3, { state: 'COMPLETING' }) + text(4) + text(5) + text(7) + text(8);
    assert.deepEqual([...(await told({ rows, all }, upTo(8))).keys()], [8]);
  });

  test('a text in a comment forges nothing, and its owner’s own is not cut by it', async () => {
    const forged = `\n\n${text(2, { cpus: '14-15' })}`.trimEnd();
    const all = text(1, { comment: forged }) + text(2) + text(3);
    const rows = [row(1, { Comment: forged }), row(2), row(3)];
    assert.deepEqual([...(await told({ rows, all }, upTo(3), everything)).keys()], [3]);
    assert.deepEqual([...(await told({ rows: [row(2)], all }, [2])).keys()], [], 'also of a job that is not asked about');
    const cut = text(1, { comment: '\nJobId=9 JobName=x' }) + text(2);
    assert.deepEqual([...(await told({ rows, all: cut }, upTo(2), everything)).keys()], [2], 'nor where squeue does not show it');
  });

  test('a text that is cut is none; an answer that breaks off is an error', async () => {
    const whole = text(1) + text(2);
    const rows = [row(1), row(2)];
    assert.deepEqual([...(await told({ rows, all: whole.slice(0, -1) }, upTo(2))).keys()], [1]);
    const down = { stdout: whole, stderr: 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n', code: 1 };
    await assert.rejects(told({ rows, all: down }, upTo(2)), { code: 'slurm.unreachable' });
    await assert.rejects(told({ rows, all: whole, session: { stdout: '' } }, upTo(2), everything), { code: 'slurm.incomplete' });
  });

  test('of none that squeue shows need no scontrol', async () => {
    const { detailsOfMany, names } = asked({ rows: [row(1)], all: '' });
    for await (const piece of detailsOfMany(new Set([2]), everything)) assert.fail(`${piece.size}`);
    assert.deepEqual(names(), ['scontrol', 'squeue']);
  });
});
