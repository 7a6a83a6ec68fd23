import { type Clock, SluiceError } from '@sluice/io';
import type { Health } from './health.ts';
import type { Log } from './log.ts';
import type { Notifier } from './systemd.ts';
import { keepWatchdog } from './watchdog.ts';

/** One part of a program: a listener, a poller, a journal. Parts start in order and stop in the opposite one. */
export interface Part {
  readonly name: string;
  start?(context: PartContext): Promise<void> | void;
  /** Finishes what is under way; at the latest when `deadline` aborts. */
  stop?(deadline: AbortSignal): Promise<void> | void;
}

export interface PartContext {
  /** Aborts when the program begins to stop. */
  readonly stopping: AbortSignal;
  /** Ends the program because this part cannot go on; the error gives the exit code. */
  fail(error: unknown): void;
}

/** What a program needs of `process`. */
export interface ProgramHost {
  on(event: string, listener: (...details: unknown[]) => void): unknown;
  off(event: string, listener: (...details: unknown[]) => void): unknown;
  /** Ends the process at once. */
  exit(code: number): void;
}

export interface ProgramOptions {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly log: Log;
  readonly clock: Clock;
  readonly host: ProgramHost;
  readonly notifier: Notifier;
  /** Its `live` checks decide whether the watchdog is fed. */
  readonly health?: Health;
  /** Milliseconds for stopping; 30,000 by default. `TimeoutStopSec=` of the unit must be longer. */
  readonly drainMs?: number;
  /**
   * On SIGHUP: reads the configuration anew and puts it in force. If it throws, the old one stays, and the program says
   * so.
   */
  readonly reload?: () => Promise<void> | void;
  /** Microseconds of CLOCK_MONOTONIC, which `Type=notify-reload` wants; of `process.hrtime` by default. */
  readonly monotonicUsec?: () => bigint;
}

/** 128 + SIGTERM: the exit code after a second signal. */
const forcedExit = 143;

/**
 * Runs a program until a signal or a failed part ends it, and gives its exit code: 0 after SIGTERM or SIGINT and a whole
 * drain, 75 when the drain took too long, else that of the error. A second signal, an uncaught exception and an
 * unhandled rejection (70) end the process at once: journals are made for that.
 */
export async function runProgram(options: ProgramOptions): Promise<number> {
  return new Running(options).run();
}

class Running {
  readonly #options: ProgramOptions;
  readonly #stopping = new AbortController();
  readonly #started: Part[] = [];
  /** Resolves when the program is to stop, with its exit code. */
  readonly #end = Promise.withResolvers<number>();
  #ready = false;
  #reloading = false;
  #reloadAgain = false;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  async run(): Promise<number> {
    const { host, log, notifier, clock, health } = this.#options;
    const listeners: Readonly<Record<string, (...details: unknown[]) => void>> = {
      SIGTERM: () => this.#signal('SIGTERM'),
      SIGINT: () => this.#signal('SIGINT'),
      SIGHUP: () => void this.#reload(),
      uncaughtException: (error) => this.#fault(error, 'uncaught exception'),
      unhandledRejection: (error) => this.#fault(error, 'unhandled rejection'),
    };
    for (const [event, listener] of Object.entries(listeners)) host.on(event, listener);
    const watchdog = new AbortController();
    try {
      await this.#start();
      if (!this.#stopping.signal.aborted) {
        this.#ready = true;
        await notifier.notify('READY=1', 'STATUS=running');
        log.info('running');
        if (this.#reloadAgain) void this.#reload();
        keepWatchdog({ notifier, clock, log, signal: watchdog.signal, ...(health ? { health } : {}) });
      }
      const code = await this.#end.promise;
      return (await this.#drain()) ? code : code || 75;
    } finally {
      watchdog.abort();
      for (const [event, listener] of Object.entries(listeners)) host.off(event, listener);
    }
  }

  async #start(): Promise<void> {
    const stopping = this.#stopping.signal;
    for (const part of this.#options.parts) {
      if (stopping.aborted) return;
      try {
        // Pushed before it has started, so that a part that half started is stopped too.
        this.#started.push(part);
        await part.start?.({ stopping, fail: (error) => this.#stop(error, part) });
      } catch (error) {
        if (stopping.aborted) return;
        this.#stop(error, part);
      }
    }
  }

  #signal(name: string): void {
    const { log, host } = this.#options;
    if (this.#stopping.signal.aborted) {
      log.warn(`${name} again: ending at once`);
      this.#end.resolve(forcedExit);
      host.exit(forcedExit);
      return;
    }
    log.info(`${name}: stopping`);
    this.#finish(0);
  }

  #stop(error: unknown, part: Part): void {
    this.#options.log.error({ err: error, part: part.name }, `${part.name} ${this.#ready ? 'cannot go on' : 'cannot start'}`);
    this.#finish(error instanceof SluiceError ? error.exitCode : 70);
  }

  #finish(code: number): void {
    this.#end.resolve(code);
    this.#stopping.abort();
  }

  #fault(error: unknown, what: string): void {
    const { log, host } = this.#options;
    log.fatal({ err: error }, what);
    host.exit(70);
  }

  /** Stops the parts, the last one first; says whether all of them ended in time. */
  async #drain(): Promise<boolean> {
    const { log, clock, notifier, drainMs = 30_000 } = this.#options;
    const told = notifier.notify('STOPPING=1', 'STATUS=stopping');
    const deadline = new AbortController();
    const ended = new AbortController();
    const timer = clock.sleep(drainMs, ended.signal).then(
      () => deadline.abort(),
      () => {},
    );
    let whole = true;
    for (const part of this.#started.toReversed()) {
      const stopped = Promise.resolve()
        .then(() => part.stop?.(deadline.signal))
        .then(() => true)
        .catch((error: unknown) => {
          log.error({ err: error, part: part.name }, `${part.name} did not stop well`);
          return true;
        });
      // After the deadline the remaining parts still get their call and one turn, so that they can close files.
      if (await Promise.race([stopped, timer.then(() => new Promise((resolve) => setImmediate(resolve, false)))])) continue;
      log.error({ part: part.name }, `${part.name} did not stop within ${drainMs / 1000} s`);
      whole = false;
    }
    ended.abort();
    await told;
    log.info(whole ? 'stopped' : 'stopped before everything was finished');
    return whole;
  }

  async #reload(): Promise<void> {
    const { log, notifier, reload, monotonicUsec = () => process.hrtime.bigint() / 1000n } = this.#options;
    if (this.#stopping.signal.aborted) return;
    if (this.#reloading || !this.#ready) {
      this.#reloadAgain = true;
      return;
    }
    this.#reloading = true;
    this.#reloadAgain = false;
    let status = 'running';
    await notifier.notify('RELOADING=1', `MONOTONIC_USEC=${monotonicUsec()}`);
    try {
      if (reload) {
        await reload();
        log.info('SIGHUP: configuration reloaded');
      } else log.info('SIGHUP: there is nothing to reload');
    } catch (error) {
      log.error({ err: error }, 'SIGHUP: the new configuration is not used, the old one stays in force');
      status = 'running with the old configuration: the new one has errors';
    }
    await notifier.notify('READY=1', `STATUS=${status}`);
    this.#reloading = false;
    if (this.#reloadAgain) await this.#reload();
  }
}
