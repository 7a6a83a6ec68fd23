import type { Clock } from '@sluice/io';
import type { Context } from './context.ts';
import { type Handle, jobEvents, type Log, type NatsMessage, nodeEvents } from './nats-events.ts';
import type { StartJobs } from './start-job.ts';

/** `nats` and `main.api-subjects` of the configuration (contract §6.1). */
export interface NatsOptions {
  /** `nats://HOST:PORT`. */
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
  /** Text of a credentials file. */
  readonly credentials?: string;
  readonly subjectJobEvent: string;
  readonly subjectNodeState: string;
  /** Workers for job events, 8 by default: with more than one, messages overtake each other. */
  readonly jobConcurrency?: number;
  /** Workers for node states, 2 by default. */
  readonly nodeConcurrency?: number;
  /** Milliseconds of the clock that a worker takes before it reads a message; 0 by default. */
  readonly delayMs?: (text: string) => number;
  /** Told of every line of the log. */
  readonly observe?: (message: NatsMessage) => void;
  /** After a lost connection; 60 attempts, 2,000 ms apart, and then never again. */
  readonly reconnect?: { readonly attempts: number; readonly waitMs: number };
}

/** The NATS side, running. */
export interface NatsSide {
  messages(): readonly NatsMessage[];
  stop(): Promise<void>;
}

const kept = 10_000;

/**
 * Subscribes as the server does: plainly, without queue group, acknowledgement or reply. A broker that cannot be reached at
 * the start is a warning and nothing more, ever (contract §6.1).
 */
export async function startNats(options: NatsOptions, context: Context, start: StartJobs, clock: Clock): Promise<NatsSide> {
  const messages: NatsMessage[] = [];
  const log: Log = (message) => {
    messages.push(message);
    options.observe?.(message);
    if (messages.length > kept) messages.shift();
  };
  const { connect, credsAuthenticator } = await import('./nats-library.ts');
  const { attempts, waitMs } = options.reconnect ?? { attempts: 60, waitMs: 2000 };
  const connection = await connect({
    servers: options.address,
    maxReconnectAttempts: attempts,
    reconnectTimeWait: waitMs,
    ...(options.username === undefined ? {} : { user: options.username }),
    ...(options.password === undefined ? {} : { pass: options.password }),
    ...(options.credentials === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(options.credentials)) }),
  }).catch((error: unknown) => {
    log({
      level: 'warning',
      text: `NATS client not available, skipping API subscriptions: ${error instanceof Error ? error.message : error}`,
    });
  });
  if (!connection) return { messages: () => messages, stop: async () => {} };
  const stopping = new AbortController();
  const workers = [
    workerPool(options.jobConcurrency ?? 8, jobEvents(context, start, log)),
    workerPool(options.nodeConcurrency ?? 2, nodeEvents(context, log)),
  ];

  /** What the server's channel and its workers make of messages: each waits for a free worker, in the order of arrival. */
  function workerPool(size: number, handle: Handle) {
    const waiting: { readonly subject: string; readonly data: Uint8Array }[] = [];
    const busy = new Set<Promise<void>>();

    async function work(): Promise<void> {
      for (let message = waiting.shift(); message && !stopping.signal.aborted; message = waiting.shift()) {
        const ms = options.delayMs?.(new TextDecoder().decode(message.data)) ?? 0;
        if (ms > 0) await clock.sleep(ms, stopping.signal).catch(() => {});
        if (!stopping.signal.aborted) await handle(message.subject, message.data);
      }
    }

    return {
      push(subject: string, data: Uint8Array): void {
        waiting.push({ subject, data });
        if (busy.size >= size) return;
        const worker: Promise<void> = work().finally(() => busy.delete(worker));
        busy.add(worker);
      },
      idle: () => Promise.all(busy),
    };
  }

  const subjects = [options.subjectJobEvent, options.subjectNodeState];
  for (const [index, pool] of workers.entries()) {
    connection.subscribe(subjects[index] ?? '', {
      callback: (error, message) => {
        if (error) log({ level: 'error', text: `NATS ${subjects[index]}: ${error.message}` });
        else pool.push(message.subject, message.data);
      },
    });
  }
  await connection.flush();
  connection.closed().then((error) => {
    if (!stopping.signal.aborted) log({ level: 'error', text: `NATS connection closed${error ? `: ${error.message}` : ''}` });
  });
  return {
    messages: () => messages,
    async stop() {
      stopping.abort();
      await connection.close();
      await Promise.all(workers.map((pool) => pool.idle()));
    },
  };
}
