import type { AdapterConfig } from '../config/adapter-config.ts';
import type { SinkName } from '../journal/types.ts';

/** Where a configuration has runs delivered to, and which of these must have a run before the others are told of it. */
export function sinksOf(config: Pick<AdapterConfig, 'ccRestSubmitJobs' | 'natsServer'>): {
  readonly sinks: readonly SinkName[];
  readonly first: SinkName | undefined;
} {
  const rest = config.ccRestSubmitJobs ? (['rest'] as const) : [];
  const nats = config.natsServer === null ? [] : (['nats'] as const);
  return { sinks: [...rest, ...nats], first: rest[0] };
}
