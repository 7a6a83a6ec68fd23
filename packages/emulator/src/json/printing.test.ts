import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { chooseDialect, jobsJson, printJson, printYaml } from './index.ts';
import { recordedJobs } from './jobs.fixture.ts';
import { labSlurm, labSpec } from './lab.fixture.ts';
import { momentsOf } from './moments.fixture.ts';
import { objects, recordedReleases, recording } from './recordings.fixture.ts';
import { Real } from './value.ts';

const text = (path: string) => readFileSync(new URL(`recordings/${path}`, import.meta.url), 'utf8');

for (const { name, release, dialect } of recordedReleases) {
  describe(`--json of ${name}`, () => {
    test('without an argument it is the newest dialect', () => {
      assert.deepEqual(chooseDialect(release, 'squeue', 'json', null), { kind: 'dialect', dialect });
    });

    test('list says what there is', () => {
      const said = chooseDialect(release, 'squeue', 'json', 'list');
      assert.ok(said.kind === 'text');
      assert.deepEqual([said.stdout, said.stderr], [text(`${name}/json-list.txt`), text(`${name}/json-list.err.txt`)]);
    });

    test('another dialect is refused', () => {
      const said = chooseDialect(release, 'squeue', 'json', 'v0.0.1');
      assert.ok(said.kind === 'text');
      const [, ...lines] = text(`${name}/json-bad-parser.txt`).split('\n');
      const recorded = lines.slice(
        0,
        lines.findIndex((line) => line.startsWith('rc=')),
      );
      assert.deepEqual([said.stderr, said.exitCode], [`${recorded.join('\n')}\n`, 1]);
    });
  });
}

describe('a job as text', () => {
  const release = recordedReleases[2];
  const document = recording(release, 'squeue-7');
  const [recorded] = objects(document['jobs']);
  const make = () => {
    assert.ok(recorded);
    const { make: job } = recordedJobs['two GPUs with their indices'] ?? {};
    assert.ok(job);
    const as = { uid: 0, gid: 0, user: 'root', group: 'root' };
    const call = { release: release.release, dialect: release.dialect, command: 'squeue', argv: ['--json', '-t', 'all', '-j', '7'], as };
    return jobsJson(labSlurm(labSpec(release.release, release.port), 1_795_253_919), [job(momentsOf(recorded, release))], call);
  };
  const lines = (all: string) => all.replace(/number(": |: !!int )1795[0-9]{6}/g, 'number$1 then').split('\n');

  test('JSON to the byte, but for the last update', () => {
    const real = gunzipSync(readFileSync(new URL('recordings/24.11/squeue-7.json.gz', import.meta.url))).toString('utf8');
    assert.deepEqual(lines(`${printJson(make())}\n`), lines(real));
  });

  test('YAML line by line', () => {
    const real = gunzipSync(readFileSync(new URL('recordings/24.11/squeue-7.yaml.gz', import.meta.url))).toString('utf8');
    const yamlOnly = lines(real).filter((line) => !/--yaml|-t|all/.test(line));
    assert.deepEqual(
      lines(printYaml(make())).filter((line) => !/--json|-t|all/.test(line)),
      yamlOnly,
    );
  });
});

test('numbers and texts that JSON makes hard', () => {
  assert.equal(
    printJson([new Real(2), new Real(0.5), new Real(Number.POSITIVE_INFINITY), 'a/b "c"\n\u0001']),
    '[\n  2.0,\n  0.5,\n  Infinity,\n  "a\\/b \\"c\\"\\n\\u0001"\n]',
  );
  assert.equal(
    printYaml({ a: 'x: y', b: '', c: [] }),
    "%YAML 1.1\n--- !!map\n!!str a: !!str 'x: y'\n!!str b: !!str\n!!str c: !!seq []\n...\n\n",
  );
});

test('YAML folds long texts where libyaml does', () => {
  const line =
    'sbatch --parsable -o /tmp/lab-24.11/work/%j.%N.out -w node04 -n1 -J completed --wrap srun -J stepname true; srun true; exit 0';
  const recorded =
    '  !!str submit_line: !!str sbatch --parsable -o /tmp/lab-24.11/work/%j.%N.out -w node04\n' +
    '    -n1 -J completed --wrap srun -J stepname true; srun true; exit 0\n';
  assert.ok(printYaml({ jobs: [{ job_id: 25, submit_line: line }] }).includes(recorded));
});
