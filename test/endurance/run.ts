/** `npm run test:endurance`: outages and kills, for as long as it takes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { refuseArguments, scriptArguments } from '../../scripts/test/arguments.ts';
import { LabUnavailable } from '../lab/lab.ts';
import { ccJobs, ccKills, ccKillsUnhooked } from './cc-jobs.ts';
import { ccOutages } from './cc-outages.ts';
import { ccTwoDaemons } from './cc-two-daemons.ts';
import { journalKills } from './journal-kills.ts';
import { slurmOutages } from './slurm-outages.ts';

const scenarios = [journalKills, slurmOutages, ccJobs, ccKills, ccKillsUnhooked, ...ccOutages, ccTwoDaemons];
const recordFile = join(import.meta.dirname, 'last-run.json');

const names = scenarios.map(({ name }) => name);
const usage = `npm run test:endurance -- [options]
  --only NAME    one scenario (${names.join(', ')}); may be repeated
  --seed N       the choices of an earlier run again
  --scale X      shorter (0.1) or longer (10)
  --record       writes the figures to test/endurance/last-run.json

SLUICE_LAB_SUITE names the Debian release whose Slurm the cc-… run on (bookworm, trixie, sid); bookworm when it is not set.`;

const { values } = scriptArguments(usage, {
  options: {
    only: { type: 'string', multiple: true },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    scale: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const scale = Number(values.scale);
const unknown = (values.only ?? []).filter((name) => !names.includes(name));
if (unknown.length > 0) refuseArguments(usage, `there is no scenario ${unknown.join(', ')}`);
if (!Number.isInteger(seed) || !(scale > 0)) refuseArguments(usage, 'a seed is a whole number, a scale a number above 0');

const suite = process.env['SLUICE_LAB_SUITE'] ?? 'bookworm';
/** A run on another release stands beside that on bookworm. */
const recordedAs = (name: string) => (name.startsWith('cc-') && suite !== 'bookworm' ? `${name} on ${suite}` : name);

const counts = { passed: 0, failed: 0, skipped: 0 };
const results: Record<string, unknown> = {};
for (const { name, run } of scenarios.filter((one) => values.only?.includes(one.name) ?? true)) {
  process.stdout.write(`${name}, seed ${seed}\n`);
  const began = performance.now();
  try {
    const figures = await run({ seed, scale, progress: (line) => process.stdout.write(`  ${line}\n`) });
    const seconds = Math.round((performance.now() - began) / 1000);
    results[recordedAs(name)] = { seed, scale, seconds, ...figures };
    counts.passed++;
    process.stdout.write(`  ok after ${seconds} s: ${JSON.stringify(figures)}\n`);
  } catch (error) {
    if (error instanceof LabUnavailable) {
      counts.skipped++;
      process.stdout.write(`  left out: ${error.message}\n`);
      continue;
    }
    counts.failed++;
    process.stdout.write(`  FAILED: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
if (values.record && counts.failed === 0) {
  const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
  let earlier: Record<string, unknown> = {};
  try {
    earlier = JSON.parse(readFileSync(recordFile, 'utf8')).results;
  } catch {
    // The first record.
  }
  writeFileSync(
    recordFile,
    `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), machine, results: { ...earlier, ...results } }, null, 2)}\n`,
  );
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
