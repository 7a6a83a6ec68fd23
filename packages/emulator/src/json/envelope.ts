import type { Identity } from '../model/job.ts';
import type { JsonContext } from './context.ts';
import { dialectName, releaseOf } from './dialects.ts';
import type { Fields, Value } from './value.ts';

/** Which of Slurm's planes speaks, and to whom. */
export type Speaker =
  | { readonly kind: 'command'; readonly command: string; readonly argv: readonly string[]; readonly as: Identity }
  | {
      readonly kind: 'rest';
      readonly plane: 'slurmctld' | 'slurmdbd';
      /** Where the question came from, in slurmrestd's words. */
      readonly source: string;
      readonly user: string;
      readonly group: string;
    };

/** An entry of `errors`. */
export interface SlurmrestdError {
  readonly number: number;
  readonly error: string;
  /** 22.05 leaves out the one or the other here and there. */
  readonly description?: string;
  readonly source?: string;
  /** Key of the number where 22.05 has another than `error_number`. */
  readonly numberKey?: 'errno' | 'error_code';
}

/** An entry of `warnings`. */
export interface SlurmrestdWarning {
  readonly description: string;
  readonly source: string;
}

export interface Said {
  readonly errors?: readonly SlurmrestdError[];
  readonly warnings?: readonly SlurmrestdWarning[];
}

/** The whole answer: v0.0.38 says its meta and errors before the data, the others after it; and warnings. */
export function envelope(data: Fields, speaker: Speaker, context: JsonContext, said: Said = {}): Fields {
  const errors = (said.errors ?? []).map(({ description, number, numberKey, error, source }) => ({
    ...(description === undefined ? {} : { description }),
    [numberKey ?? 'error_number']: number,
    error,
    ...(source === undefined ? {} : { source }),
  }));
  if (context.dialect < 39) return { meta: oldMeta(speaker, context), errors, ...data };
  const warnings = (said.warnings ?? []).map(({ description, source }) => ({ description, source }));
  return { ...data, meta: meta(speaker, context), errors, warnings };
}

function oldMeta(speaker: Speaker, context: JsonContext): Fields {
  const { major, micro, text } = releaseOf(context.releaseText);
  const database = speaker.kind === 'rest' ? speaker.plane === 'slurmdbd' : ['sacct', 'sacctmgr'].includes(speaker.command);
  const dialect = dialectName(context.dialect);
  return {
    plugin: {
      type: `openapi/${database ? 'db' : ''}${dialect}`,
      name: `Slurm OpenAPI ${database ? 'DB ' : ''}${dialect}`,
    },
    // Major, micro and minor are mixed up in every release: 22.05.8 is major 22, micro 8, minor 5.
    Slurm: { version: { major: Math.floor(major / 100), micro, minor: major % 100 }, release: text },
  };
}

function meta(speaker: Speaker, context: JsonContext): Fields {
  const { major, micro, text } = releaseOf(context.releaseText);
  const rest = speaker.kind === 'rest';
  return {
    plugin: {
      type: rest ? `openapi/${speaker.plane}` : '',
      name: rest ? `Slurm OpenAPI ${speaker.plane}` : '',
      data_parser: `data_parser/${dialectName(context.dialect)}`,
      accounting_storage: 'accounting_storage/slurmdbd',
    },
    client: rest
      ? { source: speaker.source, user: speaker.user, group: speaker.group }
      : { source: '', user: speaker.as.user, group: speaker.as.group },
    command: rest ? [] : commandWords(speaker.command, speaker.argv, major),
    slurm: {
      version: { major: `${Math.floor(major / 100)}`, micro: `${micro}`, minor: `${major % 100}`.padStart(2, '0') },
      release: text,
      cluster: context.cluster,
    },
  };
}

/** The command line as the answer repeats it: whole since 25.11; before, without its last word, and what option parsing left of it. */
function commandWords(command: string, argv: readonly string[], major: number): Value {
  if (major >= 2511) return [command, ...argv];
  if (command === 'sacctmgr') return [];
  if (command === 'scontrol') return argv.filter((word) => !word.startsWith('-')).slice(0, -1);
  return [command, ...argv].slice(0, -1);
}
