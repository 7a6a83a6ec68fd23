import { parseRelease, type Release } from '@sluice/slurm';

/** A release as this room compares it; an unreadable one counts as 24.11. */
export function releaseOf(text: string): Release {
  return parseRelease(text) ?? { text, major: 2411, micro: 0 };
}

/** Dialects of the commands and of slurmrestd by release, the default first, then in the order of `--json=list` (recorded). */
const dialectsByRelease: readonly (readonly [major: number, dialects: readonly number[], listed: readonly number[]])[] = [
  [2605, [45, 44, 43, 42], [43, 42, 45, 44]],
  [2511, [44, 43, 42, 41], [44, 43, 42, 41]],
  [2505, [43, 42, 41, 40], [43, 42, 40, 41]],
  [2411, [42, 41, 40], [42, 40, 41]],
  [2405, [41, 40, 39], [41, 39, 40]],
  [2311, [40, 39], [39, 40]],
  [2302, [39], [39]],
  [0, [38], [38]],
];

/** Numbers of the dialects that a release speaks, the newest (its default) first: 42 is v0.0.42. */
export function dialectsOf(release: Release): readonly number[] {
  return rowOf(release)[1];
}

export function dialectName(dialect: number): string {
  return `v0.0.${dialect}`;
}

/** 42 for `v0.0.42` or `data_parser/v0.0.42`; undefined for anything else. */
export function parseDialect(text: string): number | undefined {
  const match = /^(?:data_parser\/)?v0\.0\.([0-9]{1,3})(?:\+.*)?$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

export type ChosenDialect =
  | { readonly kind: 'dialect'; readonly dialect: string }
  /** What the command prints instead, on stdout and stderr, and its exit code. */
  | { readonly kind: 'text'; readonly stdout: string; readonly stderr: string; readonly exitCode: number };

/**
 * What `--json`, `--json=v0.0.42`, `--json=list` (or `--yaml…`) of a command means. `argument` is null without one. 22.05 takes no
 * argument; later releases refuse a dialect they do not have (recorded: errors/json-bad-parser.txt, squeue-json-list.txt).
 */
export function chooseDialect(releaseText: string, command: string, option: 'json' | 'yaml', argument: string | null): ChosenDialect {
  const release = releaseOf(releaseText);
  const [, [newest = 38], listed] = rowOf(release);
  if (argument === null) return { kind: 'dialect', dialect: dialectName(newest) };
  if (newest === 38) {
    return say('', `${command}: option '--${option}' doesn't allow an argument\nTry "${command} --help" for more information\n`, 1);
  }
  if (argument === 'list') {
    const names = listed.map((dialect) => `data_parser/${dialectName(dialect)}\n`);
    const title = 'Possible data_parser plugins:\n';
    if (release.major < 2405) return say('', `${command}: ${title}${names.map((name) => `${command}: ${name}`).join('')}`, 0);
    return say(names.join(''), title, 0);
  }
  const wanted = parseDialect(argument);
  if (wanted !== undefined && listed.includes(wanted)) return { kind: 'dialect', dialect: dialectName(wanted) };
  const plugin = argument.startsWith('data_parser/') ? argument : `data_parser/${argument}`;
  const mime = option === 'json' ? 'application/json' : 'application/x-yaml';
  return say(
    '',
    `${command}: error: load_plugins: unable to find plugin: ${plugin}\n` +
      `${command}: error: data_parser_g_new: failure loading plugins: Plugin has invalid format or unable to be loaded\n` +
      `${command}: error: ${mime} output not supported by data_parser/${dialectName(newest)}\n`,
    1,
  );
}

function say(stdout: string, stderr: string, exitCode: number): ChosenDialect {
  return { kind: 'text', stdout, stderr, exitCode };
}

function rowOf(release: Release): (typeof dialectsByRelease)[number] {
  return dialectsByRelease.find(([major]) => release.major >= major) ?? [0, [38], [38]];
}
