import type { Epoch } from '@sluice/slurm';
import type { DbdMessage } from '../model/slurmdbd.ts';

export interface QueuedMessage {
  readonly seq: number;
  readonly at: Epoch;
  readonly message: DbdMessage;
}

/** slurmctld's queue of what slurmdbd is to be told: in order, late by the accounting's lag, and kept while slurmdbd is down. */
export class DbdAgent {
  readonly #queue: QueuedMessage[] = [];
  #first = 0;
  #next = 1;
  /** Messages since the last look that are to be kept, and those that were delivered. */
  readonly added: QueuedMessage[] = [];
  readonly delivered: number[] = [];
  readonly #deliver: (message: DbdMessage) => void;
  lagSeconds = 0;
  up = true;

  constructor(deliver: (message: DbdMessage) => void) {
    this.#deliver = deliver;
  }

  get waiting(): number {
    return this.#queue.length - this.#first;
  }

  send(message: DbdMessage, now: Epoch): void {
    if (this.up && this.lagSeconds === 0 && this.waiting === 0) {
      this.#deliver(message);
      return;
    }
    const queued = { seq: this.#next++, at: now, message };
    this.#queue.push(queued);
    this.added.push(queued);
  }

  /** When the next message is due; undefined when none waits or slurmdbd is down. */
  nextAt(): Epoch | undefined {
    const first = this.#queue[this.#first];
    return first === undefined || !this.up ? undefined : first.at + this.lagSeconds;
  }

  /** Delivers what is due. */
  flush(now: Epoch): void {
    if (!this.up) return;
    for (;;) {
      const first = this.#queue[this.#first];
      if (first === undefined || first.at + this.lagSeconds > now) break;
      this.#first += 1;
      this.delivered.push(first.seq);
      this.#deliver(first.message);
    }
    if (this.#first > 1000 && this.#first * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
  }

  restore(messages: readonly QueuedMessage[]): void {
    this.#queue.push(...messages);
    this.#next = (messages.at(-1)?.seq ?? 0) + 1;
  }
}
