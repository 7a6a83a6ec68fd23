/**
 * Reads 1,000 and then 100,000 ended jobs with 10,000 active ones from a running lab, measures what it costs us and
 * Slurm, and beside it the same for one `sacct --json` of as many days as still end. See ../README.md.
 *
 *   eval "$(slurm-lab.sh env)"; node --conditions=@sluice/source bench/slurm-scale/run.ts [--short] [--write]
 *
 * `--short`: 20,000 ended and 1,000 active jobs, no `--json`; `--write`: keeps the figures as last-run.json.
 * Ends with 1 when a target is missed.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Finished, type Program, systemProcesses } from '@sluice/io';
import { endedStates } from '@sluice/slurm';
import { cpuSeconds, daemonPid, processStatus, resetPeak, watchChildren } from './processes.ts';

/** Flags that `sluice` is started with, too: without them V8 lets garbage of the reading grow before it collects it. */
const nodeFlags = ['--max-semi-space-size=2', '--conditions=@sluice/source'];
const day = 86_400;
const jsonMemoryBytes = 6 * 1024 ** 3;
const here = import.meta.dirname;
const { values } = parseArgs({ options: { short: { type: 'boolean' }, write: { type: 'boolean' } } });
const short = values.short ?? false;
const scale = short ? { ended: 20_000, active: 1000 } : { ended: 100_000, active: 10_000 };
const labDir = process.env['SLURM_LAB_DIR'];
if (labDir === undefined) throw new Error('no lab: eval "$(slurm-lab.sh env)"');

const processes = systemProcesses(process.env);
const inherit = ['PATH', 'HOME', 'SLURM_CONF', 'SLURM_LAB_DB_SOCKET'];

function program(name: string, timeoutMs: number, env: Record<string, string> = {}): Program {
  return { name, timeoutMs, inherit, env, maxOutputBytes: 4 * 1024 ** 3 };
}

async function run(name: string, args: readonly string[], timeoutMs = 600_000): Promise<string> {
  const finished: Finished = await processes.run({ program: program(name, timeoutMs), args });
  if (finished.code !== 0) throw new Error(`${name} ended with ${finished.code ?? finished.signal}: ${finished.stderr}`);
  return finished.stdout.toString('utf8');
}

interface Reading {
  readonly ended: number;
  readonly active: number;
  readonly rejected: number;
  readonly questions: number;
  readonly largestQuestion: number;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly cpuSeconds: number;
  readonly childrenCpuSeconds: number;
}

interface Cost {
  readonly cpuSeconds: number;
  readonly slurmdbdCpuSeconds: number;
  readonly slurmdbdPeakMiB: number;
  /** Highest peak of a command of Slurm. */
  readonly commandPeakMiB: number;
}

const slurmdbd = daemonPid(labDir, 'slurmdbd');

/** Runs something and says what it cost slurmdbd and the commands; CPU of `act` itself is for `act` to tell. */
async function costing<T>(command: string, act: () => Promise<T>): Promise<{ readonly value: T; readonly cost: Omit<Cost, 'cpuSeconds'> }> {
  resetPeak(slurmdbd);
  const before = cpuSeconds(slurmdbd);
  const watch = watchChildren();
  try {
    const value = await act();
    return {
      value,
      cost: {
        slurmdbdCpuSeconds: cpuSeconds(slurmdbd) - before,
        slurmdbdPeakMiB: (processStatus(slurmdbd)?.peakKiB ?? 0) / 1024,
        commandPeakMiB: watch.peaksMiB.get(command) ?? 0,
      },
    };
  } finally {
    watch.stop();
  }
}

async function read(from: number, to: number, active: boolean): Promise<Reading & Cost> {
  const args = [...nodeFlags, join(here, 'reader.ts'), `${from}`, `${to}`, active ? '1' : '0'];
  const { value, cost } = await costing('sacct', async () => JSON.parse(await run(process.execPath, args)) as Reading);
  return { ...value, ...cost, cpuSeconds: value.cpuSeconds + value.childrenCpuSeconds + cost.slurmdbdCpuSeconds };
}

interface Parsing {
  readonly records: number;
  readonly megabytes: number;
  readonly bytesPerRecord: number;
  readonly recordsPerSecond: number;
  readonly megabytesPerSecond: number;
  /** The same without the delimiters, which are ours. */
  readonly contentMegabytesPerSecond: number;
  readonly cpuSeconds: number;
}

/** Records a day's answer of sacct once, and has it read over and over from memory. */
async function parse(now: number): Promise<Parsing> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const file = join(dir, 'sacct');
    const nonce = randomUUID().replaceAll('-', '').slice(0, 16);
    const columns = await run('sacct', ['--helpformat']);
    writeFileSync(`${file}.columns`, columns);
    const { chooseColumns } = await import('../../packages/slurm/src/commands/sacct-columns.ts');
    const names = chooseColumns(columns).names.join(',');
    const window = ['--state', endedStates.join(','), '-S', `uts${now - day}`, '-E', `uts${now}`];
    const recorded = await processes.run({
      program: program('sacct', 60_000, { TZ: 'UTC', SLURM_TIME_FORMAT: '%s' }),
      args: ['-X', '-p', '--noconvert', '-a', '-D', `--delimiter=\x1f${nonce}`, `--format=${names}`, ...window],
    });
    writeFileSync(file, recorded.stdout);
    const records = short ? 100_000 : 500_000;
    return JSON.parse(await run(process.execPath, [...nodeFlags, join(here, 'parse.ts'), file, nonce, `${records}`])) as Parsing;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

interface States {
  readonly jobs: number;
  readonly megabytes: number;
  readonly firstCpuMs: number;
  readonly medianCpuMs: number;
  readonly keptMB: number;
}

/** What the poll of 10,000 running jobs costs us, without Slurm. */
async function pollStates(): Promise<States> {
  return JSON.parse(await run(process.execPath, ['--expose-gc', ...nodeFlags, join(here, 'states.ts'), '10000'])) as States;
}

interface JsonRun extends Cost {
  readonly days: number;
  readonly jobs: number;
  readonly megabytes: number;
  readonly seconds: number;
}

interface JsonChild {
  readonly code: number | null;
  readonly jobs: number;
  readonly megabytes: number;
  readonly seconds: number;
  readonly childrenCpuSeconds: number;
}

/** One `sacct --json`; undefined when it did not end well within the bound of its memory. */
async function json(now: number, days: number): Promise<JsonRun | undefined> {
  const args = [...nodeFlags, join(here, 'json.ts'), `${now - days * day}`, `${now}`, `${jsonMemoryBytes}`];
  const { value, cost } = await costing('sacct', async () => JSON.parse(await run(process.execPath, args)) as JsonChild);
  if (value.code !== 0) return undefined;
  const { jobs, megabytes, seconds, childrenCpuSeconds } = value;
  return { days, jobs, megabytes, seconds, ...cost, cpuSeconds: childrenCpuSeconds + cost.slurmdbdCpuSeconds };
}

/** The longest `sacct --json` that ends: one day, then twice as many each time. */
async function longestJson(now: number): Promise<JsonRun | undefined> {
  let longest: JsonRun | undefined;
  for (let days = 1; days <= 32; days *= 2) {
    const answer = await json(now, days);
    if (answer === undefined) break;
    longest = answer;
    say(`sacct --json of ${days} d: ${answer.jobs} jobs, ${fixed(answer.megabytes)} MB in ${fixed(answer.seconds)} s`);
  }
  return longest;
}

const say = (text: string) => console.log(text);
const fixed = (value: number) => value.toFixed(1);

const generate = join(here, 'generate.sh');
say((await run('bash', [generate, 'ended', `${scale.ended}`])).trim());
say((await run('bash', [generate, 'active', `${scale.active}`], 1_200_000)).trim());

const now = Math.floor(Date.now() / 1000);
const parsing = await parse(now);
say(
  `parsing: ${parsing.recordsPerSecond} records/s, ${fixed(parsing.megabytesPerSecond)} MB/s (${parsing.bytesPerRecord} B per record, ` +
    `${fixed(parsing.contentMegabytesPerSecond)} MB/s without delimiters), by CPU time on one core`,
);
const states = await pollStates();
say(
  `states of ${states.jobs} jobs: ${fixed(states.medianCpuMs)} ms CPU (the first time ${fixed(states.firstCpuMs)}), ${fixed(states.keptMB)} MB kept`,
);
// The generator spreads the jobs evenly, the last of them an hour ago: this window holds about 1,000.
const window = Math.round((1000 / scale.ended) * 30 * day);
const few = await read(now - 3600 - window, now - 3600, false);
const many = await read(now - 31 * day, now, true);
for (const [name, reading] of Object.entries({ few, many })) {
  say(
    `${name}: ${reading.ended} ended and ${reading.active} active in ${fixed(reading.seconds)} s: peak ${fixed(reading.peakMiB)} MiB, ` +
      `${reading.questions} questions, the largest of ${reading.largestQuestion} rows; CPU ${fixed(reading.cpuSeconds)} s; ` +
      `sacct ${fixed(reading.commandPeakMiB)} MiB, slurmdbd ${fixed(reading.slurmdbdPeakMiB)} MiB`,
  );
}
const growth = many.peakMiB - few.peakMiB;
const byJson = short ? undefined : await longestJson(now);

const peak = (cost: Cost, own: number) => own + cost.commandPeakMiB + cost.slurmdbdPeakMiB;
const ours = { peakMiB: peak(many, many.peakMiB), cpuSeconds: many.cpuSeconds, jobs: many.ended + many.active };
if (byJson !== undefined) {
  const theirs = { peakMiB: peak(byJson, 0), cpuSeconds: byJson.cpuSeconds, jobs: byJson.jobs };
  const perJob = theirs.cpuSeconds / theirs.jobs / (ours.cpuSeconds / ours.jobs);
  say(`together with Slurm: we ${fixed(ours.peakMiB)} MiB and ${fixed(ours.cpuSeconds)} s CPU for ${ours.jobs} jobs;`);
  say(`one sacct --json of ${byJson.days} d: ${fixed(theirs.peakMiB)} MiB and ${fixed(theirs.cpuSeconds)} s CPU for ${theirs.jobs} jobs`);
  say(`ratio: ${fixed(theirs.peakMiB / ours.peakMiB)} times our memory, ${fixed(perJob)} times our CPU per job`);
}

const missed = [
  ...(growth <= 15 ? [] : [`peak memory grows by ${fixed(growth)} MiB and not at most 15`]),
  ...(parsing.recordsPerSecond >= 300_000 || parsing.contentMegabytesPerSecond >= 60
    ? []
    : ['parsing is slower than 300,000 records/s and 60 MB/s']),
  ...(states.medianCpuMs <= 30 && states.keptMB <= 3
    ? []
    : [`reading ${states.jobs} states takes ${fixed(states.medianCpuMs)} ms and ${fixed(states.keptMB)} MB`]),
  ...(many.largestQuestion <= 5000 ? [] : [`a question had ${many.largestQuestion} rows, more than 5,000`]),
  ...(few.rejected + many.rejected === 0 ? [] : [`${many.rejected} records were rejected`]),
  ...(many.ended >= scale.ended && many.active >= scale.active ? [] : [`read only ${many.ended} and ${many.active} jobs`]),
];
for (const target of missed) say(`MISSED: ${target}`);
say(`peak memory of reading ${many.ended} + ${many.active} jobs: ${fixed(growth)} MiB above that of reading ${few.ended}`);
if (values.write === true) {
  const machine = {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? '',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
  };
  const release = (await run('sacct', ['-V'])).trim();
  const figures = {
    date: new Date().toISOString(),
    machine,
    slurm: release,
    nodeFlags: nodeFlags.join(' '),
    parsing,
    states,
    few,
    many,
    growthMiB: growth,
    json: byJson ?? null,
    missed: missed.join('; '),
  };
  writeFileSync(
    join(here, 'last-run.json'),
    `${JSON.stringify(figures, null, 2)}
`,
  );
}
process.exitCode = missed.length === 0 ? 0 : 1;
