/**
 * `npm test`: every suite this machine can run; the last lines name what was left out and why, then the counts.
 *
 *   npm test                      all of it
 *   npm test -- --only unit       one suite, by its name
 *   npm run test:slurm -- trixie  the real cluster of one or more Debian suites (bookworm, trixie, sid)
 *
 * With CI set, a suite or a test that is left out for what the machine lacks is a failure.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareMachine } from './test/prepare-machine.ts';
import { runFiles } from './test/run-files.ts';
import { labSuites, type Suite, suites } from './test/suites.ts';

const root = dirname(import.meta.dirname);
const inCi = Boolean(process.env['CI']);
const guard = join(root, 'packages/io/src/loopback-only.ts');
const print = (text: string) => process.stdout.write(text);

function chosen(): readonly Suite[] {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', multiple: true }, slurm: { type: 'boolean', default: false } },
  });
  if (values.slurm) return pick(positionals.length > 0 ? positionals : ['bookworm'], labSuites);
  if (values.only) return pick(values.only, Object.fromEntries(suites.map((suite) => [suite.name, suite])));
  return suites.filter(({ when }) => when === 'always' || inCi);
}

function pick(words: readonly string[], known: Readonly<Record<string, Suite>>): readonly Suite[] {
  const unknown = words.filter((word) => !(word in known));
  if (unknown.length > 0) {
    process.stderr.write(`sluice: there is no suite ${unknown.join(', ')}; known: ${Object.keys(known).join(', ')}\n`);
    process.exit(64);
  }
  return words.flatMap((word) => known[word] ?? []);
}

const started = performance.now();
const wanted = chosen();
const lacking = wanted.some(({ needs }) => needs.length > 0) ? await prepareMachine(root, print) : undefined;
const total = { passed: 0, failed: 0, skipped: 0 };
const leftOut: string[] = [];

for (const suite of wanted) {
  if (suite.needs.length > 0 && lacking !== undefined) {
    total.skipped++;
    leftOut.push(`${suite.name}: ${lacking}`);
    continue;
  }
  print(`${suite.name}\n`);
  const before = performance.now();
  Object.assign(process.env, suite.env);
  const outcome = await runFiles({
    root,
    globs: suite.globs,
    concurrency: suite.concurrency,
    preload: existsSync(guard) ? [guard] : [],
    print,
  });
  if (outcome.passed + outcome.failed + outcome.skips.length === 0) {
    total.failed++;
    print(`FAIL ${suite.name}: no test ran\n`);
  }
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skips.length;
  leftOut.push(...outcome.skips.map(({ name, reason }) => `${name}: ${reason}`));
  print(`  ${((performance.now() - before) / 1000).toFixed(1)} s\n`);
}

print(`${((performance.now() - started) / 1000).toFixed(0)} s in all\n`);
for (const line of leftOut) print(`left out: ${line}\n`);
if (inCi && leftOut.length > 0) print('CI: what is left out above counts as a failure here\n');
print(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 || (inCi && leftOut.length > 0) ? 1 : 0;
