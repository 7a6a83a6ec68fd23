import type { Route } from './ask.ts';
import { controllerRoutes } from './controller-routes.ts';
import { databaseReads } from './database-reads.ts';
import { databaseWrites } from './database-writes.ts';
import { jobRoutes } from './job-routes.ts';

const isNamed = ({ path }: Route) => !path.includes('{');
const all: readonly Route[] = [...controllerRoutes, ...jobRoutes, ...databaseReads, ...databaseWrites];

/** All that slurmrestd answers beneath a version. What is named comes before what stands for any name. */
export const routes: readonly Route[] = [...all.filter(isNamed), ...all.filter((route) => !isNamed(route))];

export interface Place {
  readonly plane: string;
  readonly dialect: number;
  /** Beneath the version, without slashes at its ends. */
  readonly rest: string;
}

/** `/slurm/v0.0.42/job/17`: undefined for other paths. */
export function placeOf(path: string): Place | undefined {
  const match = /^\/(slurm|slurmdb)\/v0\.0\.([0-9]{1,3})\/(.*?)\/?$/.exec(path);
  if (match === null) return undefined;
  const [, plane = '', dialect = '', rest = ''] = match;
  return { plane, dialect: Number(dialect), rest };
}

export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** The route for a method and a path; `other` when the path has other methods alone. */
export function findRoute(method: string, { plane, dialect, rest }: Place): Found | 'other' | undefined {
  let other = false;
  for (const route of routes) {
    if (route.plane !== plane || dialect < (route.from ?? 0) || dialect > (route.to ?? 99)) continue;
    const params = match(route.path, rest);
    if (params === undefined) continue;
    if (route.method === method) return { route, params };
    other = true;
  }
  return other ? 'other' : undefined;
}

function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, word] of wanted.entries()) {
    const value = given[index] ?? '';
    if (word.startsWith('{')) params[word.slice(1, -1)] = value;
    else if (word !== value) return undefined;
  }
  return params;
}
