import { type Clock, SluiceError } from '@sluice/io';
import type { SaidOnce } from '@sluice/service';
import type { Node } from '@sluice/slurm';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { NodeStatesPayload } from '../cc/payloads.ts';
import type { DecideContext } from '../decide/context.ts';
import { changedNodeStates, nodeStatesOf } from '../decide/node-states.ts';
import { saysCcBackendTrouble, told } from '../trouble.ts';
import type { Decisions } from './decisions.ts';

export interface NodeStateSenderOptions {
  readonly client: Pick<CcBackendClient, 'nodeStates' | 'profile'>;
  readonly decisions: Pick<Decisions, 'ready'>;
  readonly clock: Clock;
  /** Milliseconds after which the states of all nodes are sent again, changed or not. */
  readonly intervalMs: number;
  readonly said: SaidOnce;
}

/** Sends the states of a cluster's nodes: the newest, when they change and now and then. What could not be sent is not kept. */
export class NodeStateSender {
  readonly #options: NodeStateSenderOptions;
  #sent: readonly NodeStatesPayload[] = [];
  /** What these follow from. */
  #sentOf: { readonly nodes: readonly Node[]; readonly context: DecideContext } | undefined;
  #allSentMs = Number.NEGATIVE_INFINITY;
  #sending = false;

  constructor(options: NodeStateSenderOptions) {
    this.#options = options;
  }

  /** Does nothing while an earlier call is under way: the next one has the newest. A cc-backend that takes nothing is said once. */
  async send(nodes: readonly Node[]): Promise<void> {
    if (this.#sending) return;
    const { said } = this.#options;
    this.#sending = true;
    try {
      await this.#send(nodes);
      said.ends('node states', 'cc-backend takes node states again');
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (saysCcBackendTrouble(said, error)) return;
      said.begins('node states', `the states of nodes cannot be sent: ${told(error)}; the newest are sent when they can be`);
    } finally {
      this.#sending = false;
    }
  }

  async #send(nodes: readonly Node[]): Promise<void> {
    const { client, decisions, clock, intervalMs } = this.#options;
    const context = await decisions.ready();
    if (!(await client.profile()).nodeStates) return;
    const now = clock.monotonic();
    const all = now - this.#allSentMs >= intervalMs;
    if (!all && nodes === this.#sentOf?.nodes && context === this.#sentOf.context) return;
    const states = nodeStatesOf(nodes, context);
    const before = this.#sent;
    // Forgotten first: after a failure all of them are sent.
    this.#sent = [];
    this.#sentOf = undefined;
    for (const payload of all ? states : changedNodeStates(before, states)) await client.nodeStates(payload);
    this.#sent = states;
    this.#sentOf = { nodes, context };
    if (all) this.#allSentMs = now;
  }
}
