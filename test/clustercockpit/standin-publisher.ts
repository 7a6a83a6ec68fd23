import { once } from 'node:events';
import { connect } from 'node:net';

/** Publishes to a NATS server in the protocol's own words, and knows when the server has read it. */
export interface Publisher {
  publish(subject: string, payload: string | Uint8Array, replyTo?: string): Promise<void>;
  close(): void;
}

export async function publisher(port: number): Promise<Publisher> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let heard = '';
  const waiting: (() => void)[] = [];
  socket.on('data', (chunk) => {
    heard += chunk;
    for (let end = heard.indexOf('\r\n'); end >= 0; end = heard.indexOf('\r\n')) {
      const line = heard.slice(0, end);
      heard = heard.slice(end + 2);
      if (line === 'PONG') waiting.shift()?.();
      if (line === 'PING') socket.write('PONG\r\n');
    }
  });
  await once(socket, 'connect');
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
  return {
    publish(subject, payload, replyTo = '') {
      const bytes = Buffer.from(payload);
      const words = ['PUB', subject, replyTo, String(bytes.length)].filter((word) => word !== '');
      const read = new Promise<void>((resolve) => waiting.push(resolve));
      socket.write(Buffer.concat([Buffer.from(`${words.join(' ')}\r\n`), bytes, Buffer.from('\r\nPING\r\n')]));
      return read;
    },
    close: () => socket.destroy(),
  };
}
