/**
 * A guard for tests, loaded with `--import`: no socket of this process connects to anything but this machine, so that no
 * test can reach the net by accident. It is the one file of this package that acts when it is loaded, and no other loads it.
 * Names are not looked up either, except `localhost`: a name server is the net, too.
 */
import { isIP, Socket } from 'node:net';

type Connect = typeof Socket.prototype.connect;

const connect: Connect = Socket.prototype.connect;

function guarded(this: Socket, ...args: unknown[]): Socket {
  const target = targetOf(args);
  if (target === undefined || isLoopback(target)) return Reflect.apply(connect, this, args) as Socket;
  // As an error event, like every failure to connect: some clients do not expect that `connect` throws.
  const error = new Error(`a test tries to reach ${target}, which is not this machine (packages/io/src/loopback-only.ts)`);
  process.nextTick(() => this.destroy(error));
  return this;
}
Socket.prototype.connect = guarded as Connect;

/** The host of a call of `connect` in any of its forms; undefined for a unix socket. */
function targetOf(args: readonly unknown[]): string | undefined {
  // net.connect and tls.connect hand over their arguments as one array that is already normalised.
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as unknown[];
  if (typeof first === 'object' && first !== null) {
    const { path, host, hostname } = first as { path?: unknown; host?: unknown; hostname?: unknown };
    return typeof path === 'string' ? undefined : String(host ?? hostname ?? 'localhost');
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return undefined;
  return typeof second === 'string' ? second : 'localhost';
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(bare) === 4) return bare.startsWith('127.') || bare === '0.0.0.0';
  if (isIP(bare) === 6) return bare === '::1' || bare === '::' || bare.startsWith('::ffff:127.');
  return bare === '' || bare === 'localhost' || bare.endsWith('.localhost');
}
