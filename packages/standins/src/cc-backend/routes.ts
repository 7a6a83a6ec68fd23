import type { User } from './auth.ts';
import type { Context } from './context.ts';
import { handleGet, handleList, handleUsedNodes, isInt64, notAnInteger } from './list-jobs.ts';
import { handleNodeStates } from './node-states.ts';
import { emptyReply, failure, jsonReply, noSuchEndpoint, type Reply } from './reply.ts';
import { handleStart } from './start-job.ts';
import { handleStop } from './stop-job.ts';

/** A request, read and authenticated. */
export interface Asked {
  readonly user: User;
  readonly query: URLSearchParams;
  readonly body: string;
  /** The path's variable, or empty. */
  readonly id: string;
}

interface Route {
  readonly methods: readonly string[];
  /** The exact path; a group is the path's variable. */
  readonly path: RegExp;
  handle(context: Context, asked: Asked): Reply;
}

/** Either the route to take, or the answer that needs no auth because there is none (contract §1). */
export type Found = { readonly route: Route; readonly id: string } | { readonly reply: Reply };

/**
 * The routes of `/api` that this stand-in has. With the NATS API configured, start and stop are not among them
 * (contract §4.1, §6.1).
 */
export function apiRoutes(natsMode: boolean): readonly Route[] {
  const starting: readonly Route[] = [
    { methods: ['POST', 'PUT'], path: /^\/api\/jobs\/start_job\/$/, handle: (context, { user, body }) => handleStart(context, user, body) },
    { methods: ['POST', 'PUT'], path: /^\/api\/jobs\/stop_job\/$/, handle: (context, { body }) => handleStop(context, body) },
  ];
  return [
    ...(natsMode ? [] : starting),
    { methods: ['GET'], path: /^\/api\/jobs\/$/, handle: (context, { query }) => handleList(context, query) },
    { methods: ['GET'], path: /^\/api\/jobs\/used_nodes$/, handle: (context, { query }) => handleUsedNodes(context, query) },
    { methods: ['GET'], path: /^\/api\/jobs\/([^/]+)$/, handle: (context, { id }) => handleGet(context, id) },
    { methods: ['POST'], path: /^\/api\/jobs\/([^/]+)$/, handle: (context, { id }) => metricsOf(context, id) },
    { methods: ['GET'], path: /^\/api\/clusters\/$/, handle: (context, { query }) => clusters(context, query) },
    { methods: ['POST', 'PUT'], path: /^\/api\/nodestate\/$/, handle: (context, { body }) => handleNodeStates(context, body) },
  ];
}

/** Finds the route as chi does: exact paths, the method last; a path without that method is 405 with `Allow`. */
export function findRoute(routes: readonly Route[], method: string, path: string): Found {
  const allowed: string[] = [];
  for (const route of routes) {
    const match = route.path.exec(path);
    if (!match) continue;
    if (route.methods.includes(method)) return { route, id: decodeURIComponent(match[1] ?? '') };
    allowed.push(...route.methods);
  }
  if (allowed.length > 0) return { reply: emptyReply(405, { allow: [...new Set(allowed)].join(', ') }) };
  return { reply: noSuchEndpoint() };
}

/** `POST /api/jobs/{id}`: where a start or stop without its last slash ends up (contract §1, "Trap"). */
function metricsOf(context: Context, id: string): Reply {
  if (!isInt64(id)) return failure(400, `integer expected in path for id: ${notAnInteger(id)}`);
  return handleGet(context, id);
}

function clusters(context: Context, query: URLSearchParams): Reply {
  const name = query.get('cluster') ?? '';
  const found = context.clusters.filter((cluster) => name === '' || cluster.name === name);
  if (name !== '' && found.length === 0) return failure(400, `unknown cluster: ${name}`);
  return jsonReply(200, { clusters: found });
}
