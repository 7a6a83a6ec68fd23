import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { JobRow, JobRowQuery } from '../model/slurmdbd.ts';
import { openStore } from '../store/store.ts';
import { jobRow } from './accounting.fixture.ts';
import { JobRows } from './job-rows.ts';

interface RecordedRow {
  readonly jobId: number;
  readonly arrayJobId: number;
  readonly taskId: number | null;
  readonly pending?: string;
  readonly hetJobId: number;
  readonly hetOffset: number | null;
  readonly state: JobRow['state'];
  readonly submit: number;
  readonly eligible: number | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly user: string;
  readonly account: string;
  readonly nodes: string;
}

interface Recording {
  readonly now: number;
  readonly rows: readonly RecordedRow[];
  readonly answers: readonly {
    readonly name: string;
    readonly command: string;
    readonly rows: readonly Readonly<Record<string, string>>[];
  }[];
}

const directory = new URL('recordings/job-rows/', import.meta.url);
const states: Readonly<Record<string, string>> = {
  F: 'FAILED',
  TO: 'TIMEOUT',
  NF: 'NODE_FAIL',
  CA: 'CANCELLED',
  R: 'RUNNING',
  PD: 'PENDING',
  RQ: 'REQUEUED',
};

function rebuilt(recorded: RecordedRow, number: number): JobRow {
  const {
    jobId,
    arrayJobId,
    taskId,
    pending = null,
    hetJobId,
    hetOffset,
    state,
    submit,
    eligible,
    start,
    end,
    user,
    account,
    nodes,
  } = recorded;
  const array = arrayJobId === 0 ? null : { jobId: arrayJobId, taskId, pending, maxRunning: null };
  const het = hetJobId === 0 ? null : { jobId: hetJobId, offset: hetOffset ?? 0 };
  return jobRow({ dbIndex: String(number), jobId, array, het, state, submit, eligible, start, end, user, account, nodes });
}

/** What sacct makes of its own options before it asks slurmdbd: with states and no end, the end is the start. */
function query(command: string, now: number): JobRowQuery {
  const words = command.split(' ');
  const option = (name: string): string | undefined => words[words.indexOf(name) + 1 || words.length];
  const time = (text: string): number => (text === 'now' ? now : Date.parse(`${text}Z`) / 1000);
  const [start, end, jobs, chosen] = ['-S', '-E', '-j', '-s'].map(option);
  const duplicates = words.includes('-D');
  if (jobs !== undefined) return { jobIds: [jobs], duplicates };
  const from = start === undefined ? Math.floor(now / 86_400) * 86_400 : time(start);
  const to = end === undefined ? (chosen === undefined ? now : from) : time(end);
  return { from, to, duplicates, ...(chosen === undefined ? {} : { states: chosen.split(',').map((word) => states[word] ?? word) }) };
}

function jobIdText({ jobId, array, het }: JobRow): string {
  if (array !== null) return `${array.jobId}_${array.taskId ?? `[${array.pending ?? ''}]`}`;
  return het === null ? String(jobId) : `${het.jobId}+${het.offset}`;
}

function timeText(epoch: number | null): string {
  return epoch === null ? 'None' : new Date(epoch * 1000).toISOString().slice(0, 19);
}

for (const file of readdirSync(directory)) {
  test(`rows are chosen as ${file.replace('.json', '')} chose them`, (t) => {
    const { now, rows, answers } = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as Recording;
    const store = openStore(':memory:');
    t.after(() => store.close());
    const table = new JobRows(store);
    for (const [index, row] of rows.entries()) table.put(rebuilt(row, index + 1));
    assert.equal(answers.length, 21);
    for (const answer of answers) {
      const columns = answer.rows.map((row) => [row['JobID'], row['Submit'] ?? '', row['Start'], row['End']].join('|'));
      const chosen = [...table.query(query(answer.command, now))].map((row) =>
        [jobIdText(row), answer.rows[0]?.['Submit'] === undefined ? '' : timeText(row.submit), timeText(row.start), timeText(row.end)].join(
          '|',
        ),
      );
      assert.deepEqual(chosen, columns, `${answer.name}: ${answer.command}`);
    }
  });
}

test('a row is replaced by a newer one, also while it is held back, and read back whole', (t) => {
  const store = openStore(':memory:');
  t.after(() => store.close());
  const rows = new JobRows(store);
  const pending = jobRow({ state: 'PENDING', start: null, end: null, nodes: '', script: '#!/bin/sh\n', environment: 'A=1' });
  rows.put(pending);
  assert.deepEqual({ ...rows.get('1') }, pending);
  assert.equal([...rows.query({ states: ['PENDING'] })].length, 1);
  const done = { ...pending, state: 'COMPLETED' as const, start: 1000, end: 1060 };
  rows.put(done);
  const [read] = [...rows.query({ jobIds: ['1'] })];
  assert.deepEqual({ ...read }, done);
  assert.deepEqual([...rows.query({ states: ['PENDING'] })], []);
});

test('jobs are chosen by id, task, component, user, account, node and name', (t) => {
  const store = openStore(':memory:');
  t.after(() => store.close());
  const rows = new JobRows(store);
  for (const task of [0, 1, 2]) {
    rows.put(
      jobRow({ dbIndex: `a${task}`, jobId: 10 + task, array: { jobId: 10, taskId: task, pending: null, maxRunning: null }, name: 'arr' }),
    );
  }
  for (const offset of [0, 1])
    rows.put(jobRow({ dbIndex: `h${offset}`, jobId: 20 + offset, het: { jobId: 20, offset }, user: 'bob', account: 'chem' }));
  rows.put(jobRow({ dbIndex: 's', jobId: 30, nodes: 'gpu[01-02]' }));
  const ids = (asked: JobRowQuery): readonly number[] => [...rows.query(asked)].map(({ jobId }) => jobId);
  assert.deepEqual(ids({ jobIds: ['10'] }), [10, 11, 12]);
  assert.deepEqual(ids({ jobIds: ['10_1'] }), [11]);
  assert.deepEqual(ids({ jobIds: ['10_[0,2-3]', '30'] }), [30, 10, 12]);
  assert.deepEqual(ids({ jobIds: ['20+1'] }), [21]);
  assert.deepEqual(ids({ jobIds: ['nonsense'] }), []);
  assert.deepEqual(ids({ users: ['bob'], accounts: ['chem'] }), [20, 21]);
  assert.deepEqual(ids({ nodes: ['gpu02'] }), [30]);
  assert.deepEqual(ids({ names: ['arr'], states: ['COMPLETED'] }), [10, 11, 12]);
});

test('a resized job has a row of each size, a requeued one that of its last run', (t) => {
  const store = openStore(':memory:');
  t.after(() => store.close());
  const rows = new JobRows(store);
  rows.put(jobRow({ dbIndex: '1', state: 'RESIZING', submit: 1000, start: 1000, end: 1010 }));
  rows.put(jobRow({ dbIndex: '2', state: 'COMPLETED', submit: 1010, start: 1000, end: 1060 }));
  rows.put(jobRow({ dbIndex: '3', jobId: 2, state: 'NODE_FAIL', submit: 1000, start: 1000, end: 1010 }));
  rows.put(jobRow({ dbIndex: '4', jobId: 2, state: 'PENDING', submit: 1010, eligible: null, start: null, end: null }));
  const found = (asked: JobRowQuery): readonly string[] => [...rows.query(asked)].map(({ dbIndex }) => dbIndex);
  assert.deepEqual(found({ jobIds: ['1'] }), ['1', '2']);
  assert.deepEqual(found({ jobIds: ['2'] }), ['4']);
  assert.deepEqual(found({ from: 0, to: 9999 }), ['1', '3', '2']);
  assert.deepEqual(found({ from: 0, to: 9999, states: ['NODE_FAIL'] }), ['3']);
  assert.deepEqual(found({ jobIds: ['2'], duplicates: true }), ['3', '4']);
});
