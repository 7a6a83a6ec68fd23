import type { Clock } from '@sluice/io';
import type { Health } from './health.ts';
import type { Log } from './log.ts';
import type { Notifier } from './systemd.ts';

export interface WatchdogOptions {
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly health?: Health;
  readonly signal: AbortSignal;
}

/** Feeds systemd's watchdog at half its time, as sd_watchdog_enabled(3) advises, while the `live` checks are well. */
export function keepWatchdog(options: WatchdogOptions): void {
  const { watchdogMs } = options.notifier;
  if (watchdogMs === undefined) return;
  feed(options, watchdogMs / 2).catch(() => {});
}

/** Ends with the signal, which makes the sleep reject. */
async function feed({ notifier, clock, log, health, signal }: WatchdogOptions, everyMs: number): Promise<void> {
  let well = true;
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal);
    const report = await health?.live();
    if (report?.status !== 'failed') {
      await notifier.notify('WATCHDOG=1');
      well = true;
    } else if (well) {
      log.error({ checks: report.checks }, 'not alive: the watchdog is not fed, systemd will end this program');
      well = false;
    }
  }
}
