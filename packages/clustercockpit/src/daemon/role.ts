import { type Clock, SluiceError } from '@sluice/io';
import type { Log } from '@sluice/service';
import type { Controller } from '@sluice/slurm';

export interface RoleOptions {
  readonly controller: Pick<Controller, 'ping'>;
  /** Our name among the controllers. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the other controller acts from now on, or the one beside us again. */
  readonly changed: (acting: boolean, stopping: AbortSignal) => Promise<void>;
}

/** How often it is looked which of two controllers acts, and how often whether there are two, in milliseconds. */
const everyMs = 10_000;
const aloneMs = 60_000;

/**
 * Whether we are to deliver: beside the controller that acts, or beside none of several, as on a node of its own. Two
 * controllers act in the order of slurm.conf: the first that is up. While nobody can be asked, or all are down, everything
 * stays as it was.
 */
export class Role {
  readonly #options: RoleOptions;
  #acting = true;
  #pauseMs = everyMs;

  constructor(options: RoleOptions) {
    this.#options = options;
  }

  get acting(): boolean {
    return this.#acting;
  }

  /** Asks who acts. */
  async look(): Promise<boolean> {
    const { controller, host } = this.#options;
    try {
      const controllers = await controller.ping();
      const isOneOfSeveral = controllers.length > 1 && controllers.some((one) => sameHost(one.host, host));
      const acting = controllers.find(({ up }) => up);
      this.#pauseMs = isOneOfSeveral ? everyMs : aloneMs;
      if (!isOneOfSeveral) this.#acting = true;
      else if (acting) this.#acting = sameHost(acting.host, host);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
    }
    return this.#acting;
  }

  async run(stopping: AbortSignal): Promise<void> {
    const { clock, log, changed } = this.#options;
    while (!stopping.aborted) {
      await clock.sleep(this.#pauseMs, stopping).catch(() => {});
      if (stopping.aborted) return;
      const before = this.#acting;
      const acting = await this.look();
      if (acting === before) continue;
      log.warn(
        acting ? 'the controller on this host acts now: taking over' : 'the controller on another host acts now: its daemon delivers',
      );
      await changed(acting, stopping);
    }
  }
}

/** slurm.conf may name hosts with or without their domain. */
export function sameHost(one: string, other: string): boolean {
  if (one === other) return true;
  const [short, otherShort] = [one.split('.')[0], other.split('.')[0]];
  return short === otherShort && (!one.includes('.') || !other.includes('.'));
}
