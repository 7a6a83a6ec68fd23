import { ConfigError, type Problem, type ReadConfigOptions, readConfig } from '@sluice/service';
import { anyKeys } from './any-keys.ts';

type Program = 'cc-slurm-adapter' | 'cc-slurm-sync';

/** Keys without which none of its files is. */
const signs: Record<Program, RegExp> = {
  'cc-slurm-adapter': /^(?:ccRest\w+|slurm[A-Z]\w+|natsServer|prepSock\w+Path|lastRunPath)$/i,
  'cc-slurm-sync': /^(?:clustername|cc-backend|slurm)$/,
};
const readers: Record<Program, { readonly command: string; readonly trial: string }> = {
  'cc-slurm-adapter': { command: 'sluice cc daemon', trial: 'sluice cc check --config FILE' },
  'cc-slurm-sync': { command: 'sluice cc sync', trial: 'sluice cc sync --config FILE --dry-run' },
};

/**
 * The error of a configuration that was not taken: both of the programs that Sluice stands in for call their file config.json, so
 * that of the other one is recognised, and what is wrong with it as this one is not told.
 */
export async function unlessOfOther(error: unknown, expected: Program, options: ReadConfigOptions): Promise<unknown> {
  if (!(error instanceof ConfigError)) return error;
  const { value } = await readConfig(anyKeys, { ...options, strict: false });
  const keys = Object.keys(value ?? {});
  const other = expected === 'cc-slurm-sync' ? 'cc-slurm-adapter' : 'cc-slurm-sync';
  if (keys.some((key) => signs[expected].test(key)) || !keys.some((key) => signs[other].test(key))) return error;
  const file = options.file ?? 'FILE';
  const trial = readers[other].trial.replace('FILE', () => file);
  const message = `this is the configuration of ${other}; what reads it is ${readers[other].command} (to try it: ${trial}). ${readers[expected].command} takes that of ${expected}; --config names it`;
  const problem: Problem = { path: '', expected: `the configuration of ${expected}`, message };
  return new ConfigError([options.file === undefined ? problem : { ...problem, file: options.file }]);
}
