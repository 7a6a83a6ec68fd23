/**
 * What one command costs: `node --conditions=@sluice/source bench/emulator/command-start.ts [runs]`. squeue of an idle emulated cluster runs in turn with
 * /bin/true, which is what starting a program costs, and with `squeue --version` of a real Slurm, if it is installed: its start alone, which asks
 * nobody. With --record the figures are kept in last-run.json.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { conclude, quantile, rounded } from '../recorded.ts';
import { timed } from '../timed-program.ts';

const runs = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 200);
const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-command-'));
const sluice = [...process.execArgv, join(import.meta.dirname, '../../packages/cli/src/main.ts'), 'emulator'];
/** What one command may cost at most, in the middle; the figure that the project has set itself. */
const limitMs = 60;
/** A real squeue wants a slurm.conf before anything else. */
const environment = { PATH: process.env['PATH'], SLURM_CONF: join(directory, 'slurm.conf'), SLUICE_EMULATOR_USER: 'alice' };
const loadBefore = rounded(loadavg()[0] ?? 0, 1);

interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly timesTrue: number;
}

try {
  emulator('up', '--dir', directory);
  const squeue = join(directory, 'bin/squeue');
  const real = '/usr/bin/squeue';
  const situations: (readonly [name: string, program: string, args: readonly string[]])[] = [
    ['/bin/true', '/bin/true', []],
    ['bash -c :', '/bin/bash', ['-c', ':']],
    ['squeue of the emulator', squeue, []],
    ['sbatch --wrap true of the emulator', join(directory, 'bin/sbatch'), ['-H', '--wrap', 'true']],
    ...(existsSync(real) ? ([['squeue --version of Slurm, no answer asked', real, ['--version']]] as const) : []),
    ['node -e 0', process.execPath, ['-e', '0']],
  ];
  const took = situations.map((): number[] => []);
  for (let run = 0; run < runs; run += 1) {
    // In turns, so that a busy moment of the machine falls on all.
    for (const [index, [, program, args]] of situations.entries()) took[index]?.push(timed(program, args, environment));
  }
  const idle = quantile(took[0] ?? [], 0.5);
  const timings = situations.map(
    ([name], index): Timing => ({
      name,
      medianMs: rounded(quantile(took[index] ?? [], 0.5)),
      p99Ms: rounded(quantile(took[index] ?? [], 0.99)),
      timesTrue: rounded(quantile(took[index] ?? [], 0.5) / idle),
    }),
  );
  const median = timings.find(({ name }) => name === 'squeue of the emulator')?.medianMs ?? Number.NaN;
  const missed = median <= limitMs ? [] : [`squeue of the emulator: ${median} ms, ${limitMs} ms are promised`];
  conclude('commandStart', { loadBefore, runs, timings }, missed, import.meta.dirname);
} finally {
  emulator('down', '--dir', directory);
  rmSync(directory, { recursive: true, force: true });
}

function emulator(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [...sluice, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`sluice emulator ${args.join(' ')} ended with ${status}: ${stderr}`);
}
