import type { Gate } from './auth.ts';
import type { Asked, Context } from './context.ts';
import {
  handleDelete,
  handleDeleteBefore,
  handleDeleteById,
  handleDeleteTags,
  handleEditMeta,
  handleEditMetaByRequest,
  handleTag,
  handleUntag,
} from './edit-jobs.ts';
import { handleDebug, handleFree, handleGetMachineState, handlePutMachineState, handleWrite } from './metric-store.ts';
import { handleNodeStates } from './node-states.ts';
import { handleGet, handleGetMetrics, handleJobMetrics, handleList, handleUsedNodes } from './read-jobs.ts';
import type { Release } from './release.ts';
import { emptyReply, failure, htmlReply, jsonReply, noSuchEndpoint, type Reply, textReply } from './reply.ts';
import { type StartJobs, startHandler } from './start-job.ts';
import { handleStop, handleStopById } from './stop-job.ts';
import { handleUpdateUser, handleUsers } from './users.ts';

export type Handler = (context: Context, asked: Asked) => Reply | Promise<Reply>;

interface Route {
  readonly methods: readonly string[];
  /** Who may come in; `own` checks the token by itself, `open` asks for none. */
  readonly gate: Gate | 'own' | 'open';
  readonly handle: Handler;
}

/** Either the route to take, or the answer that needs no auth because there is none (contract §1). */
export type Found = { readonly route: Route; readonly variables: readonly string[] } | { readonly reply: Reply };

/** What decides which routes there are. */
export interface RouteChoice {
  readonly release: Release;
  /** The NATS API is configured: start and stop have no REST routes (contract §4.1, §6.1). */
  readonly natsMode: boolean;
  readonly machineState: boolean;
  readonly start: StartJobs;
  readonly query: Handler;
}

type Listed = readonly [path: string, methods: string, handle: Handler, gate?: Route['gate']];

function listed({ release, natsMode, machineState, start, query }: RouteChoice): readonly Listed[] {
  const nothing: readonly Listed[] = [];
  const since = (version: string, routes: readonly Listed[]): readonly Listed[] => (release.has(version) ? routes : nothing);
  const modern = release.has('1.5.0');
  return [
    ...(natsMode ? nothing : ([['/api/jobs/start_job/', 'POST PUT', startHandler(start)]] as const)),
    ...(natsMode ? nothing : ([['/api/jobs/stop_job/', 'POST PUT', handleStop]] as const)),
    ...(release.stopById ? ([['/api/jobs/stop_job/{id}', 'POST PUT', handleStopById]] as const) : nothing),
    ['/api/jobs/', 'GET', handleList],
    ...since('1.5.0', [['/api/jobs/used_nodes', 'GET', handleUsedNodes]]),
    ['/api/jobs/tag_job/{id}', 'POST PATCH', handleTag],
    ...since('1.4.4', [['/api/jobs/tag_job/{id}', 'DELETE', handleUntag]]),
    ['/api/jobs/edit_meta/{id}', modern ? 'PATCH' : 'POST PATCH', handleEditMeta],
    ...since('1.5.0', [['/api/jobs/edit_meta/', 'PATCH', handleEditMetaByRequest]]),
    ['/api/jobs/metrics/{id}', 'GET', handleJobMetrics],
    ['/api/jobs/delete_job/', 'DELETE', handleDelete],
    ['/api/jobs/delete_job/{id}', 'DELETE', handleDeleteById],
    ['/api/jobs/delete_job_before/{ts}', 'DELETE', handleDeleteBefore],
    ['/api/jobs/{id}', 'GET', handleGet],
    ['/api/jobs/{id}', 'POST', handleGetMetrics],
    ...since('1.4.4', [
      ['/api/tags/', 'DELETE', handleDeleteTags],
      ['/api/users/', 'GET', handleUsers],
    ]),
    ...since('1.5.4', [['/api/user/{username}', 'POST', handleUpdateUser]]),
    ['/api/clusters/', 'GET', clusters],
    ...since('1.5.0', [['/api/nodestate/', 'POST PUT', handleNodeStates]]),
    ...(machineState
      ? ([
          ['/api/machine_state/{cluster}/{host}', 'GET', handleGetMachineState],
          ['/api/machine_state/{cluster}/{host}', 'PUT POST', handlePutMachineState],
        ] as const)
      : nothing),
    ...since(
      '1.5.0',
      ['', '/'].flatMap((slash): Listed[] => [
        [`/api/write${slash}`, 'POST', handleWrite, 'metric-store'],
        [`/api/free${slash}`, 'POST', handleFree, 'metric-store'],
        [`/api/debug${slash}`, 'GET', handleDebug, 'metric-store'],
        [`/api/healthcheck${slash}`, 'POST', handleNodeStates, 'metric-store'],
      ]),
    ),
    ...since('1.4.0', [
      ['/userapi/jobs/', 'GET', handleList, 'userapi'],
      ['/userapi/jobs/metrics/{id}', 'GET', handleJobMetrics, 'userapi'],
      ['/userapi/jobs/{id}', 'GET', handleGet, 'userapi'],
      ['/userapi/jobs/{id}', 'POST', handleGetMetrics, 'userapi'],
    ]),
    ['/query', 'POST', query, 'own'],
    ['/login', 'GET', () => htmlReply(200, loginPage(release.version)), 'open'],
  ];
}

/** Finds the route of a request, as the release's router does. */
export function router(choice: RouteChoice): (method: string, path: string, search: string) => Found {
  const fixed = new Map<string, Route[]>();
  const patterns: { readonly pattern: RegExp; readonly route: Route }[] = [];
  for (const [path, methods, handle, gate = 'api'] of listed(choice)) {
    const route = { methods: methods.split(' '), gate, handle };
    if (path.includes('{')) patterns.push({ pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`), route });
    else fixed.set(path, [...(fixed.get(path) ?? []), route]);
  }
  const gorilla = choice.release.router === 'gorilla';

  /** The route of a path; `allowed` gathers the methods of those whose method is another. */
  function find(
    method: string,
    path: string,
    allowed: string[],
    where: 'fixed' | 'patterns',
  ): Exclude<Found, { reply: Reply }> | undefined {
    if (where === 'fixed') {
      const route = fixed.get(path)?.find(({ methods }) => methods.includes(method));
      if (route) return { route, variables: [] };
      for (const { methods } of fixed.get(path) ?? []) allowed.push(...methods);
      return undefined;
    }
    for (const { pattern, route } of patterns) {
      const match = pattern.exec(path);
      if (match && route.methods.includes(method)) return { route, variables: match.slice(1).map(unescaped) };
      if (match) allowed.push(...route.methods);
    }
    return undefined;
  }

  return (method, path, search) => {
    const allowed: string[] = [];
    const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    for (const where of ['fixed', 'patterns'] as const) {
      const found = find(method, path, allowed, where);
      if (found) return found;
      // gorilla's StrictSlash: the form with or without the last slash is the same route, one redirect away.
      if (gorilla && find(method, other, allowed, where)) return { reply: emptyReply(301, { location: other + search }) };
    }
    if (allowed.length > 0) return { reply: emptyReply(405, { allow: [...new Set(allowed)].join(', ') }) };
    if (gorilla) return { reply: textReply(404, '404 page not found\n') };
    return { reply: /^\/(api|userapi|frontend|config)\//.test(path) ? noSuchEndpoint() : htmlReply(404, '<h1>404</h1>') };
  };
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The one place where every release says which it is (contract §4.15). */
function loginPage(version: string): string {
  return `<!DOCTYPE html>\n<html><body><main>Login</main><footer><ul><li class="build-list-item">Version ${version}</li></ul></footer></body></html>\n`;
}

function clusters(context: Context, { query }: Asked): Reply {
  const name = query.get('cluster') ?? '';
  const found = context.clusters.filter((cluster) => name === '' || cluster.name === name);
  if (name !== '' && found.length === 0) return failure(400, `unknown cluster: ${name}`);
  return jsonReply(200, { clusters: found });
}
