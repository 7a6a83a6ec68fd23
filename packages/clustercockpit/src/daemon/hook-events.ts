import type { Clock } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { HookAddress } from '../hook/address.ts';
import type { HookEvent } from '../hook/event.ts';
import { type HookListener, listenForHooks } from '../hook/listener.ts';
import { openSpool, type Spool } from '../hook/spool.ts';
import type { EventPump } from '../observe/event-pump.ts';

export interface HookEventsOptions {
  readonly spoolPath: string;
  readonly address: HookAddress | null;
  readonly pump: EventPump;
  readonly clock: Clock;
  readonly log: Log;
  readonly said: SaidOnce;
  /** Told of each event and of each refusal, for metrics. */
  readonly observe?: (what: 'spool' | 'socket' | 'refused' | 'foreign') => void;
}

/** Events that wait for an answer at most; the others wait in the spool. */
const underWayAtMost = 5000;
const readAtOnce = 500;
/** Milliseconds after which what has not happened again is over: nothing else ends it, and `status` names what has not ended. */
const quietMs = 3_600_000;

/** What the hooks tell, from spool and socket, to those who ask. A spooled event stays on disk until it has been asked about. */
export class HookEvents {
  readonly #options: HookEventsOptions;
  readonly #spool: Spool;
  readonly #underWay = new Set<string>();
  #finished: string[] = [];
  #listener: HookListener | undefined;
  #reading = false;
  /** When each of the troubles that only happen last did, on the monotonic clock. */
  readonly #happened = new Map<string, number>();
  /** What came by the socket before it was known which clusters are observed; null from then on. */
  #early: HookEvent[] | null = [];

  constructor(options: HookEventsOptions) {
    this.#options = options;
    this.#spool = openSpool({ path: options.spoolPath, clock: options.clock });
  }

  get spool(): Spool {
    return this.#spool;
  }

  /** Errors: those of listenForHooks. */
  async listen(): Promise<void> {
    const { address, clock } = this.#options;
    if (address === null) return;
    this.#listener = await listenForHooks(address, {
      clock,
      onEvent: (event) => this.#heard(event),
      onRefused: (reason) => this.#refused(`a message to the hook's socket: ${reason}`),
    });
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  /** Reads the spool whenever something arrives in it. */
  async run(signal: AbortSignal): Promise<void> {
    const early = this.#early ?? [];
    this.#early = null;
    for (const event of early) this.#take(event, () => {});
    this.read();
    await this.#spool.watch(() => this.read(), signal);
    this.#removeFinished();
  }

  read(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      this.#removeFinished();
      const room = Math.min(readAtOnce, underWayAtMost - this.#underWay.size);
      if (room <= 0) return;
      const { events, refused } = this.#spool.read(room, this.#underWay);
      for (const { file, reason } of refused) this.#refused(`${file} of the spool: ${reason}`);
      for (const { event, file } of events) {
        if (this.#underWay.has(file)) continue;
        this.#underWay.add(file);
        this.#take(event, () => this.#finish(file));
      }
    } finally {
      this.#reading = false;
    }
  }

  #heard(event: HookEvent): void {
    if (this.#early === null) this.#take(event, () => {});
    else if (this.#early.length < underWayAtMost) this.#early.push(event);
    else this.#refused('a message to the hook’s socket while Slurm has not named its clusters: too many wait');
  }

  #take(event: HookEvent, done: () => void): void {
    const { pump, observe, log } = this.#options;
    log.debug({ cluster: event.cluster, jobId: event.jobId, kind: event.kind, source: event.source }, 'a hook tells of a job');
    if (pump.add({ cluster: event.cluster, jobId: event.jobId, kind: event.kind, done })) {
      observe?.(event.source);
      return;
    }
    observe?.('foreign');
    this.#happens(
      `cluster ${event.cluster} of a hook`,
      `a hook tells of cluster ${event.cluster}, which is not observed; its events are dropped`,
    );
    done();
  }

  #refused(what: string): void {
    this.#options.observe?.('refused');
    this.#happens('refused events', `${what}: refused`);
  }

  #happens(key: string, message: string): void {
    const { said, clock } = this.#options;
    this.#happened.set(key, clock.monotonic());
    said.begins(key, message);
  }

  /** Ends what has not happened again for long; to be called now and then. */
  endQuiet(): void {
    const { said, clock } = this.#options;
    for (const [key, at] of this.#happened) {
      if (clock.monotonic() - at < quietMs) continue;
      this.#happened.delete(key);
      said.ends(key, `${said.lasting().get(key)?.message ?? key}: not again for an hour`);
    }
  }

  #finish(file: string): void {
    this.#finished.push(file);
    if (this.#finished.length === 1) queueMicrotask(() => this.#removeFinished());
  }

  #removeFinished(): void {
    const files = this.#finished;
    if (files.length === 0) return;
    this.#finished = [];
    for (const { file, reason } of this.#spool.remove(files)) {
      this.#happens('spool', `${file} of the spool: ${reason}; it is asked about again at the next start`);
    }
    for (const file of files) this.#underWay.delete(file);
    if (this.#underWay.size >= underWayAtMost - readAtOnce) this.read();
  }
}
