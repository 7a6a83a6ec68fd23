import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * Arguments of a script. `--help` prints the usage and ends with 0; what is not understood prints why and the usage, and
 * ends with 64 (sysexits.h, EX_USAGE).
 */
export function scriptArguments<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    return refuseArguments(usage, error instanceof Error ? error.message : String(error));
  }
}

/** Ends the script: its arguments make no sense together. */
export function refuseArguments(usage: string, reason: string): never {
  process.stderr.write(`${reason}\n\n${usage}\n`);
  process.exit(64);
}
