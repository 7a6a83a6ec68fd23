import { readFileSync } from 'node:fs';
import { type Call, type Ended, type Processes, SluiceError } from '@sluice/io';

/** Releases of which the same scenario was recorded. */
export const releases = ['22.05', '23.11', '24.11', '25.05', '26.05'] as const;
export type RecordedRelease = (typeof releases)[number];

export function recorded(release: RecordedRelease, file: string): string {
  return readFileSync(new URL(`../recordings/accounting/${release}/${file}`, import.meta.url), 'utf8');
}

/** What the scenario's jobs were for: role by job id; tasks and components by their own `array_3`, `het+1`. */
export function roles(release: RecordedRelease): ReadonlyMap<number, string> {
  const lines = recorded(release, 'jobs.tsv').trimEnd().split('\n');
  return new Map(lines.map((line) => line.split('\t')).map(([role = '', id = '']) => [Number(id), role]));
}

export interface RecordedTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * A `-P` answer with header. Lines are joined until a row has its fields: `-P` does not say where a record ends. Lines
 * around the table (`$ command`, `rc=0`, sreport's rulers) are left out by naming the first column.
 */
export function table(text: string, delimiter: string, firstColumn: string): RecordedTable {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`${firstColumn}${delimiter}`));
  const columns = (lines[first] ?? '').split(delimiter);
  const rows: string[][] = [];
  let pending = '';
  for (const line of lines.slice(first + 1)) {
    if (pending === '' && (line === '' || line.startsWith('rc='))) continue;
    pending = pending === '' ? line : `${pending}\n${line}`;
    const fields = pending.split(delimiter);
    if (fields.length < columns.length) continue;
    rows.push(fields);
    pending = '';
  }
  return { columns, rows };
}

const ended: Ended = { code: 0, signal: null, stderr: '', durationMs: 0 };

/**
 * sacct as it was recorded: it offers the recorded columns, and frames each recorded row as it is asked to. Only the
 * framing is new, every field is Slurm's. `chunkBytes` cuts the answer where no record ends; `keepBytes` cuts it off.
 */
export function recordedSacct(
  recording: RecordedTable,
  cut: { readonly chunkBytes?: number; readonly keepBytes?: number } = {},
): Processes {
  function answer({ args }: Call): Buffer {
    const delimiter = /^--delimiter=(.*)$/s.exec(args.find((word) => word.startsWith('--delimiter=')) ?? '')?.[1] ?? '|';
    const names = (/^--format=(.*)$/.exec(args.find((word) => word.startsWith('--format=')) ?? '')?.[1] ?? '').split(',');
    const order = names.map((name) => recording.columns.indexOf(name));
    const rows = recording.rows.map((row) => (row.length === recording.columns.length ? order.map((at) => row[at] ?? '') : row));
    const text = [names, ...rows].map((row) => `${row.map((field) => field + delimiter).join('')}\n`).join('');
    return Buffer.from(text).subarray(0, cut.keepBytes);
  }
  async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
    const size = cut.chunkBytes ?? 65_536;
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return {
    run: ({ program, args }) => {
      if (program.name !== 'sacct' || args[0] !== '--helpformat') throw new SluiceError('process.missing', `not recorded: ${program.name}`);
      return Promise.resolve({ ...ended, stdout: Buffer.from(recording.columns.join(' ')) });
    },
    stream: (call) => ({ stdout: chunks(answer(call)), ended: Promise.resolve(ended) }),
  };
}
