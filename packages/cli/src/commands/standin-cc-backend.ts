import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { SluiceError } from '@sluice/io';
import { type Cluster, generateKeys, isVersion, type JwtKeys, labCluster, mintToken, startCcBackend, versions } from '@sluice/standins';
import type { Surroundings } from '../surroundings.ts';
import { oneLine } from '../table.ts';
import type { StandinOptions } from './standin-command.ts';

/** Runs the stand-in until the user interrupts. */
export async function serveCcBackend(options: StandinOptions, around: Surroundings): Promise<void> {
  const interval = seconds('--commit-interval', options.commitInterval);
  if (interval === 0) throw new SluiceError('usage', '--commit-interval 0: it must be a number of seconds above 0');
  const archiveDelay = seconds('--archive-delay', options.archiveDelay);
  const version = options.release;
  if (!isVersion(version)) throw new SluiceError('usage', `--release ${version}: it must be one of ${versions.join(', ')}`);
  const lifetime = options.tokenLifetime === undefined ? undefined : seconds('--token-lifetime', options.tokenLifetime);
  const clusters = options.clusters === undefined ? [labCluster()] : readClusters(options.clusters);
  const keys = options.database === undefined ? generateKeys() : keptKeys(`${options.database}.key`);
  const now = Math.floor(around.clock.now() / 1000);
  const backend = await startCcBackend({
    clusters,
    publicKey: keys.publicKey,
    clock: around.clock,
    commitIntervalMs: interval * 1000,
    version,
    // Releases before 1.5 let nobody in without a list.
    allowedIps: ['*'],
    archive: { delayMs: archiveDelay * 1000 },
    ...(options.nats === undefined
      ? {}
      : {
          nats: {
            address: options.nats,
            subjectJobEvent: options.subjectJobEvent,
            subjectNodeState: options.subjectNodeState,
            observe: ({ level, text }) => around.stdout.write(`${level}: ${oneLine(text, 200)}\n`),
          },
        }),
    listen: parseListen(options.listen),
    ...(options.database === undefined ? {} : { database: options.database }),
    observe: ({ method, path, status, responseBody, fault }) => {
      const problem = status >= 400 ? `  ${oneLine(responseBody.trimEnd(), 200)}` : '';
      around.stdout.write(`${status} ${method} ${path}${problem}\n`);
      if (fault !== undefined) around.stderr.write(`${fault instanceof Error ? fault.stack : fault}\n`);
    },
  }).catch((cause: NodeJS.ErrnoException) => {
    throw new SluiceError('usage', `cannot listen on ${options.listen}: ${cause.message}`, { cause });
  });
  around.stdout.write(`address: ${options.listen.includes('/') ? options.listen : backend.url}\n`);
  const claims = lifetime === undefined ? {} : { exp: now + Math.round(lifetime) };
  around.stdout.write(`token:   ${mintToken(keys, { name: 'sluice', roles: ['api'] }, now, claims)}\n`);
  around.stdout.write(`cluster: ${clusters.map(({ name }) => name).join(', ')}\n`);
  await new Promise<void>((resolve) => {
    if (around.interrupted.aborted) resolve();
    else around.interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  await backend.stop();
}

/** The keys beside a database, so that a token outlives a restart as with a real server; made when there are none. */
function keptKeys(path: string): JwtKeys {
  if (existsSync(path)) {
    const [publicKey = '', privateKey = ''] = readFileSync(path, 'utf8').split('\n');
    return { publicKey, privateKey };
  }
  const keys = generateKeys();
  writeFileSync(path, `${keys.publicKey}\n${keys.privateKey}\n`, { mode: 0o600 });
  return keys;
}

function seconds(option: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new SluiceError('usage', `${option} ${text}: it must be a number of seconds`);
  return value;
}

function parseListen(text: string): { host: string; port: number } | { socketPath: string } {
  if (text.includes('/')) return { socketPath: text };
  const parts = /^(?:\[([0-9a-fA-F:]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (!parts || port > 65_535) throw new SluiceError('usage', `--listen ${text}: it must be HOST:PORT or the path of a unix socket`);
  return { host: parts[1] ?? parts[2] ?? '', port };
}

function readClusters(path: string): readonly Cluster[] {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    // As the server answers, or the array within.
    const clusters = Array.isArray(read) ? read : (read as { clusters?: unknown } | null)?.clusters;
    if (Array.isArray(clusters) && clusters.every(isCluster)) return clusters;
  } catch (cause) {
    throw new SluiceError('config.unreadable', `${path} cannot be read as JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  throw new SluiceError('config.invalid', `${path} must hold what GET /api/clusters/ answers: clusters, each with name and subClusters`);
}

function isCluster(value: unknown): value is Cluster {
  const cluster = value as Partial<Cluster> | null;
  return (
    typeof cluster?.name === 'string' &&
    Array.isArray(cluster.subClusters) &&
    cluster.subClusters.every((sub: unknown) => {
      const { name, nodes } = (sub ?? {}) as { name?: unknown; nodes?: unknown };
      return typeof name === 'string' && typeof nodes === 'string';
    })
  );
}
