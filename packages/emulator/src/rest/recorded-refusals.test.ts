import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { at, withRest } from './slurmrestd.fixture.ts';

const releases = [
  { name: '22.05', release: '22.05.8', version: 'v0.0.38' },
  { name: '23.11', release: '23.11.11', version: 'v0.0.40' },
  { name: '24.11', release: '24.11.7', version: 'v0.0.42' },
  { name: '25.05', release: '25.05.8', version: 'v0.0.43' },
  { name: '26.05', release: '26.05.3', version: 'v0.0.45' },
];

for (const { name, release, version } of releases) {
  describe(`what slurmrestd of ${name} refuses`, () => {
    const recorded = (file: string) => readFileSync(new URL(`recordings/${name}/${file}`, import.meta.url), 'utf8');

    test('a token that is none', () =>
      withRest(release, async ({ ask }) => {
        const [head = '', body = ''] = recorded('bad-token.txt').replaceAll('\r', '').split('\n\n');
        const answer = await ask('GET', `/slurm/${version}/jobs`, undefined, { 'X-SLURM-USER-NAME': 'root', 'X-SLURM-USER-TOKEN': 'bad' });
        assert.equal(answer.status, Number(head.split(' ')[1]));
        assert.deepEqual(withoutSource(answer.json), withoutSource(JSON.parse(body)));
      }));

    test('a job that it does not know', () =>
      withRest(release, async ({ ask }) => {
        const answer = await ask('GET', `/slurm/${version}/job/999999`);
        assert.deepEqual(withoutSource(answer.json), withoutSource(JSON.parse(recorded('rest-slurm-job-missing.json'))));
      }));

    test('seconds as a time before 24.11, and nothing found after it', () =>
      withRest(release, async ({ ask }) => {
        const answer = await ask('GET', `/slurmdb/${version}/jobs?start_time=1795253890&state=FAILED`);
        const real: unknown = JSON.parse(recorded('rest-slurmdb-jobs-range.json'));
        for (const key of ['errors', 'warnings', 'jobs']) assert.deepEqual(plain(at(answer.json, key)), plain(at(real, key)), key);
      }));
  });
}

/** Where the question came from, and addresses in memory, differ by chance. */
function withoutSource(document: unknown): unknown {
  const text = JSON.stringify(document).replace(/"client":\{"source":"[^"]*"/, '"client":{"source":""');
  return JSON.parse(text) as unknown;
}

function plain(value: unknown): unknown {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value)
    .replace(/0x[0-9a-f]+/g, '0x')
    .replace(/Parsing of [0-9]+ for/g, 'Parsing of … for')
    .replace('"source":"_op_handler_jobs"', '"source":"op_handler_jobs"');
  return JSON.parse(text) as unknown;
}
