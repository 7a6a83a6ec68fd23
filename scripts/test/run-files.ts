import { relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { type Step, TimeLimit } from './time-limit.ts';

/** What a set of test files came to. */
export interface Outcome {
  passed: number;
  failed: number;
  /** Tests left out, each with the reason it gave. */
  skips: { name: string; reason: string }[];
}

export interface FilesToRun {
  readonly root: string;
  readonly globs: readonly string[];
  /** Files run at a time. */
  readonly concurrency: number;
  /** What a file may take at most, in milliseconds. */
  readonly fileLimitMs: number;
  /** Modules every test process loads first. */
  readonly preload: readonly string[];
  readonly print: (text: string) => void;
}

/** Node's name for the file of the process that runs a test; its types do not have it. The test may stand in another file. */
interface OfEntry {
  readonly entryFile?: string;
}

interface FileLine {
  passed: number;
  failed: number;
  skipped: number;
  milliseconds: number;
}

/** Runs test files, each in a process of its own, and prints one line per file and every failure with its error. */
export async function runFiles(options: FilesToRun): Promise<Outcome> {
  const { root, globs, concurrency, fileLimitMs, preload, print } = options;
  const outcome: Outcome = { passed: 0, failed: 0, skips: [] };
  const files = new Map<string, FileLine>();
  const limit = new TimeLimit(fileLimitMs, (file, running) => {
    const where = running.length === 0 ? 'before or after its tests' : `in ${running.join(' and ')}`;
    print(`FAIL ${file}: still running after ${fileLimitMs / 1000} s, ${where}; it is ended with all that it started\n`);
  });
  /** Names of the tests that have begun, by file and depth: those above a test say what it is part of. */
  const begun = new Map<string, string[]>();
  const events = run({
    cwd: root,
    globPatterns: [...globs],
    concurrency,
    isolation: 'process',
    execArgv: ['--conditions=@sluice/source', ...preload.flatMap((path) => ['--import', path])],
  });
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') print(data.message);
    if (type === 'test:dequeue' || type === 'test:complete') {
      follow(limit, type, data as Step & OfEntry);
      continue;
    }
    if (type !== 'test:start' && type !== 'test:pass' && type !== 'test:fail') continue;
    const file = fileOf(data as typeof data & OfEntry);
    if (type === 'test:start') {
      const names = begun.get(file)?.slice(0, data.nesting) ?? [];
      begun.set(file, [...names, data.name]);
      continue;
    }
    const name = [...(begun.get(file)?.slice(0, data.nesting) ?? []), data.name].join(' › ');
    const line = files.get(file) ?? { passed: 0, failed: 0, skipped: 0, milliseconds: 0 };
    files.set(file, line);
    const isSuite = data.details.type === 'suite';
    if (!isSuite) line.milliseconds += data.details.duration_ms;
    if (type === 'test:fail') {
      const error: Error & { failureType?: string } = data.details.error;
      if (isSuite && error.failureType === 'subtestsFailed') continue;
      line.failed++;
      outcome.failed++;
      print(`FAIL ${file}: ${name}\n${inspect(error.cause ?? error, { depth: 6 }).replace(/^/gm, '    ')}\n`);
    } else if (data.skip !== undefined && data.skip !== false) {
      line.skipped++;
      outcome.skips.push({ name: `${file}: ${name}`, reason: typeof data.skip === 'string' ? data.skip : 'no reason given' });
    } else if (!isSuite) {
      line.passed++;
      outcome.passed++;
    }
  }
  for (const [file, line] of [...files].sort(([a], [b]) => a.localeCompare(b))) {
    const parts = [`${line.passed} passed`];
    if (line.failed > 0) parts.push(`${line.failed} FAILED`);
    if (line.skipped > 0) parts.push(`${line.skipped} skipped`);
    print(`  ${file}: ${parts.join(', ')} (${(line.milliseconds / 1000).toFixed(1)} s)\n`);
  }
  return outcome;
}

/**
 * The file whose process an event comes from, as it was found below the root. What no process told is of a file itself, which
 * bears that name. For the others Node (24.21) puts the directory it runs in, not the root, before it.
 */
function fileOf(event: OfEntry & { readonly name: string }): string {
  return event.entryFile === undefined ? event.name : relative(process.cwd(), event.entryFile);
}

/** Tells the limit what runs. */
function follow(limit: TimeLimit, type: 'test:dequeue' | 'test:complete', step: Step & OfEntry): void {
  const file = fileOf(step);
  const begins = type === 'test:dequeue';
  if (step.entryFile === undefined) begins ? limit.fileBegins(file) : limit.fileEnds(file);
  else begins ? limit.testBegins(file, step) : limit.testEnds(file, step);
}
