import { type Clock, readSecret } from '@sluice/io';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { natsPublisher } from '../nats/publisher.ts';
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
  const { natsServer, natsPassword } = config;
  if (natsServer === null) return;
  let publisher: Awaited<ReturnType<typeof natsPublisher>> | undefined;
  try {
    publisher = await natsPublisher({
      server: natsServer,
      port: config.natsPort,
      subject: config.natsSubject,
      login: {
        user: config.natsUser ?? undefined,
        password: natsPassword === null ? undefined : () => readSecret('natsPassword', natsPassword, env).secret.reveal(),
        credsFile: config.natsCredsFile ?? undefined,
        nkeySeedFile: config.natsNKeySeedFile ?? undefined,
      },
      tls: config.natsTls,
      caFile: config.natsCaFile ?? undefined,
      jetStream: config.natsJetStream,
      clock,
      random,
      patienceMs,
      observe: (event) => {
        if (event.kind === 'finding') say.warn('login', event.text);
      },
    });
    await publisher.publish([]);
    const { server } = publisher.state();
    say.ok('natsServer', `connected to ${server}; whether it lets us publish to ${config.natsSubject} shows with the first job`);
  } catch (error) {
    say.failed('natsServer', error);
  } finally {
    await publisher?.close();
  }
}
