import { runSluice } from './program.ts';
import type { Surroundings } from './surroundings.ts';

type Program = (args: readonly string[], around: Surroundings) => Promise<number>;

/** The replaced programs whose executables are installed under their own names, with their own command lines. */
const programs: ReadonlyMap<string, Program> = new Map([
  ['cc-slurm-adapter', adapter],
  ['slurm-clusercockpit-sync.py', syncScript],
]);

/** Runs Sluice as a program that it replaces; returns the exit code. Errors are printed, never thrown. */
export async function runAs(name: string, args: readonly string[], around: Surroundings): Promise<number> {
  const program = programs.get(name);
  if (program) return program(args, around);
  around.stderr.write(`sluice: --as ${JSON.stringify(name)}: it can be ${[...programs.keys()].join(', ')}\n`);
  return 64;
}

/** cc-slurm-adapter: the command line of that program, and the work of `sluice cc daemon` or, without `-daemon`, of `sluice cc hook`. */
async function adapter(args: readonly string[], around: Surroundings): Promise<number> {
  const { parseAdapterArguments } = await import('@sluice/clustercockpit');
  const wanted = parseAdapterArguments(args);
  if (wanted.mode === 'end') {
    around.stdout.write(wanted.stdout);
    around.stderr.write(wanted.stderr);
    return wanted.exitCode;
  }
  const config = wanted.config === undefined ? [] : [`--config=${wanted.config}`];
  if (wanted.mode === 'hook') return runSluice(['cc', 'hook', ...config], around);
  return runSluice(['cc', 'daemon', ...config, `--log-level=${wanted.logLevel}`], around);
}

/** cc-slurm-sync: the command line of its script, and the work of `sluice cc sync`. */
async function syncScript(args: readonly string[], around: Surroundings): Promise<number> {
  const { parseSyncArguments } = await import('@sluice/clustercockpit');
  const wanted = parseSyncArguments(args);
  if (wanted.mode === 'end') {
    around.stdout.write(wanted.stdout);
    around.stderr.write(wanted.stderr);
    return wanted.exitCode;
  }
  const { config, limit, direction, jobId, debug } = wanted;
  const options = [`--config=${config}`, `--limit=${limit}`, `--direction=${direction}`];
  if (jobId !== undefined) options.push(`--jobid=${jobId}`);
  if (debug) options.push('--debug');
  return runSluice(['cc', 'sync', ...options], around);
}
