import { type Cell, type Form, formOf, readAnswer } from './read-answer.ts';
import type { Moment, RecordedCommand } from './recordings.ts';
import { sameValue } from './same-value.ts';
import type { Played } from './scenario.ts';

/** One value that the emulator has otherwise than the real Slurm, or that one of them lacks. */
export interface Difference {
  readonly moment: Moment;
  /** Name of the recording. */
  readonly name: string;
  /** The command and what it was asked about, e.g. `scontrol show job`, with ` --json` for documents. */
  readonly command: string;
  readonly row: string;
  /** Column, key or path without indices; `record` when a whole record is missing or too many. */
  readonly column: string;
  /** Undefined: the real Slurm has no such value. */
  readonly recorded: string | undefined;
  /** Undefined: the emulator has none. */
  readonly emulated: string | undefined;
}

/** What a command is about, without what is chosen by its options. */
export function commandOf({ argv }: Pick<RecordedCommand, 'argv'>, form: Form = formOf(argv)): string {
  const [program = '', ...words] = argv;
  const plain = words.filter((word) => /^[a-zA-Z_]+$/.test(word) && !/^(alice|bob|root|now|all|node\w*\d)$/.test(word));
  const subject =
    program === 'scontrol' || program === 'sacctmgr' || program === 'sreport'
      ? plain.filter((word) => word !== 'seconds' && !/^[A-Z]/.test(word))
      : [];
  const suffix = form === 'json' || form === 'yaml' ? ` --${form}` : '';
  return `${[program, ...subject].join(' ')}${suffix}`;
}

/** How an answer differs from the recorded one. */
export function differencesOf({ moment, recorded, answer }: Played, beganAt: number): readonly Difference[] {
  const form = formOf(recorded.argv);
  const about = { moment, name: recorded.name, command: commandOf(recorded, form) };
  const differences: Difference[] = [];
  const differ = (row: string, column: string, one: string | undefined, other: string | undefined): void => {
    differences.push({ ...about, row, column, recorded: one, emulated: other });
  };
  if (recorded.code !== answer.code) differ('answer', 'exit code', String(recorded.code), String(answer.code));
  if (recorded.stderr !== answer.stderr) differ('answer', 'stderr', recorded.stderr, answer.stderr);
  const real = rowsOf(readAnswer(form, recorded.stdout, recorded.argv));
  const ours = rowsOf(readAnswer(form, answer.stdout, recorded.argv));
  for (const [row, cells] of real) {
    const others = ours.get(row);
    if (others === undefined) {
      differ(row, 'record', 'there', undefined);
      continue;
    }
    for (const column of new Set([...cells.keys(), ...others.keys()])) {
      const [one, other] = [cells.get(column), others.get(column)];
      if (one !== undefined && other !== undefined && sameValue(one, other, { command: about.command, column, beganAt })) continue;
      differ(row, column, one, other);
    }
  }
  for (const row of ours.keys()) if (!real.has(row)) differ(row, 'record', undefined, 'there');
  return differences;
}

function rowsOf(cells: readonly Cell[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const rows = new Map<string, Map<string, string>>();
  for (const { row, column, value } of cells) {
    const found = rows.get(row) ?? new Map<string, string>();
    rows.set(row, found);
    // A list of plain values is one value.
    const before = found.get(column);
    found.set(column, before === undefined ? value : `${before} ${value}`);
  }
  return rows;
}
