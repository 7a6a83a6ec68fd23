import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GivenOption, OptionError, optionErrorText, optionTable, readOptions } from './options.ts';

/** A part of squeue's table, in its order. */
const squeue = optionTable([
  'format,o:',
  'Format,O:',
  'help',
  'jobs,j::',
  'me',
  'noconvert',
  'node|nodes|nodelist,w:',
  'noheader,h',
  'start',
  'states,t:',
  'user|users,u:',
  'json::',
]);
const sbatch = optionTable(['wrap:', 'ntasks,n:', 'hold,H'], { stopsAtOperand: true });

function given(...argv: string[]): readonly GivenOption[] {
  return readOptions(argv, squeue).options;
}

describe('options as getopt reads them', () => {
  it('understands every way to give a value', () => {
    const format = [{ name: 'format', value: '%i' }];
    for (const argv of [['-o%i'], ['-o', '%i'], ['--format=%i'], ['--format', '%i'], ['--form', '%i']])
      assert.deepEqual(given(...argv), format);
    assert.deepEqual(given('-ho%i'), [{ name: 'noheader', value: null }, ...format]);
    assert.deepEqual(given('-o', '--help'), [{ name: 'format', value: '--help' }]);
    assert.deepEqual(given('--format='), [{ name: 'format', value: '' }]);
  });

  it('takes a value that need not be only where it is attached', () => {
    const { options, operands } = readOptions(['--json', 'v0.0.42'], squeue);
    assert.deepEqual([options, operands], [[{ name: 'json', value: null }], ['v0.0.42']]);
    assert.deepEqual(given('--json=v0.0.42', '-j5', '-j', '6'), [
      { name: 'json', value: 'v0.0.42' },
      { name: 'jobs', value: '5' },
      { name: 'jobs', value: null },
    ]);
  });

  it('finds operands between options, unless the first ends them', () => {
    assert.deepEqual(readOptions(['a', '-h', 'b', '-', '--', '-o'], squeue).operands, ['a', 'b', '-', '-o']);
    const { options, operands } = readOptions(['-n2', 'script', '-H', '--', 'x'], sbatch);
    assert.deepEqual([options, operands], [[{ name: 'ntasks', value: '2' }], ['script', '-H', '--', 'x']]);
  });

  it('answers the last of what was given more than once', () => {
    const read = readOptions(['-tR', '-h', '--state=PD'], squeue);
    assert.deepEqual([read.value('states'), read.has('noheader'), read.has('me'), read.value('noheader')], ['PD', true, false, undefined]);
  });

  // As Slurm 22.05.8 on Debian 12 printed them.
  const refusals: [argv: string[], message: string][] = [
    [['--bogus'], "unrecognized option '--bogus'"],
    [['--nosuch=4'], "unrecognized option '--nosuch=4'"],
    [['-Z'], "invalid option -- 'Z'"],
    [['-hZ'], "invalid option -- 'Z'"],
    [['--sta'], "option '--sta' is ambiguous; possibilities: '--start' '--states'"],
    [['--no'], "option '--no' is ambiguous; possibilities: '--noconvert' '--node' '--nodes' '--nodelist' '--noheader'"],
    [['--format'], "option '--format' requires an argument"],
    [['--use'], "option '--user' requires an argument"],
    [['-o'], "option requires an argument -- 'o'"],
    [['--help=3'], "option '--help' doesn't allow an argument"],
  ];
  for (const [argv, message] of refusals) {
    it(`refuses ${argv.join(' ')} in getopt's words`, () => assert.throws(() => given(...argv), new OptionError(message)));
  }

  it('names the help of every command but sacct', () => {
    const error = new OptionError("unrecognized option '--bogus'");
    assert.equal(optionErrorText('sinfo', error), 'sinfo: unrecognized option \'--bogus\'\nTry "sinfo --help" for more information\n');
    assert.equal(optionErrorText('sacct', error), "sacct: unrecognized option '--bogus'\n");
  });
});
