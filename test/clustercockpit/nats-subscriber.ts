import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A message as it came over the wire. */
export interface Received {
  readonly subject: string;
  readonly payload: string;
  /** The headers as text, if there were any. */
  readonly headers?: string;
}

export interface Subscriber {
  readonly received: readonly Received[];
  /** Resolves when that many messages have come. */
  count(messages: number): Promise<void>;
  publish(subject: string, payload: string, reply?: string): void;
  close(): void;
}

/**
 * A witness that speaks the protocol by itself, so that what a client claims is not judged by the same client. `login` is
 * what CONNECT says of its user, e.g. `{ user, pass }`.
 */
export async function subscribe(port: number, subject: string, login: Readonly<Record<string, string>> = {}): Promise<Subscriber> {
  const socket = connect(port, '127.0.0.1');
  const received: Received[] = [];
  const frames = new Frames((message) => received.push(message));
  const subscribed = Promise.withResolvers<void>();
  socket.on('data', (chunk) => {
    frames.add(chunk);
    if (frames.pongs > 0) subscribed.resolve();
    if (frames.pings.splice(0).length > 0) socket.write('PONG\r\n');
  });
  socket.on('close', () => subscribed.reject(new Error(`the server hung up on the subscriber: ${frames.errors.join(' ')}`)));
  socket.on('error', () => {});
  const options = { verbose: false, pedantic: false, headers: true, protocol: 1, ...login };
  socket.write(`CONNECT ${JSON.stringify(options)}\r\nSUB ${subject} 1\r\nPING\r\n`);
  await subscribed.promise;
  return {
    received,
    count: (messages) => until(() => received.length >= messages),
    publish: (to, payload, reply = '') => void socket.write(`PUB ${to} ${reply} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`),
    close: () => end(socket),
  };
}

/** Asks a service of the server, e.g. `$JS.API.STREAM.INFO.jobs`, and gives its answer. */
export async function ask(port: number, service: string, question: object = {}): Promise<Record<string, unknown>> {
  const inbox = '_INBOX.witness';
  const witness = await subscribe(port, inbox);
  try {
    witness.publish(service, JSON.stringify(question), inbox);
    await witness.count(1);
    return JSON.parse(witness.received[0]?.payload ?? '');
  } finally {
    witness.close();
  }
}

/** Waits until something holds; the test runner's own time-out ends what never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

function end(socket: Socket): void {
  socket.removeAllListeners('close');
  socket.destroy();
}

/** Cuts the bytes of a server into what they say. */
class Frames {
  readonly #took: (message: Received) => void;
  #rest: Buffer = Buffer.alloc(0);
  pongs = 0;
  readonly pings: string[] = [];
  readonly errors: string[] = [];

  constructor(took: (message: Received) => void) {
    this.#took = took;
  }

  add(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end === -1) return;
      const words = this.#rest.subarray(0, end).toString('utf8').split(' ');
      const isMessage = words[0] === 'MSG' || words[0] === 'HMSG';
      const length = isMessage ? Number(words.at(-1)) : 0;
      const whole = end + 2 + (isMessage ? length + 2 : 0);
      if (this.#rest.length < whole) return;
      this.#take(words, this.#rest.subarray(end + 2, end + 2 + length));
      this.#rest = this.#rest.subarray(whole);
    }
  }

  #take(words: readonly string[], body: Buffer): void {
    const [verb, subject = ''] = words;
    const headed = verb === 'HMSG' ? Number(words.at(-2)) : 0;
    if (verb === 'PONG') this.pongs += 1;
    else if (verb === 'PING') this.pings.push('');
    else if (verb === '-ERR') this.errors.push(words.slice(1).join(' '));
    else if (verb === 'MSG') this.#took({ subject, payload: body.toString('utf8') });
    else if (verb === 'HMSG') {
      this.#took({ subject, payload: body.subarray(headed).toString('utf8'), headers: body.subarray(0, headed).toString('utf8') });
    }
  }
}
