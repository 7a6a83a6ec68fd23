import { type Clock, readSecret } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { AdapterConfig } from '../config/adapter-config.ts';
import type { NatsEvent } from '../nats/connection.ts';
import { type NatsPublisher, natsPublisher } from '../nats/publisher.ts';
import { told } from '../trouble.ts';

export interface NatsSideOptions {
  readonly config: AdapterConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly said: SaidOnce;
}

/** The publisher that a configuration asks for, or null when NATS is off. Errors: those of natsPublisher. */
export async function openNats({ config, clock, random, env, log, said }: NatsSideOptions): Promise<NatsPublisher | null> {
  if (config.natsServer === null) return null;
  const { natsPassword } = config;
  return natsPublisher({
    server: config.natsServer,
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
    observe: (event) => say(event, log, said),
  });
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
