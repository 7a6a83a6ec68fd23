import type { Clock } from '@sluice/io';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { configuredNats } from '../nats/configured.ts';
import type { NatsPublisher } from '../nats/publisher.ts';
import type { Saying } from './finding.ts';

export interface NatsCheckOptions {
  readonly config: AdapterConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const patienceMs = 5000;

/** Connects to NATS and publishes nothing. */
export async function checkNats({ config, clock, random, env }: NatsCheckOptions, say: Saying): Promise<void> {
  let publisher: NatsPublisher | null = null;
  try {
    publisher = await configuredNats({
      config,
      env,
      clock,
      random,
      patienceMs,
      observe: (event) => {
        if (event.kind === 'finding') say.warn('login', event.text);
      },
    });
    if (publisher === null) return;
    await publisher.publish([]);
    const { server } = publisher.state();
    say.ok('natsServer', `connected to ${server}; whether it lets us publish to ${config.natsSubject} shows with the first job`);
  } catch (error) {
    say.failed('natsServer', error);
  } finally {
    await publisher?.close();
  }
}
