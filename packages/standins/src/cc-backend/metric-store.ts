import type { Asked, Context } from './context.ts';
import { decodeGoJson, goArray, goString } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { LineError, readLines } from './line-protocol.ts';
import { isInt64, notAnInteger } from './numbers.ts';
import { emptyReply, failure, jsonReply, type Reply, textReply } from './reply.ts';

const json = { 'content-type': 'application/json' };

/** `POST /api/write` (contract §4.13). The lines are read, and nothing is kept of them: there is no metric store here. */
export function handleWrite(_context: Context, { body }: Asked): Reply {
  try {
    for (const _ of readLines(body));
  } catch (error) {
    if (error instanceof LineError) return failure(400, error.message);
    throw error;
  }
  return emptyReply(200, json);
}

const selectors = goArray(goArray(goString));

/** `POST /api/free` (contract §4.13): nothing is there to be freed. */
export function handleFree(_context: Context, { query, body }: Asked): Reply {
  const to = query.get('to') ?? '';
  if (to === '') return failure(400, "'to' is a required query parameter");
  if (!isInt64(to)) return failure(500, notAnInteger(to));
  try {
    decodeGoJson(body, selectors);
  } catch (error) {
    if (error instanceof GoJsonError) return textReply(400, `${error.message}\n`);
    throw error;
  }
  return textReply(200, 'buffers freed: 0\n');
}

/** `GET /api/debug` (contract §4.13): an empty store. */
export function handleDebug(): Reply {
  return jsonReply(200, {});
}

/** `PUT /api/machine_state/{cluster}/{host}` (contract §4.12). */
export function handlePutMachineState({ machineStates }: Context, { body, variables }: Asked): Reply {
  const wrong = wrongName(variables);
  if (wrong) return failure(400, `invalid ${wrong}`);
  machineStates?.set(variables.join('/'), body);
  return emptyReply(201);
}

/** `GET /api/machine_state/{cluster}/{host}` (contract §4.12). */
export function handleGetMachineState({ machineStates }: Context, { variables }: Asked): Reply {
  const wrong = wrongName(variables);
  if (wrong) return failure(400, `invalid ${wrong}`);
  const body = machineStates?.get(variables.join('/'));
  return body === undefined ? textReply(404, '404 page not found\n') : { status: 200, headers: json, body };
}

function wrongName([cluster = '', host = '']: readonly string[]): string | undefined {
  if (/\.\.|[/\\]/.test(cluster)) return 'cluster name';
  return /\.\.|[/\\]/.test(host) ? 'host name' : undefined;
}
