import { readSecret } from '@sluice/io';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { type NatsOptions, type NatsPublisher, natsPublisher } from './publisher.ts';

export interface ConfiguredNatsOptions extends Pick<NatsOptions, 'clock' | 'random' | 'observe' | 'patienceMs'> {
  readonly config: AdapterConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The publisher that a configuration asks for, or null when NATS is off. Errors: those of natsPublisher. */
export async function configuredNats({ config, env, ...options }: ConfiguredNatsOptions): Promise<NatsPublisher | null> {
  const { natsServer, natsPassword } = config;
  if (natsServer === null) return null;
  return natsPublisher({
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
    ...options,
  });
}
