/**
 * The suite on real clusters: `node --conditions=@sluice/source test/lab/run.ts [bookworm|trixie|sid …]`, bookworm when
 * none is named. Ends with 1 when a test failed, and says `skipped: SUITE: WHY` for a cluster that cannot be had here.
 */
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { type Suite, suites } from './lab.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((word) => !suites.includes(word as Suite));
if (unknown.length > 0) {
  process.stderr.write(`there is no suite ${unknown.join(', ')}; known: ${suites.join(', ')}\n`);
  process.exit(64);
}
for (const suite of wanted.length > 0 ? wanted : ['bookworm']) {
  const began = performance.now();
  process.env['SLUICE_LAB_SUITE'] = suite;
  const events = run({ files: [join(import.meta.dirname, 'slurm.test.ts')], execArgv: ['--conditions=@sluice/source'] });
  events.once('test:fail', () => {
    process.exitCode = 1;
  });
  for await (const text of events.compose(spec)) process.stdout.write(text);
  process.stdout.write(`${suite}: ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
}
