import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, systemProcesses } from '@sluice/io';
import { type Lab, LabUnavailable } from '../lab/lab.ts';
import { labOrReason, until } from './on-lab.ts';

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const lab = await labOrReason();

if (lab instanceof LabUnavailable) it('sluice slurm on a real Slurm', { skip: lab.message });
else describe(`sluice slurm on Slurm ${lab.release}`, () => slurmCommands(lab));

function slurmCommands(lab: Lab): void {
  const name = 'odd "name"\nJOB';
  let id = 0;

  async function sluice(...args: string[]): Promise<Finished & { readonly text: string }> {
    const program = { name: process.execPath, timeoutMs: 300_000, inherit: [], env: lab.env, maxOutputBytes: 1 << 24 };
    const finished = await systemProcesses({}).run({ program, args: ['--conditions=@sluice/source', main, 'slurm', ...args] });
    return { ...finished, text: finished.stdout.toString('utf8') };
  }
  const jsonLines = (text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  before(async () => {
    const args = ['-o', '/dev/null', '-p', 'gpu', '-w', 'gpu01', '--gres=gpu:a100:1', '-J', name];
    id = await lab.submit('alice', args, '#!/bin/sh\nsleep 600\n');
    await until('the job runs', async () => (await lab.ask('squeue', ['-h', '-t', 'R', '-o', '%A'])) === String(id));
  });
  after(() => lab.down());

  it('check finds all in order', async () => {
    const { code, text, stderr } = await sluice('check');
    assert.equal(code, 0, text + stderr);
    assert.match(text, new RegExp(`^ok {4}release: Slurm ${lab.release.replaceAll('.', '\\.')}$`, 'm'));
    assert.match(text, /^ok {4}controllers: .* up$/m);
    assert.match(text, /^ok {4}privileges: root has AdminLevel Administrator/m);
    const findings = jsonLines((await sluice('check', '--json')).text);
    assert.equal(findings.length, text.split('\n').filter((line) => /^(ok|note|FAIL) /.test(line)).length);
  });

  it('jobs, nodes and allocations: one line per record, for people and as JSON', async () => {
    const table = (await sluice('jobs')).text.split('\n').filter(Boolean);
    assert.equal(table.length, 2, 'a newline in a name starts no line');
    assert.match(table[1] ?? '', new RegExp(`^ *${id}  odd "name"\\\\nJOB  alice `));
    const [job, ...others] = jsonLines((await sluice('jobs', '--json')).text);
    assert.deepEqual([others.length, job.jobId, job.name, job.state.base, job.nodes], [0, id, name, 'RUNNING', 'gpu01']);
    assert.equal(jsonLines((await sluice('nodes', '--json')).text).length, 6);
    assert.match((await sluice('nodes')).text, /^gpu01 .*gpu:a100:4 \(1 used\)/m);
    assert.match((await sluice('allocations')).text, new RegExp(`^ *${id}  gpu01 .*gpu:a100:1\\(IDX:\\d\\)$`, 'm'));
    assert.equal(jsonLines((await sluice('allocations', '--json')).text)[0].nodes[0].node, 'gpu01');
  });

  it('ended: the rows of a window, and an empty one', async () => {
    await lab.ask('scancel', [String(id)]);
    await until(
      'accounting knows its end',
      async () => (await lab.ask('sacct', ['-n', '-X', '-P', '-j', String(id), '--format=End'])) !== 'Unknown',
    );
    const ended = jsonLines((await sluice('ended', '--since', '10m', '--json')).text);
    assert.deepEqual(
      ended.map((job) => [job.jobId, job.state.base]),
      [[id, 'CANCELLED']],
    );
    const none = await sluice('ended', '--since', '2020-01-01', '--until', '2020-01-02');
    assert.deepEqual([none.code, none.text], [0, '']);
    assert.match(none.stderr, /^0 rows of accounting, 2020-01-01 00:00:00 to 2020-01-02 00:00:00 UTC, 0 unreadable$/m);
  });

  it('a directory of commands that is not there is told at once, with what named it', async () => {
    const { code, text, stderr } = await sluice('jobs', '--bin-path', '/nonexistent');
    assert.deepEqual([code, text], [78, '']);
    assert.match(stderr, /^sluice: --bin-path: \/nonexistent does not exist\n/);
  });
}
