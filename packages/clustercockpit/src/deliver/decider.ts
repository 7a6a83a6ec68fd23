import type { StartPayload, StopPayload } from '../cc/payloads.ts';
import type { EndedRun } from '../journal/types.ts';
import type { Run } from '../run.ts';
import type { Outcome } from './sink.ts';

/** What is sent for a run, or why nothing is; `unready`: too little is known of the other side, which is asked again. */
export type Decision<T> =
  | { readonly payload: T }
  | { readonly refused: string }
  | { readonly ignored: string }
  | { readonly unready: string };

/** Says what is sent. Errors are those of the question to cc-backend that deciding rests on. */
export interface Decider {
  start(run: Run): Promise<Decision<StartPayload>> | Decision<StartPayload>;
  stop(run: EndedRun): Promise<Decision<StopPayload>> | Decision<StopPayload>;
}

const unreadyMs = 5000;

export function withoutPayload(decision: Exclude<Decision<never>, { readonly payload: never }>): Outcome {
  if ('refused' in decision) return { kind: 'aside', reason: decision.refused };
  if ('ignored' in decision) return { kind: 'unsent', reason: decision.ignored };
  return { kind: 'later', reason: decision.unready, afterMs: unreadyMs };
}
