import { isCode } from '@sluice/io';
import type { DueRun, DueStop } from '../journal/types.ts';
import type { JobEvent } from '../nats/line-protocol.ts';
import { jobMessage, type NatsMessage } from '../nats/message.ts';
import { keyOf } from '../run.ts';
import { type Decider, withoutPayload } from './decider.ts';
import type { Outcome, Sink } from './sink.ts';

export interface NatsSinkOptions {
  readonly publisher: { publish(messages: readonly NatsMessage[]): Promise<void> };
  readonly decider: Decider;
  /** The name of this machine, which each message is tagged with. */
  readonly hostname: string;
  /** Milliseconds between a start and the stop at least, where it is by these messages that cc-backend learns of jobs. */
  readonly commitMs?: number;
}

/** A broker takes many small messages at a time. */
const atOnce = 32;
/** Messages that follow each other closely may be swapped by cc-backend's workers, and the stop be dropped (contract §6.4). */
const apartMs = 5000;

/** Whoever listens on a NATS subject, as cc-slurm-adapter tells it. */
export function natsSink({ publisher, decider, hostname, commitMs = 0 }: NatsSinkOptions): Sink {
  async function publish(event: JobEvent, id: string): Promise<Outcome> {
    try {
      await publisher.publish([jobMessage([event], { hostname, id })]);
      return { kind: 'stands', fresh: true };
    } catch (error) {
      if (isCode(error, 'nats.refused', 'data.invalid')) return { kind: 'aside', reason: error.message };
      throw error;
    }
  }

  async function start({ run }: DueRun): Promise<Outcome> {
    const decision = await decider.start(run);
    if (!('payload' in decision)) return withoutPayload(decision);
    return publish({ function: 'start_job', payload: decision.payload }, `${keyOf(run)}/start`);
  }

  async function stop({ run }: DueStop): Promise<Outcome> {
    const decision = await decider.stop(run);
    if (!('payload' in decision)) return withoutPayload(decision);
    return publish({ function: 'stop_job', payload: decision.payload, partition: run.partition }, `${keyOf(run)}/stop`);
  }

  return { name: 'nats', concurrency: { start: atOnce, stop: atOnce }, start, stop, stopAfterMs: () => Math.max(apartMs, commitMs) };
}
