import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from '../languages/character.fixture.ts';
import { columnsOf } from './squeue-columns.ts';
import { SqueueDecoder, UnreadableRow } from './squeue-record.ts';

const columns = columnsOf({ text: '26.05.3', major: 2605, micro: 3 }, new Set());
const usual: Readonly<Record<string, string>> = {
  ...{
    JobID: '7',
    ArrayJobID: '7',
    ArrayTaskID: 'N/A',
    HetJobID: 'N/A',
    State: 'RUNNING',
    StartTime: '5',
    EndTime: 'N/A',
    SubmitTime: '4',
  },
  ...{ EligibleTime: '4', TimeLimit: '1:00:00', NodeList: 'n1', NumNodes: '1', NumCPUs: '2', 'tres-alloc': 'cpu=2', OverSubscribe: 'NO' },
};
const row = (own: Readonly<Record<string, string>>) => columns.map((name) => own[name] ?? usual[name] ?? '');
const job = (own: Readonly<Record<string, string>>) => new SqueueDecoder(columns).job(row(own));

test('any row is a job or unreadable, nothing else is thrown', () => {
  const text = fc.oneof(
    fc.string({ unit: character, maxLength: 20 }),
    fc.constantFrom('0', '-1', '1e9', 'N/A', '(null)', '99999999999999999999', 'K'),
  );
  const decoder = new SqueueDecoder(columns);
  fc.assert(
    fc.property(
      fc.array(text, { minLength: columns.length - 1, maxLength: columns.length + 1 }),
      fc.dictionary(fc.constantFrom(...columns), text),
      (noise, own) => {
        for (const attempt of [noise, row(own)]) {
          try {
            decoder.job(attempt);
          } catch (error) {
            assert.ok(error instanceof UnreadableRow, String(error));
          }
        }
      },
    ),
  );
});

test('what users write stays in its own field', () => {
  const own = fc.constantFrom(
    'Name',
    'Comment',
    'admin_comment',
    'WorkDir',
    'STDOUT',
    'STDERR',
    'STDIN',
    'Command',
    'Dependency',
    'Reason',
  );
  fc.assert(
    fc.property(own, fc.string({ unit: character }), (column, text) => {
      const changed = Object.entries(job({ [column]: text })).filter(
        ([key, value]) => JSON.stringify(value) !== JSON.stringify(job({})[key as 'name']),
      );
      assert.ok(changed.length <= 1, JSON.stringify(changed));
    }),
  );
});

test('an estimate is no start; a job that never ran has none', () => {
  assert.deepEqual([job({ State: 'PENDING', NodeList: '' }).start, job({ State: 'PENDING', NodeList: '' }).expectedStart], [null, 5]);
  const cancelled = { State: 'CANCELLED', NodeList: '', StartTime: '9', EndTime: '9' };
  assert.deepEqual([job(cancelled).start, job(cancelled).end], [null, 9]);
  assert.deepEqual([job({ State: 'CANCELLED', StartTime: '9', EndTime: '9' }).start, job({ EndTime: '9' }).end], [9, null]);
  assert.deepEqual([job({ State: 'COMPLETING', EndTime: '9' }).end, job({ State: 'COMPLETING' }).state.base], [9, 'RUNNING']);
});

test('exit codes in the form of each release', () => {
  const code = (text: string) => job({ State: 'FAILED', exit_code: text }).exitCode;
  assert.deepEqual(
    [code('768'), code('11'), code('3:0'), code('0:9')],
    [
      { code: 3, signal: 0 },
      { code: 0, signal: 11 },
      { code: 3, signal: 0 },
      { code: 0, signal: 9 },
    ],
  );
  assert.equal(job({ exit_code: '0:0' }).exitCode, null, 'a running job has none');
});

test('counts that Slurm shortens', () => {
  assert.deepEqual([job({ NumCPUs: '16K' }).cpus, job({ NumNodes: '2K' }).nodeCount], [16_384, 2048]);
});
