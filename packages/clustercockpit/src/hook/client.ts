import { createConnection, type TcpNetConnectOpts } from 'node:net';
import { type HookAddress, isWildcard } from './address.ts';
import { writeSpoolEvent } from './spool-write.ts';
import { stockMessage } from './stock-environment.ts';

export interface HookClientOptions {
  /** prepSockConnectPath; without it only the spool is written. */
  readonly address?: HookAddress;
  /** Where the event goes when nobody can be reached; it must exist. */
  readonly spool?: string;
  readonly maxEvents?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds that reaching the daemon may take. */
  readonly timeoutMs: number;
  readonly nowMs: number;
  readonly pid: number;
}

/** What became of the event: `lost` when neither the daemon nor a spool took it. */
export type HookSent = 'socket' | 'spool' | 'lost' | 'no-job';

/**
 * Tells the daemon of the job that the environment is about, in the stock hook's words, and writes the event into the spool when nobody takes
 * it in time. `no-job`: this is no hook, SLURM_JOB_ID is not set. Never throws.
 */
export async function sendHook(options: HookClientOptions): Promise<HookSent> {
  const { address, spool, environment } = options;
  if (environment['SLURM_JOB_ID'] === undefined) return 'no-job';
  if (address !== undefined && (await sent(address, stockMessage(environment), options.timeoutMs))) return 'socket';
  return spool !== undefined && writeSpoolEvent({ ...options, spool }) ? 'spool' : 'lost';
}

/** Whether the message is in the daemon's hands, or in those of its system, in time. */
function sent(address: HookAddress, message: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(address.kind === 'unix' ? { path: address.path } : tcpTarget(address));
    const end = (taken: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(taken);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.on('error', () => end(false));
    // Called when the message and the end of the connection are with the system, which delivers them also after we have ended.
    socket.end(message, () => end(true));
  });
}

/** Whoever listens at every address is reached at the machine's own, as Go's Dial takes a wildcard. */
function tcpTarget({ host, port }: { readonly host: string; readonly port: number }): TcpNetConnectOpts {
  if (!isWildcard(host)) return { host, port };
  return { host: host === '::' ? '::1' : '127.0.0.1', port };
}
