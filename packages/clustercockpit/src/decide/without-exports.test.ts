import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutExports } from './without-exports.ts';

const told = (submitLine: string) =>
  ['JobId=7 JobName=x', '   Command=/home/a/x.sh', `   SubmitLine=${submitLine}`, '   WorkDir=/home/a', '   Comment=none', ''].join('\n');
const without = ['JobId=7 JobName=x', '   Command=/home/a/x.sh', '   WorkDir=/home/a', '   Comment=none', ''].join('\n');

describe('a job without the values of its exports', () => {
  for (const line of [
    'sbatch --export=TOKEN=s3cret x.sh',
    'sbatch --export ALL,TOKEN=s3cret x.sh',
    'sbatch -n 2 --export=ALL,TOKEN=first line\nsecond s3cret line x.sh',
    'sbatch --export=TOKEN=s3cret\n   WorkDir=/tmp\ns3cret x.sh',
  ]) {
    it(`shows nothing of ${JSON.stringify(line)}`, () => assert.equal(withoutExports(told(line)), without));
  }

  for (const line of [
    'sbatch --export=ALL --mem=2G x.sh',
    'sbatch --export NONE --mem=2G x.sh',
    'sbatch --export=PATH,HOME x.sh',
    '(null)',
  ]) {
    it(`stays as it is with ${line}`, () => assert.equal(withoutExports(told(line)), told(line)));
  }

  it('goes to the end of a text that has no WorkDir behind it', () => {
    assert.equal(withoutExports('JobId=7\n   SubmitLine=sbatch --export=A=b x.sh\nrest'), 'JobId=7');
  });

  it('is the text itself where Slurm tells no command line', () => assert.equal(withoutExports(without), without));
});
