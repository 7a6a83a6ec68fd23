import { closeSync, constants, ftruncateSync, lstatSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@sluice/io';
import type { HookEvent } from './event.ts';
import { readSpoolFile, spoolBuffer } from './spool-file.ts';
import { seenMsOf, spoolNames } from './spool-layout.ts';
import { attempt, listSpool, type SpoolState } from './spool-list.ts';
import { refusedFiles } from './spool-refused.ts';
import { watchSpool } from './spool-watch.ts';

export interface SpoolOptions {
  /** The spool, on a local disk: it is read synchronously. */
  readonly path: string;
  readonly clock: Clock;
  /** Files that are no events and are kept in `refused/`; 1,000 by default, further ones are deleted. */
  readonly maxRefused?: number;
  /** Uids that events may belong to; any by default, since the directory's mode says who may write. */
  readonly owners?: readonly number[];
  /** Milliseconds between looking without having been woken; 5,000 by default. */
  readonly rescanMs?: number;
  /** Names held in memory while a backlog is read; 4,096 by default. */
  readonly window?: number;
}

/** A file of the spool is named `<day>/<name>`. */
export interface SpooledEvent {
  readonly event: HookEvent;
  readonly file: string;
}

export interface SpoolTrouble {
  readonly file: string;
  readonly reason: string;
}

export interface SpoolRead {
  readonly state: SpoolState;
  /** Oldest first. */
  readonly events: readonly SpooledEvent[];
  /** What was no event and has been set aside; each is told once. */
  readonly refused: readonly SpoolTrouble[];
}

export interface SpoolDepth {
  readonly state: SpoolState;
  readonly files: number;
  /** Measured on the thousand oldest files; beyond, what the others take at the same mean. */
  readonly bytes: number;
  /** When the oldest event was seen, milliseconds since the epoch; null when none waits. */
  readonly oldestMs: number | null;
}

export interface Spool {
  /**
   * The `max` oldest events. Until they are removed the next call gives them again, so that none is lost between here and the journal; files in
   * `except`, those that the caller is still busy with, are passed over unread.
   */
  read(max: number, except?: ReadonlySet<string>): SpoolRead;
  /** Removes what has been taken over. A file that cannot be removed is told, and not given again by this spool. */
  remove(files: readonly string[]): readonly SpoolTrouble[];
  /** What waits; changes nothing. */
  depth(): SpoolDepth;
  /** When an event last found no room, milliseconds since the epoch; null when none did since `clearFull`. */
  fullSince(): number | null;
  /** Takes the mark of `fullSince` away: after a comparison with accounting has made up for what was dropped. */
  clearFull(): void;
  /** Calls `onArrival` when events may have arrived; resolves when `signal` is aborted. */
  watch(onArrival: () => void, signal: AbortSignal): Promise<void>;
}

/** Files that can be neither read nor moved, and are passed by; a bound against a spool made of them. */
const mostPassed = 10_000;
const sampled = 1000;
const none: ReadonlySet<string> = new Set();
/** How far `written` may be from the number of waiting events before it is set right. */
const slack = 256;

/** The reader of the spool that the hook writes. Nothing is touched before the first call; what is in the spool makes none of them throw. */
export function openSpool(options: SpoolOptions): Spool {
  const { path, clock, maxRefused = 1000, rescanMs = 5000, window = 4096 } = options;
  const refusal = refusedFiles(path, maxRefused);
  const buffer = spoolBuffer();
  const passed = new Set<string>();
  let names: readonly string[] = [];
  let state: SpoolState = 'ready';

  function list(keep: number): void {
    const listing = listSpool(path, { keep, passed, tidyAtMs: clock.now() });
    names = listing.oldest;
    state = listing.state;
    if (state === 'ready') setWritten(path, listing.count);
  }

  function pass(file: string): void {
    passed.add(file);
    const [first] = passed;
    if (passed.size > mostPassed && first !== undefined) passed.delete(first);
  }

  function forget(files: ReadonlySet<string>): void {
    if (files.size > 0) names = names.filter((name) => !files.has(name));
  }

  return {
    read(max, except = none) {
      if (names.length < max + except.size) list(Math.max(max + except.size, window));
      const events: SpooledEvent[] = [];
      const refused: SpoolTrouble[] = [];
      const done = new Set<string>();
      for (const file of names) {
        if (events.length + refused.length >= max) break;
        if (except.has(file)) continue;
        const found = readSpoolFile(join(path, file), file.slice(file.indexOf('/') + 1), buffer, options.owners);
        if ('event' in found) {
          events.push({ event: found.event, file });
          continue;
        }
        done.add(file);
        if ('gone' in found) continue;
        refused.push({ file, reason: found.refused });
        if (!refusal.setAside(file)) pass(file);
      }
      forget(done);
      return { state, events, refused };
    },

    remove(files) {
      const failed: SpoolTrouble[] = [];
      for (const file of files) {
        const code = codeOf(() => unlinkSync(join(path, file)));
        if (code === null || code === 'ENOENT') continue;
        failed.push({ file, reason: `it cannot be removed: ${code}` });
        pass(file);
      }
      forget(new Set(files));
      return failed;
    },

    depth() {
      const listing = listSpool(path, { keep: sampled });
      let bytes = 0;
      for (const file of listing.oldest) bytes += lstatSync(join(path, file), { throwIfNoEntry: false })?.size ?? 0;
      const [oldest] = listing.oldest;
      return {
        state: listing.state,
        files: listing.count,
        bytes: listing.oldest.length === 0 ? 0 : Math.round((bytes * listing.count) / listing.oldest.length),
        oldestMs: oldest === undefined ? null : seenMsOf(oldest.slice(oldest.indexOf('/') + 1)),
      };
    },

    fullSince() {
      let since: number | null = null;
      attempt(() => {
        since = Math.floor(lstatSync(join(path, spoolNames.full)).mtimeMs);
      });
      return since;
    },

    clearFull() {
      attempt(() => rmSync(join(path, spoolNames.full), { force: true }));
    },

    watch: (onArrival, signal) => watchSpool({ path, clock, rescanMs, signal, onArrival }),
  };
}

/** Cuts `written`, the hook's count of events, back to those that wait. One written meanwhile may be missed, which the next time mends. */
function setWritten(path: string, count: number): void {
  attempt(() => {
    const written = join(path, spoolNames.written);
    if (Math.abs(lstatSync(written).size - count) <= slack) return;
    const descriptor = openSync(written, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      ftruncateSync(descriptor, count);
    } finally {
      closeSync(descriptor);
    }
  });
}

function codeOf(operation: () => void): string | null {
  try {
    operation();
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}
