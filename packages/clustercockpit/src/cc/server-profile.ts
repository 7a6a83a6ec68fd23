import { type HttpResponse, SluiceError } from '@sluice/io';
import { envelopeOf, errorFor, reasonOf, type Surroundings } from './answers.ts';
import type { CcRequests } from './requests.ts';

/** What a cc-backend can do, as far as a client has to know (contract §10). */
export interface ServerProfile {
  /** The oldest release that behaves like this one; whatever is newer than 1.5 counts as 1.5. */
  readonly version: '1.3' | '1.4' | '1.5';
  /** The release as the foot of its login page has it, e.g. `1.5.4`; null where that page cannot be had. */
  readonly text: string | null;
  /** How it takes starts and stops: with `main.api-subjects` it has no REST routes for them (contract §6.1). */
  readonly starts: 'rest' | 'nats';
  /** Whether it takes node states. */
  readonly nodeStates: boolean;
  /** Whether a started job is invisible to every listing until the next commit (contract §3.2). */
  readonly jobCache: boolean;
}

/**
 * Asks a server what it is: no request of these changes anything, and none needs more than the role `api`. Errors:
 * `cc.denied`, `cc.blocked`, `cc.no-route` when what answers is no cc-backend, `cc.failed`, and those of HTTP.
 */
export async function probeServer(requests: CcRequests, surroundings: () => Surroundings): Promise<ServerProfile> {
  const used = await requests.get('probe', '/api/jobs/used_nodes?ts=1');
  const text = releaseOf(await requests.get('probe', '/login'));
  const newest = hasUsedNodes(used, text);
  if (newest === undefined) throw errorFor(used, 'the question which nodes are used', surroundings());
  if (!newest) {
    const version = text === null ? await olderVersion(requests) : text.startsWith('1.4') ? '1.4' : '1.3';
    return { version, text, starts: 'rest', nodeStates: false, jobCache: false };
  }
  // The method is wrong on purpose: 405 where there is such a route, the server's own 404 where NATS replaces it.
  const start = await requests.get('probe', '/api/jobs/start_job/');
  const starts = start.status === 404 && envelopeOf(start)?.status === 'Resource not found' ? 'nats' : 'rest';
  return { version: '1.5', text, starts, nodeStates: true, jobCache: true };
}

/** `used_nodes` came with 1.5; older ones take the word for a job's id (contract §4.6). Undefined when the answer does not tell. */
function hasUsedNodes(answer: HttpResponse, text: string | null): boolean | undefined {
  if (answer.status === 200) {
    if (answer.body.toString('utf8').includes('"usedNodes"')) return true;
    throw new SluiceError('cc.no-route', `this is no cc-backend: ${reasonOf(answer)}`, {
      hint: 'ccRestUrl must be the address of cc-backend itself, without /api.',
    });
  }
  if (answer.status === 400 && reasonOf(answer).includes('integer expected')) return false;
  if ((answer.status === 404 || answer.status === 405) && /^1\.[0-4]\b/.test(text ?? '')) return false;
  return undefined;
}

/** The routes of users came with 1.4 (contract §10). */
async function olderVersion(requests: CcRequests): Promise<'1.3' | '1.4'> {
  const { status } = await requests.get('probe', '/userapi/jobs/?items-per-page=1');
  return status === 404 ? '1.3' : '1.4';
}

function releaseOf({ status, body }: HttpResponse): string | null {
  if (status !== 200) return null;
  return /\bVersion:?\s+v?(\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?)/.exec(body.toString('utf8'))?.[1] ?? null;
}
