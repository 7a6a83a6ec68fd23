import { type FSWatcher, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@sluice/io';
import { spoolNames } from './spool-layout.ts';
import { anythingWaits } from './spool-list.ts';

export interface SpoolWatchOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly rescanMs: number;
  readonly signal: AbortSignal;
  onArrival(): void;
}

/**
 * Calls `onArrival` when events may have arrived, once for those that come together. One inotify watch suffices, on `bell`, because the hook
 * opens it after each event; until there is one, on the spool. Every `rescanMs` it looks itself, since inotify may miss (queue overflow, no watches left, a bell that
 * cannot be written) and the spool may come later or be replaced. Resolves when `signal` is aborted.
 */
export async function watchSpool({ path, clock, rescanMs, signal, onArrival }: SpoolWatchOptions): Promise<void> {
  let watcher: FSWatcher | undefined;
  let watched: string | null = null;
  let announced = false;

  function announce(): void {
    if (announced) return;
    announced = true;
    setImmediate(() => {
      announced = false;
      if (!signal.aborted) onArrival();
    });
  }

  function unwatch(): void {
    watcher?.close();
    watcher = undefined;
    watched = null;
  }

  function follow(): void {
    const bell = join(path, spoolNames.bell);
    const rung = identityOf(bell);
    const present = rung ?? identityOf(path);
    if (present === watched) return;
    unwatch();
    if (present === null) return;
    try {
      watcher = watch(rung === null ? path : bell, { persistent: false }, (_, name) => {
        if (name !== null && name !== spoolNames.bell) return;
        announce();
        if (rung === null) follow();
      });
      watcher.on('error', unwatch);
      watched = present;
    } catch {
      // No watches left or no permission: looking every few seconds has to do.
    }
  }

  try {
    while (!signal.aborted) {
      follow();
      if (anythingWaits(path)) announce();
      await clock.sleep(rescanMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    unwatch();
  }
}

/** Which file stands at a path; null when there is none. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
