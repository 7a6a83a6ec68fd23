import type { Clock } from '@sluice/io';
import type { Node } from '@sluice/slurm';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { NodeStatesPayload } from '../cc/payloads.ts';
import type { DecideContext } from '../decide/context.ts';
import { changedNodeStates, nodeStatesOf } from '../decide/node-states.ts';

export interface NodeStateSenderOptions {
  readonly client: Pick<CcBackendClient, 'nodeStates' | 'profile'>;
  readonly clock: Clock;
  /** Milliseconds after which the states of all nodes are sent again, changed or not. */
  readonly intervalMs: number;
}

/** Sends the states of a cluster's nodes: the newest, when they change and now and then. What could not be sent is not kept. */
export class NodeStateSender {
  readonly #options: NodeStateSenderOptions;
  #sent: readonly NodeStatesPayload[] = [];
  #allSentMs = Number.NEGATIVE_INFINITY;
  #sending = false;

  constructor(options: NodeStateSenderOptions) {
    this.#options = options;
  }

  /** Does nothing while an earlier call is under way: the next one has the newest. Errors: those of the client. */
  async send(nodes: readonly Node[], context: DecideContext): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      await this.#send(nodes, context);
    } finally {
      this.#sending = false;
    }
  }

  async #send(nodes: readonly Node[], context: DecideContext): Promise<void> {
    const { client, clock, intervalMs } = this.#options;
    if (!(await client.profile()).nodeStates) return;
    const now = clock.monotonic();
    const all = now - this.#allSentMs >= intervalMs;
    const states = nodeStatesOf(nodes, context);
    const before = this.#sent;
    // Forgotten first: after a failure all of them are sent.
    this.#sent = [];
    for (const payload of all ? states : changedNodeStates(before, states)) await client.nodeStates(payload);
    this.#sent = states;
    if (all) this.#allSentMs = now;
  }
}
