import type { HttpResponse } from '@sluice/io';
import { errorFor } from './answers.ts';
import { type ListedJob, readRows } from './listed-job.ts';
import type { CcRequests } from './requests.ts';
import type { ServerProfile } from './server-profile.ts';

/** Which jobs; what is left out does not limit. */
export interface JobFilter {
  readonly cluster: string;
  readonly jobId?: number;
  /** Unix seconds, both included. */
  readonly from?: number;
  readonly to?: number;
  readonly states?: readonly string[];
}

/** cc-backend's GraphQL: it finds a job by its id and lists ended jobs without reading the archive, which REST does not (contract §4.16). */
export interface CcGraphql {
  /**
   * The newest jobs that the filter takes, newest first where the server orders them. Undefined when GraphQL does not
   * answer; where it cannot be used with this server at all it is not tried again until `reset`. Errors: `cc.failed` and those of HTTP.
   */
  jobs(profile: ServerProfile, filter: JobFilter, items: number, signal?: AbortSignal): Promise<readonly ListedJob[] | undefined>;
  reset(): void;
}

const what = 'a GraphQL question';
const query =
  'query($filter: [JobFilter!], $page: PageRequest, $order: OrderByInput) { jobs(filter: $filter, page: $page, order: $order) { items { id jobId cluster startTime state duration } } }';

export function ccGraphql(requests: CcRequests): CcGraphql {
  let usable = true;
  return {
    async jobs(profile, filter, items, signal) {
      if (!usable) return undefined;
      const variables = { filter: [filterOf(filter)], page: { itemsPerPage: items, page: 1 }, order: orderOf(profile) };
      const answer = await requests.send('POST', 'graphql', '/query', JSON.stringify({ query, variables }), signal);
      const { status } = answer;
      if ((status >= 500 && status !== 501) || status === 429) throw errorFor(answer, what, {});
      if (status === 200) {
        const rows = rowsOf(answer);
        if (rows !== 'none') return rows === 'failed' ? undefined : readRows(rows, what);
      }
      // A refused token is for REST to tell, and may be a good one the next time.
      usable = status === 401 || status === 403;
      return undefined;
    },
    reset() {
      usable = true;
    },
  };
}

/** The list; `failed` when the question failed this time; `none` when this is not GraphQL, e.g. a page to log in. */
function rowsOf(answer: HttpResponse): unknown {
  try {
    const { data, errors } = JSON.parse(answer.body.toString('utf8')) as { data?: { jobs?: { items?: unknown } } | null; errors?: unknown };
    return Array.isArray(errors) && errors.length > 0 ? 'failed' : (data?.jobs?.items ?? 'none');
  } catch {
    return 'none';
  }
}

function filterOf({ cluster, jobId, from, to, states }: JobFilter): Record<string, unknown> {
  return {
    cluster: { eq: cluster },
    ...(jobId === undefined ? {} : { jobId: { eq: String(jobId) } }),
    ...(from === undefined || to === undefined ? {} : { startTime: { from: rfc3339(from), to: rfc3339(to) } }),
    ...(states === undefined ? {} : { state: states }),
  };
}

/** `type` came with 1.4, where footprints can be ordered by, too. */
function orderOf({ version }: ServerProfile): Record<string, string> {
  return { field: 'startTime', order: 'DESC', ...(version === '1.3' ? {} : { type: 'col' }) };
}

function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
