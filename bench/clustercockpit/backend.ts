/**
 * The stand-in of cc-backend in a process of its own, so that its work is not counted. Forked with one argument, the
 * options as JSON; tells its address and a token, then answers `count` and `events`.
 */
import { systemClock } from '@sluice/io';
import { type Cluster, type Exchange, generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';

export interface BackendOptions {
  readonly commitIntervalMs: number;
  /** Nodes `n[0001-…]` in place of the lab's. */
  readonly nodes?: number;
}

/** A start or stop that was accepted, with the time at which it was, in milliseconds since the epoch. */
export interface Accepted {
  readonly what: 'start' | 'stop';
  readonly jobId: number;
  readonly atMs: number;
}

export interface BackendCounts {
  readonly starts: number;
  readonly stops: number;
  /** Requests that got anything but a success. */
  readonly refused: number;
}

const { commitIntervalMs, nodes } = JSON.parse(process.argv[2] ?? '{}') as BackendOptions;
const keys = generateKeys();
const clock = systemClock();
const accepted: Accepted[] = [];
let refused = 0;

function observe({ path, requestBody, status }: Exchange): void {
  const what = path.startsWith('/api/jobs/start_job') ? 'start' : path.startsWith('/api/jobs/stop_job') ? 'stop' : undefined;
  if (status >= 400) refused++;
  else if (what) accepted.push({ what, jobId: Number(/"jobId":(\d+)/.exec(requestBody)?.[1]), atMs: Date.now() });
}

const backend = await startCcBackend({
  clusters: [nodes === undefined ? labCluster() : wide(nodes)],
  publicKey: keys.publicKey,
  clock,
  commitIntervalMs,
  observe,
});
process.on('disconnect', () => process.exit());
process.on('message', (question) => {
  const count = (kind: Accepted['what']) => accepted.filter(({ what }) => what === kind).length;
  process.send?.(question === 'events' ? accepted : { starts: count('start'), stops: count('stop'), refused });
});
process.send?.({ url: backend.url, token: mintToken(keys, { name: 'sluice', roles: ['api'] }, Math.floor(Date.now() / 1000)) });

/** A cluster of many nodes of two sockets, 32 cores and 64 threads each. */
function wide(count: number): Cluster {
  const [first] = labCluster().subClusters;
  if (!first) throw new Error('the cluster of the lab has no subcluster');
  const core = Array.from({ length: 64 }, (_, index) => [index, index + 64]);
  const socket = [core.slice(0, 32).flat(), core.slice(32).flat()];
  const topology = { node: Array.from({ length: 128 }, (_, index) => index), socket, memoryDomain: socket, core };
  const of = { name: 'wide', nodes: `n[0001-${String(count).padStart(4, '0')}]`, coresPerSocket: 32, threadsPerCore: 2, topology };
  return { ...labCluster(), subClusters: [{ ...first, ...of }] };
}
