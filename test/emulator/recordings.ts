import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** One command of the recorded scenario and what a real Slurm answered. */
export interface RecordedCommand {
  /** Name of the recording, e.g. `squeue-all.json`. */
  readonly name: string;
  /** The command line as it was, with the recording's own times in it. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `live`: jobs in many states, several of them running; `final`: all have ended. */
export type Moment = 'live' | 'final';

/** The scenario as a release of Slurm played it. */
export interface Recording {
  /** In full, e.g. `24.11.7`. */
  readonly release: string;
  /** When the first job was submitted, as text and in seconds since the epoch. */
  readonly began: string;
  readonly beganAt: number;
  readonly conf: string;
  /** Directory of the recorded cluster, as it stands in the answers. */
  readonly dir: string;
  /** PATH of the users who submitted. */
  readonly path: string;
  /** Job ids by role. */
  readonly jobs: Readonly<Record<string, number>>;
  readonly commands: Readonly<Record<Moment, readonly RecordedCommand[]>>;
  /** When each moment's commands were recorded. */
  readonly at: Readonly<Record<Moment, number>>;
  /** When a role's job was first submitted, as far as accounting knows it. */
  submitted(role: string): number | undefined;
  /** When all that still ran was cancelled. */
  readonly cancelledAt: number;
}

type Kept = Pick<Recording, 'release' | 'began' | 'conf' | 'jobs'> & Readonly<Record<Moment, readonly RecordedCommand[]>>;

const folder = join(import.meta.dirname, 'recordings');

/** Releases that were recorded, oldest first, e.g. `22.05`. */
export const recordedReleases: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json.br'))
  .map((name) => name.slice(0, -'.json.br'.length))
  .sort();

export function readRecording(release: string): Recording {
  const kept = JSON.parse(brotliDecompressSync(readFileSync(join(folder, `${release}.json.br`))).toString('utf8')) as Kept;
  const { live, final, ...rest } = kept;
  const text = (moment: Moment, name: string): string => {
    const found = kept[moment].find((one) => one.name === name);
    if (!found) throw new Error(`${release} has no ${moment}/${name}`);
    return found.stdout;
  };
  const rows = text('final', 'sacct-D.txt').split('\n');
  const times = (jobId: number | undefined): readonly string[] =>
    rows.find((row) => row.startsWith(`${jobId}|`) || row.startsWith(`${jobId}_`) || row.startsWith(`${jobId}+0|`))?.match(isoTime) ?? [];
  const at = (moment: Moment): number => Date.parse(`${text(moment, 'sinfo-N-l.txt').split('\n')[0]} UTC`) / 1000;
  const epoch = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(`${time}Z`) / 1000);
  return {
    ...rest,
    beganAt: Date.parse(kept.began) / 1000,
    dir: /^StateSaveLocation=(.*)\/state$/m.exec(kept.conf)?.[1] ?? '',
    path: /^PATH=(.*)$/m.exec(text('live', 'sacct-env-vars.txt'))?.[1] ?? '',
    commands: { live, final },
    at: { live: at('live'), final: at('final') },
    submitted: (role) => epoch(times(kept.jobs[role])[0]),
    cancelledAt: epoch(times(kept.jobs['exclusive'])[2]) ?? at('final'),
  };
}

const isoTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g;
