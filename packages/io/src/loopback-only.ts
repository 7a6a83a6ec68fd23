/**
 * A guard for tests, loaded with `--import`: no socket of this process connects to anything but this machine, so that no
 * test can reach the net by accident. It is the one file of this package that acts when it is loaded, and no other loads it.
 * Names are not looked up either, except `localhost`: a name server is the net, too.
 */
import { isIP, Socket } from 'node:net';

type Connect = typeof Socket.prototype.connect;

/** How a socket finds the address of a name; `dns.lookup` by default. */
type Lookup = (host: string, options: object, found: (error: Error | null, ...answer: unknown[]) => void) => void;

interface Target {
  readonly path?: unknown;
  readonly host?: unknown;
  lookup?: Lookup;
}

const connect: Connect = Socket.prototype.connect;

function guarded(this: Socket, ...args: unknown[]): Socket {
  const target = targetOf(args);
  const host = String(target.host ?? 'localhost');
  const bySelf = target.lookup !== undefined && isIP(bare(host)) === 0;
  // Whoever brings a lookup of its own connects to what that gives, whatever the name.
  if (bySelf && target.lookup) target.lookup = checked(target.lookup);
  if (bySelf || typeof target.path === 'string' || isLoopback(host)) return Reflect.apply(connect, this, args) as Socket;
  // As an error event, like every failure to connect: some clients do not expect that `connect` throws.
  process.nextTick(() => this.destroy(refusal(host)));
  return this;
}
Socket.prototype.connect = guarded as Connect;

/** What a call of `connect` in any of its forms asks for. */
function targetOf(args: readonly unknown[]): Target {
  // net.connect and tls.connect hand over their arguments as one array that is already normalised.
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as unknown[];
  if (typeof first === 'object' && first !== null) return first;
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { path: first };
  return typeof second === 'string' ? { host: second } : {};
}

function checked(lookup: Lookup): Lookup {
  return (host, options, found) =>
    lookup(host, options, (error, ...answer) => {
      const addresses = (Array.isArray(answer[0]) ? answer[0].map(({ address }: { address: string }) => address) : [answer[0]]) as string[];
      const far = error ? undefined : addresses.find((address) => !isLoopback(String(address)));
      if (far === undefined) found(error, ...answer);
      else found(refusal(far));
    });
}

function refusal(host: string): Error {
  return new Error(`a test tries to reach ${host}, which is not this machine (packages/io/src/loopback-only.ts)`);
}

function isLoopback(host: string): boolean {
  const name = bare(host);
  if (isIP(name) === 4) return name.startsWith('127.') || name === '0.0.0.0';
  if (isIP(name) === 6) return name === '::1' || name === '::' || name.startsWith('::ffff:127.');
  return name === '' || name === 'localhost' || name.endsWith('.localhost');
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}
