import { isCode, SluiceError } from '@sluice/io';
import { ConfigError, problemLine, readConfig } from '@sluice/service';
import { type Configuration, configuration } from './configuration.ts';
import type { Surroundings } from './surroundings.ts';

export interface ReadConfiguration {
  readonly value: Configuration;
  /** The file that was read; undefined when none was named and the usual one does not exist. */
  readonly file: string | undefined;
  /** How many warnings were printed. */
  readonly warnings: number;
}

/**
 * Reads the named file, which must exist, or the usual one if it exists. Warnings go to stderr. Errors: `config.invalid` with
 * a line for every problem, `config.unreadable`, `usage` for an empty name.
 */
export async function readConfiguration(
  named: string | undefined,
  options: { readonly strict?: boolean },
  around: Surroundings,
): Promise<ReadConfiguration> {
  const file = named ?? around.configFile;
  if (file === '') throw new SluiceError('usage', 'the name of the configuration file is empty');
  try {
    const { value, problems, warnings, missing } = await readConfig(configuration, {
      file,
      optional: named === undefined,
      strict: options.strict ?? false,
    });
    for (const warning of warnings) around.stderr.write(`sluice: warning: ${problemLine(warning)}\n`);
    if (value === undefined) throw new ConfigError(problems);
    return { value, file: missing ? undefined : file, warnings: warnings.length };
  } catch (error) {
    if (!isCode(error, 'config.unreadable')) throw error;
    // Without its cause, which says the same in the system's words.
    throw new SluiceError('config.unreadable', error.message, { hint: 'Mend that, or name another file.' });
  }
}
