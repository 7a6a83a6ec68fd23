import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Program, systemProcesses } from '@sluice/io';

export interface NatsServerOptions {
  /** Lines of nats-server's configuration besides the address; `{dir}` in them stands for a directory of this server alone. */
  readonly config?: string;
  /** A port that an earlier server had; any free one by default. */
  readonly port?: number;
}

export interface NatsServer {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Ends it as an administrator would. What it stored is gone. */
  stop(): Promise<void>;
  /** Ends it without a warning, as a power failure would. */
  kill(): Promise<void>;
}

/** Long enough for any test; a server that a test forgot is ended then. */
const longestLife = 600_000;

const program = (timeoutMs: number): Program => ({
  name: 'nats-server',
  timeoutMs,
  inherit: ['PATH'],
  maxOutputBytes: 16 * 1024 * 1024,
});

/** Why tests with a real server must be left out on this machine, or false; where CI is set, nothing is left out. */
export async function noNatsServer(): Promise<string | false> {
  if (process.env['CI']) return false;
  const asked = systemProcesses(process.env).run({ program: program(10_000), args: ['--version'] });
  return asked.then(
    () => false as const,
    (error: Error) => error.message,
  );
}

/** A real nats-server on loopback that takes connections when this returns. */
export async function startNatsServer({ config = '', port }: NatsServerOptions = {}): Promise<NatsServer> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-nats-'));
  const file = join(dir, 'nats.conf');
  const address = [`host: "127.0.0.1"`, `port: ${port ?? -1}`, `pid_file: "${dir}/pid"`, `ports_file_dir: "${dir}"`];
  await writeFile(file, [...address, config.replaceAll('{dir}', dir)].join('\n'));
  const running = systemProcesses(process.env).stream({ program: program(longestLife), args: ['--config', file] });
  let ended = false;
  const said = read(running.stdout);
  const whenEnded = running.ended.then(
    ({ stderr }) => `${stderr}`,
    (error: Error) => error.message,
  );
  whenEnded.then(() => {
    ended = true;
  });

  // The file is there before the number is in it.
  const pid = await patiently(async () => Number(await readFile(join(dir, 'pid'), 'utf8')) || undefined);
  const url = await patiently(async () => {
    const ports = JSON.parse(await readFile(join(dir, `nats-server_${pid}.ports`), 'utf8')) as { nats: string[] };
    return `nats://127.0.0.1:${new URL(ports.nats[0] ?? '').port}`;
  });

  async function patiently<T>(ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer !== undefined) return answer;
      if (ended) throw new Error(`nats-server ended at once: ${await whenEnded} ${await said}`);
      await sleep(20);
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!ended) process.kill(pid, signal);
    await whenEnded;
    await rm(dir, { recursive: true, force: true });
  }

  return { url, port: Number(new URL(url).port), stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

async function read(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of bytes) chunks.push(chunk);
  } catch {
    // How it ended is told by `ended`.
  }
  return Buffer.concat(chunks).toString('utf8');
}
