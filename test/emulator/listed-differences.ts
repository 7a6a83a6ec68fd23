import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Difference } from './compare.ts';

/** A difference from the recorded releases that is known. */
export interface ListedDifference {
  /** As `commandOf` names it, e.g. `scontrol show job`. */
  readonly command: string;
  /** Column, key or path; between slashes a pattern, where several are one thing. */
  readonly column: string;
  readonly releases: readonly string[] | 'all';
  /** Rows by name, e.g. ids of jobs, with `~` for a blank; `*` are all, between slashes is a pattern. */
  readonly rows: string;
  readonly reason: string;
}

/** Reads a list: one difference to a line, with tabs between command, column, releases, rows and reason. */
export function readList(name: string): readonly ListedDifference[] {
  const [, ...lines] = readFileSync(join(import.meta.dirname, name), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [command = '', column = '', releases = '', rows = '', reason = '', ...more] = line.split('\t');
    if (reason === '' || more.length > 0) throw new Error(`${name}: "${line}" is not command, column, releases, rows, reason`);
    return { command, column, releases: releases === 'all' ? 'all' : releases.split(','), rows, reason };
  });
}

/** Whether a difference is the listed one. */
export function isListed(entry: ListedDifference, release: string, { command, column, row }: Difference): boolean {
  if (entry.command !== command || !fits(entry.column, column)) return false;
  if (entry.releases !== 'all' && !entry.releases.includes(release)) return false;
  const head = row.split('/').slice(0, 2).join('/');
  return entry.rows === '*' || fits(entry.rows, row) || entry.rows.split(' ').includes(head.replaceAll(' ', '~'));
}

function fits(pattern: string, value: string): boolean {
  return /^\/.+\/$/.test(pattern) ? new RegExp(pattern.slice(1, -1)).test(value) : pattern === value;
}
