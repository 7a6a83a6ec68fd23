import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Accepted, BackendCounts, BackendOptions } from './backend.ts';

/** cc-backend's stand-in in another process. */
export interface StandIn {
  readonly url: string;
  readonly token: string;
  counts(): Promise<BackendCounts>;
  /** Accepted starts and stops, oldest first. */
  events(): Promise<readonly Accepted[]>;
  stop(): void;
}

export async function startStandIn(options: BackendOptions): Promise<StandIn> {
  const child = fork(new URL('backend.ts', import.meta.url), [JSON.stringify(options)]);
  async function asked<T>(question?: string): Promise<T> {
    if (question !== undefined) child.send(question);
    const [answer] = await once(child, 'message', { signal: AbortSignal.timeout(30_000) });
    return answer as T;
  }
  const { url, token } = await asked<{ url: string; token: string }>();
  return {
    url,
    token,
    counts: () => asked<BackendCounts>('count'),
    events: () => asked<readonly Accepted[]>('events'),
    stop: () => child.connected && child.disconnect(),
  };
}
