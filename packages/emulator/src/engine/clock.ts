import type { Clock } from '@sluice/io';
import type { Epoch } from '@sluice/slurm';
import type { EmulatedTime } from '../model/emulated-slurm.ts';

/** The cluster's time: the machine's, at a pace, from a moment on. `runUntil` lets everything happen that lies before a moment. */
export class EmulatedClock implements EmulatedTime {
  readonly #clock: Clock;
  readonly #runUntil: (to: Epoch) => void;
  readonly #jump: (to: Epoch) => void;
  readonly #changed: () => void;
  #rate: number;
  /** The cluster's time in milliseconds when the machine's monotonic clock stood at `#since`. */
  #base: number;
  #since: number;
  #running = false;

  constructor(options: {
    readonly clock: Clock;
    readonly start: Epoch;
    readonly rate: number;
    runUntil(to: Epoch): void;
    /** The clock is set back. */
    jump(to: Epoch): void;
    /** Time moved by itself or by a caller, or goes at another pace. */
    changed(): void;
  }) {
    this.#clock = options.clock;
    this.#base = options.start * 1000;
    this.#since = options.clock.monotonic();
    this.#rate = options.rate;
    this.#runUntil = (to) => options.runUntil(to);
    this.#jump = (to) => options.jump(to);
    this.#changed = () => options.changed();
  }

  get rate(): number {
    return this.#rate;
  }

  /** Milliseconds of the cluster's time. */
  exact(): number {
    return this.#base + (this.#clock.monotonic() - this.#since) * this.#rate;
  }

  now(): Epoch {
    return Math.floor(this.exact() / 1000);
  }

  /** Lets happen what is due by now. */
  sync(): Epoch {
    const now = this.now();
    // Within an event, the time is the event's.
    if (this.#running) return now;
    this.#running = true;
    try {
      this.#runUntil(now);
    } finally {
      this.#running = false;
    }
    return now;
  }

  setRate(rate: number): void {
    this.sync();
    this.#rebase(this.exact());
    this.#rate = Math.max(0, rate);
    this.#changed();
  }

  advance(seconds: number): void {
    this.#rebase(this.exact() + Math.max(0, seconds) * 1000);
    this.sync();
    this.#changed();
  }

  set(to: Epoch): void {
    const now = this.now();
    if (to > now) {
      this.advance(to - now);
      return;
    }
    this.sync();
    this.#rebase(to * 1000);
    this.#jump(to);
    this.#changed();
  }

  #rebase(at: number): void {
    this.#base = at;
    this.#since = this.#clock.monotonic();
  }
}
