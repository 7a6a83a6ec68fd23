import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type NatsEvent, type NatsMessage, type NatsOptions, type NatsPublisher, natsPublisher } from '@sluice/clustercockpit';
import { type SluiceError, systemClock } from '@sluice/io';
import { type NatsServer, type NatsServerOptions, startNatsServer } from './nats-server.ts';

/** A server for the time of one test. */
export async function server(t: TestContext, options: NatsServerOptions = {}): Promise<NatsServer> {
  const started = await startNatsServer(options);
  t.after(() => started.stop());
  return started;
}

/** A publisher on `jobs` for the time of one test; it tries again at once, and keeps what it tells. */
export async function publisher(
  t: TestContext,
  options: Partial<NatsOptions> & Pick<NatsOptions, 'server'>,
): Promise<NatsPublisher & { readonly events: readonly NatsEvent[] }> {
  const events: NatsEvent[] = [];
  const made = await natsPublisher({
    subject: 'jobs',
    clock: systemClock(),
    random: () => 0.01,
    observe: (event) => events.push(event),
    ...options,
  });
  t.after(() => made.close());
  return { ...made, events };
}

export const message = (payload: string, id = payload): NatsMessage => ({ payload, id });

/** The error with which it fails. */
export async function failure(work: Promise<unknown>): Promise<SluiceError> {
  const error = await work.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  return error as SluiceError;
}

/** A directory for the time of one test. */
export async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-nats-test-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}
