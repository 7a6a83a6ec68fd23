import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAdapterArguments, parseSyncArguments } from './old-command-line.ts';

/** What Go's flag and Python's argparse made of command lines of the two programs. */
interface Recorded<T> {
  readonly calls: readonly (T & { readonly argv: readonly string[]; readonly exit?: number; readonly error?: string })[];
}

interface GoCall {
  readonly flags?: {
    readonly help: boolean;
    readonly daemon: boolean;
    readonly debug: number;
    readonly logLevel: number;
    readonly config: string;
  };
  readonly rest?: readonly string[];
}

interface PythonCall {
  readonly options?: {
    readonly config: string;
    readonly debug: boolean;
    readonly jobid: string | null;
    readonly limit: number;
    readonly direction: string;
  };
}

function recorded<T>(name: string): Recorded<T> {
  return JSON.parse(readFileSync(new URL(`./recordings/${name}`, import.meta.url), 'utf8'));
}

test('cc-slurm-adapter’s command line is read as Go reads it', () => {
  for (const { argv, flags, rest, exit, error } of recorded<GoCall>('go-flag.json').calls) {
    const ours = parseAdapterArguments(argv);
    const line = argv.join(' ');
    if (flags === undefined || flags.help) {
      assert.ok(ours.mode === 'end', line);
      assert.equal(ours.exitCode, exit ?? 0, line);
      assert.match(ours.stderr, /^(?:.+\n)?Usage of cc-slurm-adapter:\n/, line);
      // Go adds what its parser of the value says.
      if (error !== undefined) assert.ok(error.startsWith(ours.stderr.split('\n')[0] ?? '?'), `${error}: ${ours.stderr}`);
      continue;
    }
    assert.ok(ours.mode !== 'end', line);
    assert.equal(ours.mode, flags.daemon ? 'daemon' : 'hook', line);
    assert.equal(ours.config ?? '', flags.config, line);
    assert.deepEqual(ours.ignored, rest, line);
    if (!line.includes('log-level')) assert.equal(ours.logLevel, Math.min(5, Math.max(0, flags.debug)), line);
  }
});

test('-log-level is -debug, and the last of them counts', () => {
  const levelOf = (...argv: string[]) => {
    const parsed = parseAdapterArguments(argv);
    return parsed.mode === 'end' ? undefined : parsed.logLevel;
  };
  assert.equal(levelOf(), 2);
  assert.equal(levelOf('-log-level', '5'), 5);
  assert.equal(levelOf('-log-level=4', '-debug', '1'), 1);
  assert.equal(levelOf('--debug=1', '--log-level', '9'), 5);
  assert.equal(levelOf('-debug', '3', 'x', '-log-level', '5'), 3);
});

test('the command lines of the seed’s unit and hook', () => {
  assert.deepEqual(parseAdapterArguments(['-daemon', '-config', '/opt/cc-slurm-adapter/config.json']), {
    mode: 'daemon',
    config: '/opt/cc-slurm-adapter/config.json',
    logLevel: 2,
    ignored: [],
  });
  assert.deepEqual(parseAdapterArguments([]), { mode: 'hook', config: undefined, logLevel: 2, ignored: [] });
});

test('slurm-clusercockpit-sync.py’s command line is read as Python reads it', () => {
  for (const { argv, options, exit, error } of recorded<PythonCall>('argparse.json').calls) {
    const ours = parseSyncArguments(argv);
    const line = JSON.stringify(argv);
    if (options === undefined) {
      assert.ok(ours.mode === 'end', line);
      assert.equal(ours.exitCode, exit, line);
      if (error === undefined) assert.match(ours.stdout, /^usage: slurm-clusercockpit-sync\.py/, line);
      else assert.equal(ours.stderr.split('error: ')[1], `${error}\n`, line);
      continue;
    }
    const { jobid, ...rest } = options;
    if (options.limit < 1 || (jobid !== null && !/^\d+$/.test(jobid))) {
      assert.ok(ours.mode === 'end' && ours.exitCode === 2, line);
      continue;
    }
    assert.deepEqual(ours, { mode: 'sync', ...rest, jobId: jobid === null ? undefined : Number(jobid) }, line);
  }
});
