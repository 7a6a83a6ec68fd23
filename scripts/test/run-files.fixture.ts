/** Runs the test files of a directory: `run-files.fixture.ts DIRECTORY LIMIT-MS`. Says what `runFiles` prints, then its outcome as JSON. */
import { runFiles } from './run-files.ts';

const [, , root = '', limitMs] = process.argv;
const print = (text: string) => process.stdout.write(text);
const outcome = await runFiles({ root, globs: ['*.test.mjs'], concurrency: 2, fileLimitMs: Number(limitMs), preload: [], print });
print(`${JSON.stringify(outcome)}\n`);
