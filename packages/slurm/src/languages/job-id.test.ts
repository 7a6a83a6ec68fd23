import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { expandTaskList, formatJobId, type JobIdParts, parseArrayTasks, parseJobId } from './job-id.ts';

const job: JobIdParts = { jobId: 123, taskId: null, pending: null, hetOffset: null, step: null };

test('jobs, array tasks, het components and steps', () => {
  const cases: Record<string, JobIdParts> = {
    '123': job,
    '123_4': { ...job, taskId: 4 },
    '123_[1-5%2]': { ...job, pending: '1-5%2' },
    '123_[1-5,9,20-30:2%2]': { ...job, pending: '1-5,9,20-30:2%2' },
    '123_[1,3,5,...%4]': { ...job, pending: '1,3,5,...%4' },
    '123+1': { ...job, hetOffset: 1 },
    '123.0': { ...job, step: { name: 0, hetOffset: null } },
    '123.batch': { ...job, step: { name: 'batch', hetOffset: null } },
    '123.extern': { ...job, step: { name: 'extern', hetOffset: null } },
    '123.interactive': { ...job, step: { name: 'interactive', hetOffset: null } },
    '123_4.batch': { ...job, taskId: 4, step: { name: 'batch', hetOffset: null } },
    '123+1.0': { ...job, hetOffset: 1, step: { name: 0, hetOffset: null } },
    '123.0+1': { ...job, step: { name: 0, hetOffset: 1 } },
  };
  for (const [text, parts] of Object.entries(cases)) {
    assert.deepEqual(parseJobId(text), parts, text);
    assert.equal(formatJobId(parts), text);
  }
});

// An array of 400 tasks in squeue %i, squeue %K and sacct of 22.05.
test('lists of tasks that Slurm has cut', () => {
  assert.deepEqual(parseJobId('1_[1,8,15,22,29,36,43,50,57,64,'), { ...job, jobId: 1, pending: '1,8,15,22,29,36,43,50,57,64,...' });
  assert.deepEqual(parseJobId('1_[1,8,15'), { ...job, jobId: 1, pending: '1,8,...' });
  assert.deepEqual(parseJobId('1_[1-40'), { ...job, jobId: 1, pending: '...' });
  const cut = '1,8,15,22,29,36,43,50,57,64,71,78,85,92,99,106,113,120,127,1...%5';
  assert.equal(parseJobId(`1_[${cut}]`)?.pending, cut);
  assert.equal(parseArrayTasks(cut), undefined);
  assert.equal(expandTaskList('1,8,1...'), undefined);
});

test('text that is no job is refused', () => {
  const texts = [
    '',
    '0',
    '-1',
    '0123',
    '123_',
    '123_04',
    '123_[',
    '123_[]',
    '123_[5-1]',
    '123_[1%]',
    '123_[1].0',
    '123+',
    '123.',
    '123.bash',
    '123_4+1',
    '4294967294',
    '99999999999',
    '123 ',
    '123\n',
    '１２３',
    '123_[1][2]',
    '123;rm',
  ];
  for (const text of texts) assert.equal(parseJobId(text), undefined, text);
});

test('tasks of an array and their limit', () => {
  assert.deepEqual(parseArrayTasks('1-5,9,20-30:2%2'), { tasks: '1-5,9,20-30:2', limit: 2 });
  assert.deepEqual(parseArrayTasks('7'), { tasks: '7', limit: null });
  // ArrayTaskId of scontrol for a job that is no array (24.11); a list that Slurm has cut.
  for (const text of ['', '4294967294', '1,3,...', '1-', '%2', '1%2%3', '1-3:0']) assert.equal(parseArrayTasks(text), undefined, text);
});

test('task lists are expanded within bounds', () => {
  assert.deepEqual(expandTaskList('1-3,9,20-24:2'), [1, 2, 3, 9, 20, 22, 24]);
  assert.equal(expandTaskList('0-9', 9), undefined);
  assert.equal(expandTaskList('0-4294967293'), undefined);
  assert.deepEqual(expandTaskList('0-4000000000:4000000000'), [0, 4_000_000_000]);
  for (const text of ['', '1,', '1-2-3', '1:2:3', '1-9:0', '1,...', 'a']) assert.equal(expandTaskList(text), undefined, text);
});

test('ids are written as they are read', () => {
  const id = fc.nat();
  const step = fc.option(
    fc.record({ name: fc.oneof(id, fc.constantFrom('batch', 'extern', 'TBD')), hetOffset: fc.option(id) }, { noNullPrototype: true }),
  );
  const task = fc.record({ taskId: fc.option(id), hetOffset: fc.constant(null), step }, { noNullPrototype: true });
  const component = fc.record({ taskId: fc.constant(null), hetOffset: fc.option(id), step }, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.nat(), fc.oneof(task, component), (jobId, rest) => {
      const parts = { jobId: jobId + 1, pending: null, ...rest };
      assert.deepEqual(parseJobId(formatJobId(parts)), parts);
    }),
  );
});

test('any text is read without a throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: character }), (text) => {
      parseJobId(text);
      parseArrayTasks(text);
      expandTaskList(text);
    }),
  );
});
