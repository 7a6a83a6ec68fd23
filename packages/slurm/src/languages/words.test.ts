import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  expandHostlist,
  foldHostlist,
  formatExitCode,
  formatGres,
  formatJobId,
  formatRanges,
  formatState,
  formatTres,
  parseArrayTasks,
  parseDuration,
  parseExitCode,
  parseGres,
  parseJobId,
  parseMemoryMiB,
  parseNodeState,
  parseRanges,
  parseRequestedMemory,
  parseState,
  parseTime,
  parseTimeLimit,
  parseTres,
} from './index.ts';

/** Readers by kind of word; where Slurm's own spelling is ours too, the writer must give the word again. */
const readers: Readonly<Record<string, (word: string) => unknown>> = {
  arrayTasks: parseArrayTasks,
  duration: parseDuration,
  exitCode: (word) => same(word, parseExitCode(word), formatExitCode),
  gres: (word) => (word.startsWith('gpu:') && !word.includes('N/A') ? same(word, parseGres(word), formatGres) : parseGres(word)),
  hostlist: (word) => (word === 'None assigned' ? expandHostlist(word) : same(word, expandHostlist(word), foldHostlist)),
  jobId: (word) => same(word, parseJobId(word), formatJobId),
  memory: parseMemoryMiB,
  nodeState: parseNodeState,
  range: (word) => same(word, parseRanges(word), formatRanges),
  requestedMemory: parseRequestedMemory,
  state: (word) => (word === 'REQUEUED' ? parseState(word) : same(word, parseState(word), formatState)),
  time: parseTime,
  timeLimit: parseTimeLimit,
  tres: (word) => (/G|null/.test(word) ? parseTres(word) : same(word, parseTres(word), formatTres)),
};

function same<T>(word: string, value: T | undefined, write: (value: T) => string): T | undefined {
  if (value !== undefined) assert.equal(write(value), word);
  return value;
}

const recorded = JSON.parse(readFileSync(new URL('recordings/words.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, string[]>
>;

for (const [release, kinds] of Object.entries(recorded)) {
  test(`every word that Slurm ${release} wrote is read`, () => {
    assert.deepEqual(Object.keys(kinds).sort(), Object.keys(readers).sort());
    for (const [kind, words] of Object.entries(kinds)) {
      // Steps leave columns empty; 4294967294 is ArrayTaskId of a job that is no array; INVALID is no time.
      for (const word of words.filter((one) => !['', '4294967294', 'INVALID'].includes(one))) {
        assert.notEqual(readers[kind]?.(word), undefined, `${kind} ${word}`);
      }
    }
  });
}
