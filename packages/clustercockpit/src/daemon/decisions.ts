import { createHash } from 'node:crypto';
import { type Clock, SluiceError } from '@sluice/io';
import type { SaidOnce } from '@sluice/service';
import type { Node } from '@sluice/slurm';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { CcCluster } from '../decide/cc-cluster.ts';
import { clusterName, type DecideContext, type DecideSettings, decideContext } from '../decide/context.ts';
import { type Decided, decideStart, decideStop } from '../decide/decide.ts';
import type { Decider, Decision } from '../deliver/decider.ts';

export interface DecisionsOptions {
  readonly settings: DecideSettings;
  /** Asked for its clusters; without it nothing is mapped. */
  readonly client: Pick<CcBackendClient, 'clusters'> | null;
  /** All nodes that are known now. */
  readonly nodes: () => readonly Node[];
  readonly clock: Clock;
  readonly said: SaidOnce;
}

/** cc-backend reads its clusters when it starts; whether one has been added since is asked this often. */
const askAgainMs = 60_000;
/** Nobody tells that it was started anew with other clusters, or another topology: what it has said holds for so long. */
const holdsMs = 600_000;

/**
 * Decides with what is known at the moment: cc-backend's clusters are asked for when the first run is to be sent, Slurm's
 * nodes come from the observers.
 */
export class Decisions implements Decider {
  readonly #options: DecisionsOptions;
  #settings: DecideSettings;
  #clusters: readonly CcCluster[] | null = null;
  #asking: Promise<void> | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** When it is to be asked again though everything is known. */
  #renewMs = Number.NEGATIVE_INFINITY;
  #context: DecideContext | undefined;
  /** A hash of what cc-backend said last. */
  #said = '';
  #told: () => void = () => {};

  constructor(options: DecisionsOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  /** Decides by these settings from now on, and by what cc-backend says now. */
  settle(settings: DecideSettings): void {
    this.#settings = settings;
    this.#context = undefined;
    this.#renewMs = Number.NEGATIVE_INFINITY;
  }

  /** Nodes have changed: what follows from them is made anew with the next decision. */
  nodesChanged(): void {
    this.#context = undefined;
  }

  /** Asks cc-backend for its clusters. Errors: those of the client. */
  async refresh(): Promise<void> {
    const { client, clock } = this.#options;
    if (!client) return;
    this.#asking ??= client.clusters().then((clusters) => {
      this.#take(clusters);
      this.#context = undefined;
      this.#askedMs = clock.monotonic();
      this.#renewMs = this.#askedMs + holdsMs;
    });
    try {
      await this.#asking;
    } finally {
      this.#asking = undefined;
    }
  }

  /** Calls `told` when cc-backend says of its clusters what it did not say before, also the first time. */
  whenClustersChange(told: () => void): void {
    this.#told = told;
  }

  #take(clusters: readonly CcCluster[]): void {
    this.#clusters = clusters;
    const said = createHash('sha256').update(JSON.stringify(clusters)).digest('base64');
    if (said === this.#said) return;
    this.#said = said;
    this.#told();
  }

  /** What decisions rest on now. */
  context(): DecideContext {
    this.#context ??= decideContext(this.#settings, this.#clusters, this.#options.nodes());
    return this.#context;
  }

  /** The same once cc-backend's clusters are known. Errors: those of the client. */
  async ready(): Promise<DecideContext> {
    if (this.#clusters === null) await this.refresh();
    else if (this.#isOld()) await this.#renew();
    return this.context();
  }

  #isOld(): boolean {
    return this.#clusters !== null && this.#options.clock.monotonic() >= this.#renewMs;
  }

  /** Where it does not answer, what it said before goes on to hold. */
  async #renew(): Promise<void> {
    this.#renewMs = this.#options.clock.monotonic() + askAgainMs;
    try {
      await this.refresh();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
    }
  }

  start(run: Parameters<typeof decideStart>[0]): Promise<Decision<StartOf>> | Decision<StartOf> {
    // What a job holds cannot be named in cc-backend's numbers before Slurm has described its nodes, and a start is never amended.
    if (run.allocation !== null && !this.#options.nodes().some(({ cluster }) => cluster === run.cluster)) {
      return { unready: 'Slurm has not described its nodes yet' };
    }
    if (this.#clusters === null || this.#isOld()) return this.ready().then((context) => this.#judged(run, context));
    return this.#judged(run, this.context());
  }

  #judged(run: Parameters<typeof decideStart>[0], context: DecideContext): Promise<Decision<StartOf>> | Decision<StartOf> {
    const decided = decideStart(run, context);
    if (!('refused' in decided) || decided.because === 'run') return decided;
    // Its configuration may have been completed since; a cluster that is missing there is no run's fault.
    if (this.#options.clock.monotonic() - this.#askedMs <= askAgainMs) return this.#heldBack(decided, run.cluster);
    return this.refresh().then(() => this.#heldBack(decideStart(run, this.context()), run.cluster));
  }

  stop(run: Parameters<typeof decideStop>[0]): Decision<StopOf> {
    return decideStop(run, this.context());
  }

  #heldBack(decided: Decided<StartOf>, cluster: string): Decision<StartOf> {
    const { said } = this.#options;
    const key = `cluster ${cluster}`;
    if (!('refused' in decided) || decided.because !== 'cluster') {
      said.ends(key, `cc-backend knows cluster ${clusterName(this.context(), cluster)} now`);
      return decided;
    }
    said.begins(key, `${decided.refused}; its jobs are kept until it does. Add it to cc-backend, or name it in clusterNames.`);
    return { unready: decided.refused };
  }
}

type StartOf = Extract<ReturnType<typeof decideStart>, { readonly payload: unknown }>['payload'];
type StopOf = Extract<ReturnType<typeof decideStop>, { readonly payload: unknown }>['payload'];
