import type { IncomingMessage } from 'node:http';
import { dialectName, dialectsOf, document, type Fields, releaseOf, type Said, type SlurmrestdError } from '../json/index.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';
import { SlurmError } from '../model/slurmctld.ts';
import { type Ask, NotModified, type Refusal, Refused, type Route } from './ask.ts';
import { type AuthOptions, authenticate, type Caller } from './authenticate.ts';
import { openapiDocument } from './openapi.ts';
import { type Found, findRoute, placeOf } from './routes.ts';
import { plainText, statusOf } from './status.ts';

export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Where it came from, in slurmrestd's words. */
  readonly source: string;
}

/** Plain text, an object to be printed, or nothing. */
export interface Answer {
  readonly status: number;
  readonly body: string | Fields | null;
}

export interface AnswerOptions extends AuthOptions {
  readonly slurm: EmulatedSlurm;
  /** Dialects beside those of the release. */
  readonly moreDialects: readonly number[];
}

/** One request of slurmrestd. It never throws. */
export function answerRequest(request: Request, options: AnswerOptions): Answer {
  const { slurm } = options;
  const release = releaseOf(slurm.spec.release);
  const dialects = [...dialectsOf(release), ...options.moreDialects];
  const url = new URL(request.url, 'http://localhost');
  const plain = (status: number): Answer => ({ status, body: plainText(status, release.major) });
  const caller = authenticate(request.headers, options, slurm, release.major);
  if (caller.kind === 'missing') return plain(401);
  if (request.method === 'GET' && /^\/openapi(?:\.json|\.yaml|\/v3)?\/?$/.test(url.pathname)) {
    return { status: 200, body: openapiDocument(release.text, dialects) };
  }
  const place = placeOf(url.pathname);
  if (place === undefined || !dialects.includes(place.dialect)) return plain(404);
  const found = findRoute(request.method, place);
  if (found === undefined) return plain(404);
  // Since 23.11 a path with another method is unknown, too (measured).
  if (found === 'other') return plain(release.major < 2302 ? 405 : 404);
  const body = readBody(request);
  if (body === 'unparsable') return plain(400);
  if (body === 'unknown type') return plain(release.major >= 2605 ? 415 : 400);
  return answerFound(found, caller, { request, options, url, body: body.value, dialect: place.dialect, release: release.major });
}

interface Setting {
  readonly request: Request;
  readonly options: AnswerOptions;
  readonly url: URL;
  readonly body: unknown;
  readonly dialect: number;
  readonly release: number;
}

function answerFound({ route, params }: Found, caller: Caller, setting: Setting): Answer {
  const { request, options, url, body, dialect, release } = setting;
  const { slurm } = options;
  const as: Identity = caller.kind === 'known' ? caller.as : { uid: 65_534, gid: 65_534, user: 'nobody', group: 'nogroup' };
  const ask: Ask = {
    slurm,
    as,
    dialect,
    release,
    params,
    query: url.searchParams,
    body,
    call: (said = {}) => ({
      release: slurm.spec.release,
      dialect: dialectName(dialect),
      speaker: { kind: 'rest', plane: route.plane === 'slurm' ? 'slurmctld' : 'slurmdbd', source: request.source, ...peer(route, release) },
      said,
    }),
  };
  try {
    route.check?.(ask);
    const unable = cannotReach(route, caller, ask);
    if (unable !== undefined) return unable;
    const answered = route.answer(ask);
    return { status: 200, body: answered };
  } catch (error) {
    if (error instanceof NotModified) return { status: 304, body: null };
    if (error instanceof Refused) {
      const list = ask.dialect < 39 && error.emptyList !== undefined ? { [error.emptyList]: [] } : {};
      return answerWith(ask, error.errors, (said) => document(slurm, ask.call(said), () => list), error.status);
    }
    if (error instanceof SlurmError) return refused(ask, route, [errorOf(ask, route, { number: error.number, error: error.message })]);
    const internal = { number: -1, error: 'Unspecified error', description: 'the emulator failed', source: 'slurmrestd' };
    return refused(ask, route, [internal], 500);
  }
}

/** slurmrestd tells whose the socket is: root's for slurmctld's plane, nobody's for slurmdbd's (recorded). */
function peer(route: Route, release: number): { readonly user: string; readonly group: string } {
  if (route.plane === 'slurm') return { user: 'root', group: 'root' };
  return { user: release >= 2605 ? 'nobody' : '', group: '' };
}

const unreachable = { number: 1800, error: 'Unable to contact slurm controller (connect failure)' };
const notAuthentic = { number: 1007, error: 'Protocol authentication error' };
const unspecified = { number: -1, error: 'Unspecified error' };

/** An answer when a daemon is away, or does not take the token. */
function cannotReach(route: Route, caller: Caller, ask: Ask): Answer | undefined {
  const { faults } = ask.slurm;
  const authentic = caller.kind === 'known';
  const databaseAway = faults.slurmdbd !== 'up';
  // 23.11 opens the connection to slurmdbd for every question (recorded: rest-no-token.txt).
  if (route.plane === 'slurmdb' || (ask.release >= 2302 && ask.release < 2405)) {
    if (databaseAway || !authentic) return noDatabase(route, ask, authentic);
  }
  if (route.plane === 'slurmdb') return undefined;
  const controllerAway = faults.slurmctld !== 'up' || !ask.slurm.controller.controllers().some(({ up }) => up);
  if (!controllerAway && authentic) return undefined;
  if (route.path === 'ping') return pingOfNobody(ask, authentic);
  const said = saidOfAbsence(route, ask, authentic);
  return refused(ask, route, [errorOf(ask, route, said)], ask.release >= 2411 && said.number === 1800 ? 502 : undefined);
}

/** The number that comes with an unreachable slurmctld: some calls lose it on the way (measured). */
function saidOfAbsence(route: Route, ask: Ask, authentic: boolean): { readonly number: number; readonly error: string } {
  if (ask.dialect < 39 && !(route.path === 'job/{job_id}' && route.method === 'DELETE')) return unspecified;
  if (!authentic) return notAuthentic;
  if (route.path === 'job/{job_id}' && route.method === 'GET') return unspecified;
  if (route.path === 'job/{job_id}' && route.method === 'DELETE' && ask.dialect >= 40)
    return { number: 1, error: 'Operation not permitted' };
  return unreachable;
}

function noDatabase(route: Route, ask: Ask, authentic: boolean): Answer {
  const no = { number: 7000, error: 'Unable to connect to database' };
  if (ask.dialect < 39) {
    const away = { ...no, description: 'Failed connecting to slurmdbd', source: 'slurmdb_tres_get' };
    const error = authentic ? away : { ...notAuthentic, source: 'slurmdb_tres_get' };
    const key = keyOf(route.path);
    return answerWith(ask, [error], (said) => document(ask.slurm, ask.call(said), () => (key === '' ? {} : { [key]: [] })));
  }
  const description =
    ask.release < 2405
      ? 'openapi_get_db_conn() failed to open slurmdb connection'
      : `Failed to open slurmdbd connection${authentic || ask.release >= 2605 ? '' : ', authentication error'}`;
  const source = ask.release < 2405 ? 'wrap_openapi_ctxt_callback' : 'openapi_get_db_conn';
  return answerWith(ask, [{ ...no, description, source }], (said) => document(ask.slurm, ask.call(said), () => ({})));
}

/** The list that v0.0.38 leaves empty beside an error. */
function keyOf(path: string): string {
  const [first = ''] = path.split('/');
  return (
    { config: 'clusters', tres: 'TRES', qos: 'QOS', job: 'jobs', account: 'accounts', user: 'users', cluster: 'clusters' }[first] ?? first
  );
}

/** A ping is answered whatever happens: by a controller that is not there. 22.05 fails. */
function pingOfNobody(ask: Ask, authentic: boolean): Answer {
  if (ask.dialect < 39) {
    const error = { ...unspecified, description: 'slurmctld config is unable to load', source: 'slurm_load_ctl_conf' };
    return answerWith(ask, [error], (said) => document(ask.slurm, ask.call(said), () => ({})));
  }
  const status = authentic ? unreachable.error : notAuthentic.error;
  return { status: 200, body: pingDown(ask, status) };
}

function pingDown(ask: Ask, status: string): Fields {
  const pings = ask.slurm.controller.controllers().map(({ host }, index) => {
    const mode = index === 0 ? 'primary' : 'backup';
    const primary = index === 0;
    if (ask.dialect < 42) return { hostname: host, pinged: 'DOWN', latency: 100, mode };
    if (ask.dialect < 45) return { hostname: host, pinged: 'DOWN', responding: false, latency: 100, mode, primary };
    return { hostname: host, responding: false, latency: 100, primary, status };
  });
  return document(ask.slurm, ask.call(), () => ({ pings }));
}

/** The entry in `errors` of what a daemon said, in the words of the route. */
function errorOf(ask: Ask, route: Route, { number, error }: { readonly number: number; readonly error: string }): SlurmrestdError {
  const old = ask.dialect < 39;
  const words = refusalOf(ask, route);
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, key: string) =>
      key === 'error' ? error : key === 'signal' ? signalNumber(ask) : decodeURIComponent(ask.params[key] ?? ''),
    );
  const entry = { number, error, ...(words.description === undefined ? {} : { description: fill(words.description) }) };
  const sourced = words.source === undefined ? entry : { ...entry, source: words.source };
  const bare = old && words.description === undefined && words.source === undefined;
  return bare ? { ...sourced, numberKey: route.path === 'job/submit' ? 'error_code' : 'errno' } : sourced;
}

function refusalOf(ask: Ask, route: Route): { readonly description?: string; readonly source?: string } {
  const own: Refusal = route.refusal ?? { description: 'Request failed', source: `op_handler_${route.path.split('/')[0] ?? ''}` };
  if (ask.dialect >= 39) return { description: own.description, source: own.source };
  if (route.plane === 'slurmdb') return { source: oldSource(route) };
  return own.old ?? { description: own.description, source: own.source };
}

/** v0.0.38 names the call to slurmdbd: `slurmdb_accounts_add`. */
function oldSource({ path, method }: Route): string {
  const [first = ''] = path.split('/');
  const things = first.endsWith('s') ? first : `${first}s`;
  return `slurmdb_${things}_${{ GET: 'get', POST: 'add', DELETE: 'remove' }[method]}`;
}

function signalNumber(ask: Ask): string {
  const word = (ask.query.get('signal') ?? '9').toUpperCase().replace(/^SIG/, '');
  return { TERM: '15', KILL: '9', INT: '2', HUP: '1', USR1: '10', USR2: '12', STOP: '19', CONT: '18' }[word] ?? word;
}

function refused(ask: Ask, route: Route, errors: readonly SlurmrestdError[], status?: number): Answer {
  const data = route.refusal?.data ?? ((one: Ask, said: Said) => document(one.slurm, one.call(said), () => ({})));
  return answerWith(ask, errors, (said) => data(ask, said), status);
}

function answerWith(ask: Ask, errors: readonly SlurmrestdError[], write: (said: Said) => Fields, status?: number): Answer {
  return { status: status ?? statusOf(errors, ask.release), body: write({ errors }) };
}

function readBody({ body, headers }: Request): { readonly value: unknown } | 'unparsable' | 'unknown type' {
  const type = (headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim();
  if (body.trim() === '') return { value: undefined };
  if (type !== 'application/json' && type !== 'application/jsonrequest') return 'unknown type';
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return 'unparsable';
  }
}
