import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SluiceError } from '@sluice/io';
import type { JobRow } from '@sluice/standins';
import { dayLoad, dayMs } from '../demo/day-load.ts';
import { endDay, playDay } from '../demo/play.ts';
import { seeded } from '../demo/seeded.ts';
import { snapshotOf } from '../demo/snapshot.ts';
import { Stage } from '../demo/stage.ts';
import { type Verdict, verdictOn } from '../demo/verdict.ts';
import { DemoView } from '../demo/view.ts';
import { Interrupted, type Surroundings } from '../surroundings.ts';

export interface DemoOptions {
  readonly seconds?: string;
  readonly release: string;
  readonly seed?: string;
  readonly fault?: string;
  readonly settle: string;
}

/** Exit code when a job does not stand in the stand-in as it should (EX_SOFTWARE of sysexits.h). */
const notAsItShould = 70;
const lookMs = 500;
const firstHour = 8;

/** `sluice demo`: an emulated cluster with a day's load in fast motion, and everything that Sluice does with it. */
export async function runDemo(options: DemoOptions, around: Surroundings): Promise<number> {
  const seconds = wholeNumber('--seconds', options.seconds);
  const settleMs = (wholeNumber('--settle', options.settle) ?? 0) * 1000;
  const release = releaseOf(options.release);
  const fault = faultOf(options.fault);
  const seed = wholeNumber('--seed', options.seed) ?? Math.floor(Math.random() * 1e9);
  const dir = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  const began = around.clock.monotonic();
  let refusing = false;
  try {
    const stage = await Stage.start({ dir, release, random: seeded(seed), fault: () => (refusing ? fault : undefined) }, around);
    try {
      refusing = fault !== undefined;
      around.stdout.write(whatRunsWhere(stage, dir, seed, around.env));
      return await played(stage, { seconds, seed, began, settleMs }, around);
    } finally {
      await stage.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Span {
  /** Undefined: until it is interrupted. */
  readonly seconds: number | undefined;
  readonly seed: number;
  readonly began: number;
  /** Milliseconds that the last ends have to arrive in. */
  readonly settleMs: number;
}

async function played(stage: Stage, { seconds, seed, began, settleMs }: Span, around: Surroundings): Promise<number> {
  const { clock, stdout } = around;
  const { slurm } = stage.emulator;
  const dayEnds = new AbortController();
  const jobs = dayLoad(seeded(seed), '/home', slurm.spec.controllers[0]?.host ?? '');
  const playing = playDay({ slurm, jobs, everyMs: dayMs, clock, signal: dayEnds.signal });
  const view = new DemoView(stdout);
  const elapsedMs = () => clock.monotonic() - began;
  const now = async () => {
    const passed = elapsedMs();
    const since = { seconds: Math.floor(passed / 1000), hour: firstHour + (passed / dayMs) * 24 };
    return snapshotOf(slurm, stage.backend, await stage.status().catch(() => null), since);
  };
  const show = async () => view.show(await now());
  try {
    while (seconds === undefined || elapsedMs() < seconds * 1000) {
      if (stage.failed.length > 0) throw stage.failed[0];
      await show();
      await clock.sleep(lookMs, around.interrupted);
    }
    dayEnds.abort();
    await endDay(slurm, clock, around.interrupted);
    for (const end = clock.monotonic() + settleMs; clock.monotonic() < end && wrongOf(stage).wrong.length > 0; ) {
      await show();
      await clock.sleep(lookMs, around.interrupted);
    }
    view.last(await now());
    return conclude(stage, around);
  } catch (error) {
    // Whoever looked on has seen enough; whoever waits for the verdict has none.
    if (error instanceof Interrupted && seconds === undefined) return 0;
    throw error;
  } finally {
    dayEnds.abort();
    await playing;
  }
}

function rowsOf({ backend }: Stage): readonly JobRow[] {
  return [...backend.rows('job'), ...backend.rows('job_cache')];
}

function wrongOf(stage: Stage): Verdict {
  return verdictOn(stage.emulator.slurm.database.jobRows({ duplicates: true }), rowsOf(stage));
}

function conclude(stage: Stage, { stdout }: Surroundings): number {
  const { runs, unnamed, wrong } = wrongOf(stage);
  for (const line of wrong.slice(0, 20)) stdout.write(`WRONG  ${line}\n`);
  if (wrong.length > 20) stdout.write(`       and ${wrong.length - 20} more\n`);
  if (wrong.length > 0) {
    stdout.write(`Of ${runs} jobs that ran not all stand in ClusterCockpit as they should: ${wrong.length} differences.\n`);
    return notAsItShould;
  }
  if (runs === 0) {
    stdout.write('No job ran: that proves nothing. Give it more --seconds.\n');
    return notAsItShould;
  }
  stdout.write(`All ${runs} jobs that ran stand in ClusterCockpit as Slurm has them: start, end, state, hosts, hwthreads, GPUs, name.\n`);
  if (unnamed > 0) stdout.write(`${unnamed} of them ended before anyone could ask which GPUs they had, and say so.\n`);
  return 0;
}

function whatRunsWhere(stage: Stage, dir: string, seed: number, env: Surroundings['env']): string {
  // Whoever began it with npm start has a clone, and no sluice in PATH.
  const sluice = env['npm_lifecycle_event'] === undefined ? 'sluice' : 'npm run --silent sluice --';
  const { slurm, paths } = stage.emulator;
  const lines = [
    ['Slurm', `${slurm.spec.release}, emulated: ${slurm.spec.nodes.length} nodes; its commands: PATH=${paths.bin}:$PATH squeue`],
    ['cc-backend', `a stand-in on ${stage.backend.url}`],
    ['daemon', `sluice cc daemon with ${stage.configPath}; what it does: ${sluice} cc status --config ${stage.configPath}`],
    ['log', stage.logPath],
    ['load', `a day in ${dayMs / 60_000} minutes, --seed ${seed}; Ctrl-C ends it and removes ${dir}`],
  ];
  return `${lines.map(([what, where]) => `${`${what}`.padEnd(12)}${where}`).join('\n')}\n\n`;
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new SluiceError('usage', `${option}: ${JSON.stringify(text)} is no whole number above 0`);
}

function releaseOf(text: string): string {
  if (/^(22\.05|23\.11|24\.11|25\.05|26\.05)(\.\d+)?$/.test(text)) return text;
  throw new SluiceError('usage', `--release: ${JSON.stringify(text)} is not known; there are 22.05, 23.11, 24.11, 25.05 and 26.05`);
}

function faultOf(name: string | undefined): { readonly kind: 'refuse'; readonly status: number; readonly error: string } | undefined {
  if (name === undefined) return undefined;
  if (name === 'cc-backend') return { kind: 'refuse', status: 503, error: 'out of order (--fault)' };
  throw new SluiceError('usage', `--fault: ${JSON.stringify(name)} is not known; there is cc-backend`);
}
