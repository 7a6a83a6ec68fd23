/**
 * `npm test`: every suite this machine can run; the last lines name what was left out and why, then the counts. With CI
 * set, a suite or a test that is left out for what the machine lacks is a failure; so is a suite asked for by its word.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { refuseArguments, scriptArguments } from './test/arguments.ts';
import { shareCompiledModules } from './test/compile-cache.ts';
import { prepareMachine } from './test/prepare-machine.ts';
import { runFiles } from './test/run-files.ts';
import { labSuites, type Suite, suites } from './test/suites.ts';

const usage = `npm test                        every suite this machine can run
npm test -- --only unit         one suite, by its word; may be repeated
npm run test:slurm -- trixie    real clusters, by their word (bookworm when none is given)

suites: ${suites.map(({ word }) => word).join(', ')}`;

const root = dirname(import.meta.dirname);
const inCi = Boolean(process.env['CI']);
const guard = join(root, 'packages/io/src/loopback-only.ts');
const print = (text: string) => process.stdout.write(text);

const { values, positionals } = scriptArguments(usage, {
  allowPositionals: true,
  options: { only: { type: 'string', multiple: true, default: [] }, slurm: { type: 'boolean', default: false } },
});
const asked = values.slurm ? (positionals.length > 0 ? positionals : ['bookworm']) : [...values.only, ...positionals];
const mustRun = inCi || asked.length > 0;

function chosen(): readonly Suite[] {
  const known = values.slurm ? labSuites : suites;
  const unknown = asked.filter((word) => !known.some((suite) => suite.word === word));
  if (unknown.length > 0) {
    refuseArguments(usage, `there is no suite ${unknown.join(', ')}; known: ${known.map(({ word }) => word).join(', ')}`);
  }
  if (asked.length > 0) return known.filter(({ word }) => asked.includes(word));
  return suites.filter(({ when }) => when === 'always' || (when === 'ci' && inCi));
}

/** What a suite's tests read is none of the next one's. */
function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

shareCompiledModules();
const started = performance.now();
const wanted = chosen();
const lacking = wanted.some(({ needs }) => needs.length > 0) ? await prepareMachine(root, print) : undefined;
const total = { passed: 0, failed: 0, skipped: 0 };
const leftOut: string[] = [];

for (const suite of wanted) {
  if (suite.needs.length > 0 && lacking !== undefined) {
    total.skipped++;
    leftOut.push(`${suite.title}: ${lacking}`);
    continue;
  }
  print(`${suite.title}\n`);
  const before = performance.now();
  const environment = { ...process.env };
  Object.assign(process.env, suite.env);
  const outcome = await runFiles({
    root,
    globs: suite.globs,
    concurrency: suite.concurrency,
    fileLimitMs: suite.fileLimitMinutes * 60_000,
    preload: existsSync(guard) ? [guard] : [],
    print,
  });
  for (const name of Object.keys(suite.env ?? {})) restore(name, environment[name]);
  if (outcome.passed + outcome.failed + outcome.skips.length === 0) {
    total.failed++;
    print(`FAIL ${suite.title}: no test ran\n`);
  }
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skips.length;
  leftOut.push(...outcome.skips.map(({ name, reason }) => `${name}: ${reason}`));
  print(`  ${((performance.now() - before) / 1000).toFixed(1)} s\n`);
}

print(`${((performance.now() - started) / 1000).toFixed(0)} s in all\n`);
for (const line of leftOut) print(`left out: ${line}\n`);
if (mustRun && leftOut.length > 0) print('what is left out above counts as a failure here: it was asked for, or CI is set\n');
print(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 || (mustRun && leftOut.length > 0) ? 1 : 0;
