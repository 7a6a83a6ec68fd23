import { type Cluster, nodeListMatches } from './clusters.ts';
import type { Asked, Context } from './context.ts';
import { decodeGoJson } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { type NodeStates, nodeStates } from './payloads.ts';
import { emptyReply, failure, type Reply } from './reply.ts';

/** `POST /api/nodestate/`: 200 and nothing else whatever became of it, unless the body is no JSON (contract §4.9). */
export function handleNodeStates(context: Context, { body }: Asked): Reply {
  const refused = takeNodeStates(context, body);
  return refused === undefined ? emptyReply(200) : failure(400, `parsing request body failed: ${refused}`);
}

/** Stores what a payload says of the nodes that the cluster has; returns why the payload is no JSON of that kind. */
export function takeNodeStates(context: Context, body: string): string | undefined {
  let request: NodeStates;
  try {
    request = decodeGoJson(body, nodeStates);
  } catch (error) {
    if (error instanceof GoJsonError) return error.message;
    throw error;
  }
  const cluster = context.clusters.find((known) => known.name === request.cluster);
  const resolve = context.release.has('1.5.2') ? resolveNodeState : firstNodeState;
  context.nodes.batch(() => {
    for (const node of request.nodes ?? []) {
      const subCluster = cluster && nodeSubCluster(cluster, node.hostname);
      if (subCluster === undefined) continue;
      const state = resolve(node.states ?? []);
      context.nodes.add(
        { hostname: node.hostname, cluster: request.cluster, subCluster },
        {
          time_stamp: context.now(),
          jobs_running: node.jobsRunning,
          cpus_allocated: node.cpusAllocated,
          memory_allocated: node.memoryAllocated,
          gpus_allocated: node.gpusAllocated,
          node_state: state,
          health_state: state === 'down' ? 'full' : 'failed',
        },
      );
    }
  });
  return undefined;
}

/** For nodes, unlike for jobs, a first subcluster of all hosts is none: only one of no hosts takes the rest (contract §4.9). */
function nodeSubCluster(cluster: Cluster, host: string): string | undefined {
  const [first] = cluster.subClusters;
  if (first?.nodes === '*') return undefined;
  return cluster.subClusters.find((sub) => nodeListMatches(sub.nodes, host))?.name ?? (first?.nodes === '' ? first.name : undefined);
}

/** The one state that the server makes of a node's states; drained and failing nodes are lost in it (contract §4.9). */
function resolveNodeState(states: readonly string[]): string {
  const has = new Set(states.map((state) => state.toLowerCase()));
  if (has.has('allocated')) return 'allocated';
  if (has.has('reserved')) return 'reserved';
  if (has.has('idle')) return has.has('down') ? 'down' : 'idle';
  if (has.has('down')) return 'down';
  return has.has('mixed') ? 'mixed' : 'unknown';
}

/** 1.5.0 and 1.5.1: the first word that is a state. */
function firstNodeState(states: readonly string[]): string {
  const known = new Set(['allocated', 'reserved', 'idle', 'down', 'mixed']);
  return states.map((state) => state.toLowerCase()).find((state) => known.has(state)) ?? 'unknown';
}
