import type { Context } from './context.ts';
import type { StartJobs } from './start-job.ts';

export interface NatsOptions {
  readonly address: string;
}
export interface NatsMessage {
  readonly text: string;
}
export interface NatsSide {
  messages(): readonly NatsMessage[];
  stop(): Promise<void>;
}
export async function startNats(_o: NatsOptions, _c: Context, _s: StartJobs): Promise<NatsSide> {
  return { messages: () => [], stop: async () => {} };
}
