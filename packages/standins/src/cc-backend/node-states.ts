import { nodeListMatches } from './clusters.ts';
import type { Context } from './context.ts';
import { decodeGoJson } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { type NodeStates, nodeStates } from './payloads.ts';
import { emptyReply, failure, type Reply } from './reply.ts';

/** `POST /api/nodestate/`: 200 and nothing else whatever became of it, unless the body is no JSON (contract §4.9). */
export function handleNodeStates(context: Context, body: string): Reply {
  let request: NodeStates;
  try {
    request = decodeGoJson(body, nodeStates);
  } catch (error) {
    if (error instanceof GoJsonError) return failure(400, `parsing request body failed: ${error.message}`);
    throw error;
  }
  const cluster = context.clusters.find((known) => known.name === request.cluster);
  for (const node of request.nodes ?? []) {
    const subCluster = cluster?.subClusters.find((sub) => nodeListMatches(sub.nodes, node.hostname));
    if (!subCluster) continue;
    const state = resolveNodeState(node.states ?? []);
    context.store.addNodeState(
      { hostname: node.hostname, cluster: request.cluster, subCluster: subCluster.name },
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
  return emptyReply(200);
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
