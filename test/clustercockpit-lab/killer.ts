import { existsSync, type FSWatcher, mkdirSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, DaemonBed } from './bed.ts';
import type { Choices } from './random.ts';

/** Near what a daemon is killed: a request to cc-backend, a commit of its journal, an event of Slurm, or nothing in particular. */
export type Near = 'request' | 'commit' | 'event' | 'anything';

const nearMs = 50;
/** A daemon that shows nothing of the kind for so long is killed all the same. */
const patienceMs = 6000;
/**
 * So often the daemon lives until it has read all that Slurm says. slurmctld forgets what an ended job held after MinJobAge (300 s);
 * on a slow machine, where Slurm answers later than the next kill comes, no daemon could know it.
 */
const wholeEveryMs = 60_000;
const longestLifeMs = 60_000;

/** Kills the daemon again and again at moments that hurt, and starts it again. */
export class Killer {
  readonly #bed: DaemonBed;
  readonly #choices: Choices;
  readonly #watchers: FSWatcher[] = [];
  readonly #waiting = new Map<Near, () => void>();
  #readAt = performance.now();
  /** Kills by what they were near to; what was meant to be near something and was not is under `anything`. */
  readonly kills: Record<Near, number> = { request: 0, commit: 0, event: 0, anything: 0 };

  constructor(options: { readonly bed: DaemonBed; readonly backend: Backend; readonly choices: Choices; readonly spool?: string }) {
    this.#bed = options.bed;
    this.#choices = options.choices;
    const fault = options.backend.fault;
    options.backend.fault = (request) => {
      // Asked before the work; whether the kill comes before or after it the wait decides.
      queueMicrotask(() => this.saw('request'));
      return fault(request);
    };
    const journal = options.bed.journalPath;
    mkdirSync(dirname(journal), { recursive: true });
    this.#watchers.push(
      watch(dirname(journal), (_, name) => {
        if (name === `${journal.split('/').at(-1)}-wal`) this.saw('commit');
      }),
    );
    if (options.spool !== undefined) this.#watchSpool(options.spool);
  }

  #watchSpool(spool: string): void {
    this.#watchers.push(
      watch(spool, (_, name) => {
        if (name === 'bell') this.saw('event');
      }),
    );
    const today = join(spool, new Date().toISOString().slice(0, 10).replaceAll('-', ''));
    if (existsSync(today)) this.#watchers.push(watch(today, () => this.saw('event')));
  }

  /** Something happened that a kill may be wanted near to. */
  saw(what: Near): void {
    this.#waiting.get(what)?.();
  }

  get total(): number {
    return Object.values(this.kills).reduce((sum, count) => sum + count, 0);
  }

  /** Kills that were near something. */
  get near(): number {
    return this.total - this.kills.anything;
  }

  /** One kill and one start. */
  async once(): Promise<void> {
    const { daemon } = this.#bed;
    if (!daemon.runs) daemon.start();
    if (performance.now() - this.#readAt > wholeEveryMs) await this.#letItRead();
    const wanted = this.#wanted();
    // Time to get to work: of the first second, when it only starts, some kills are to see something, too.
    await sleep(this.#choices.number() < 0.15 ? this.#choices.between(0, 900) : this.#choices.between(1100, 3500));
    const seenAt = wanted === 'anything' ? null : await this.#sees(wanted);
    await sleep(seenAt === null ? 0 : this.#choices.between(0, 30));
    const killedAt = performance.now();
    await daemon.signal('SIGKILL');
    this.kills[seenAt !== null && killedAt - seenAt < nearMs ? wanted : 'anything']++;
    await sleep(this.#choices.number() < 0.1 ? this.#choices.between(500, 4000) : 0);
    daemon.start();
  }

  async #letItRead(): Promise<void> {
    const began = Math.floor(Date.now() / 1000);
    const end = performance.now() + longestLifeMs;
    while ((this.#bed.journal()?.watermark ?? 0) < began && performance.now() < end) await sleep(200);
    this.#readAt = performance.now();
  }

  #wanted(): Near {
    const at = this.#choices.number();
    if (at < 0.45) return 'request';
    if (at < 0.75) return 'commit';
    return at < 0.93 ? 'event' : 'anything';
  }

  async #sees(what: Near): Promise<number | null> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#waiting.set(what, () => resolve(performance.now()));
    const given = await Promise.race([promise, sleep(patienceMs, null, { ref: false })]);
    this.#waiting.delete(what);
    return given;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}
