import { lstatSync, opendirSync, readdirSync, rmdirSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { dayOf, dayPattern, temporaryPattern } from './spool-layout.ts';

const dayMs = 86_400_000;
/** A hook writes its event in milliseconds; what is still unfinished after this was left by one that was killed. */
const temporaryMs = 3_600_000;

export interface SpoolListing {
  readonly state: SpoolState;
  /** The oldest names, each `<day>/<name>`, oldest first. */
  readonly oldest: readonly string[];
  /** How many files wait, those of `oldest` included. */
  readonly count: number;
}

/** `missing`: there is no such directory; `unreadable`: it may not be listed. Both list as empty. */
export type SpoolState = 'ready' | 'missing' | 'unreadable';

export interface ListOptions {
  /** How many names to keep. */
  readonly keep: number;
  /** Files that can be neither read nor moved, as `<day>/<name>`; left out. */
  readonly passed?: ReadonlySet<string>;
  /** With it, what killed hooks left unfinished and the empty directories of days before yesterday are removed on the way. */
  readonly tidyAtMs?: number;
}

/** Lists what waits and keeps the oldest names, so that memory does not grow with the spool. Never throws. */
export function listSpool(path: string, options: ListOptions): SpoolListing {
  const { keep, tidyAtMs } = options;
  const days: string[] = [];
  try {
    eachName(path, (name) => {
      if (dayPattern.test(name)) days.push(name);
    });
  } catch (error) {
    const state = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable';
    return { state, oldest: [], count: 0 };
  }
  days.sort();
  let oldest: string[] = [];
  let count = 0;
  for (const day of days) {
    const found = listDay(path, day, options);
    if (found === null) continue;
    const isOld = tidyAtMs !== undefined && day < dayOf(tidyAtMs - dayMs);
    if (isOld && found.entries === 0) attempt(() => rmdirSync(join(path, day)));
    count += found.count;
    if (oldest.length < keep) oldest = oldest.concat(found.oldest.slice(0, keep - oldest.length));
  }
  return { state: 'ready', oldest, count };
}

/** Whether there is anything to read; looks no further than the first file. */
export function anythingWaits(path: string): boolean {
  let found = false;
  attempt(() =>
    eachName(path, (day) => {
      if (!dayPattern.test(day)) return true;
      attempt(() =>
        eachNameOfDay(join(path, day), (name) => {
          found = !temporaryPattern.test(name);
          return !found;
        }),
      );
      return !found;
    }),
  );
  return found;
}

interface DayListing {
  readonly oldest: string[];
  /** Files that wait. */
  readonly count: number;
  /** Files of any kind, unfinished ones too. */
  readonly entries: number;
}

function listDay(path: string, day: string, { keep, passed, tidyAtMs }: ListOptions): DayListing | null {
  let oldest: string[] = [];
  let count = 0;
  let entries = 0;
  try {
    eachNameOfDay(join(path, day), (name) => {
      entries += 1;
      if (temporaryPattern.test(name)) {
        if (tidyAtMs !== undefined && removedStale(join(path, day, name), tidyAtMs)) entries -= 1;
        return;
      }
      const file = `${day}/${name}`;
      if (passed?.has(file)) return;
      count += 1;
      oldest.push(file);
      if (oldest.length >= 2 * keep) oldest = oldest.sort().slice(0, keep);
    });
  } catch {
    return null;
  }
  return { oldest: oldest.sort().slice(0, keep), count, entries };
}

function removedStale(path: string, nowMs: number): boolean {
  return attempt(() => {
    if (nowMs - lstatSync(path).mtimeMs < temporaryMs) return false;
    unlinkSync(path);
    return true;
  });
}

type Visit = (name: string) => unknown;

/** Calls `visit` for each name in a directory until it gives false. */
export function eachName(path: string, visit: Visit): void {
  eachNameOf(path, statSync(path), visit);
}

/** The same, but a link in the place of the directory is not followed. */
function eachNameOfDay(path: string, visit: Visit): void {
  const stat = lstatSync(path);
  if (stat.isDirectory()) eachNameOf(path, stat, visit);
}

/** Bytes of a directory that is read at once, some thousands of names; a larger one is read piece by piece, at thrice the cost a name. */
const readAtOnce = 512 * 1024;

function eachNameOf(path: string, stat: Stats, visit: Visit): void {
  if (stat.size <= readAtOnce) {
    for (const name of readdirSync(path)) {
      if (visit(name) === false) return;
    }
    return;
  }
  const directory = opendirSync(path, { bufferSize: 512 });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (visit(entry.name) === false) return;
    }
  } finally {
    directory.closeSync();
  }
}

/** What a file operation gives, or false when it fails: somebody else was quicker, or we may not. */
export function attempt(operation: () => unknown): boolean {
  try {
    return operation() !== false;
  } catch {
    return false;
  }
}
