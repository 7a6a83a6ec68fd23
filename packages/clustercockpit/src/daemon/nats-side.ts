import type { Clock } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { configuredNats } from '../nats/configured.ts';
import type { NatsEvent } from '../nats/connection.ts';
import type { NatsPublisher } from '../nats/publisher.ts';
import { told } from '../trouble.ts';

export interface NatsSideOptions {
  readonly config: AdapterConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly said: SaidOnce;
}

/** The publisher that a configuration asks for, which tells the log how it fares; null when NATS is off. Errors: those of natsPublisher. */
export function openNats({ log, said, ...options }: NatsSideOptions): Promise<NatsPublisher | null> {
  return configuredNats({ ...options, observe: (event) => say(event, log, said) });
}

function say(event: NatsEvent, log: Log, said: SaidOnce): void {
  switch (event.kind) {
    case 'connected':
      log.info({ server: event.server }, `connected to NATS at ${event.server}`);
      said.ends('nats', 'NATS can be reached again');
      return;
    case 'finding':
      log.warn(event.text);
      return;
    default:
      said.begins('nats', `NATS cannot be reached: ${told(event.error)}; what waits is kept`);
  }
}
