import type { Fields, RestCall, Said, SlurmrestdError, SlurmrestdWarning } from '../json/index.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';

/** One request, once it is known who asks, for what, and that the daemons answer. */
export interface Ask {
  readonly slurm: EmulatedSlurm;
  readonly as: Identity;
  /** 42 for v0.0.42. */
  readonly dialect: number;
  /** Year × 100 + month of the release behind it. */
  readonly release: number;
  /** Words of the path, by the names of the route: `{job_id}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body as JSON; undefined when there is none. */
  readonly body: unknown;
  /** For the documents of src/json: the plane, and what is to be said beside the data. */
  call(said?: Said): RestCall & { readonly said?: Said };
}

/** An answer that is not 200 by its errors: 304 has no body. */
export class NotModified extends Error {}

/** A request that slurmrestd or a daemon refuses, in the words of the release. */
export class Refused extends Error {
  readonly errors: readonly SlurmrestdError[];
  readonly status: number | undefined;
  /** The list that v0.0.38 leaves empty beside the errors. */
  readonly emptyList: string | undefined;

  constructor(errors: readonly SlurmrestdError[], status?: number, emptyList?: string) {
    super(errors.map(({ error }) => error).join(', '));
    this.errors = errors;
    this.status = status;
    this.emptyList = emptyList;
  }
}

export const invalidQuery = { number: 9000, error: 'Query empty or not RFC7320 compliant' } as const;
export const nothingFound = { number: 9003, error: 'Nothing found with query', description: 'Nothing found' } as const;

/** The warning of a question that has no answer; up to 25.05 it has an address in it. */
export function foundNothing(ask: Ask, lookedIn: string, source: string): Said {
  const address = ask.release < 2605 ? '0x55d0c0ffee00' : '';
  const warning: SlurmrestdWarning = { description: `${lookedIn}(${address}) found nothing`, source };
  return { warnings: [warning] };
}

/** Since 24.11 a field of the query that nobody knows is passed over with a warning (measured); filters of `jobs` are such fields. */
export function unknownFields(ask: Ask, known: readonly string[], parser: string): Said {
  if (ask.release < 2411) return {};
  const unknown = [...ask.query.keys()].filter((key) => !known.includes(key));
  const warnings = unknown.map((key) => ({
    description: `Ignoring unknown field "${key}" of type string in DATA_PARSER_${parser}`,
    source: `#/${key}/`,
  }));
  return unknown.length === 0 ? {} : { warnings };
}

/** What a route does, and how it says that a daemon refused or could not be reached. */
export interface Route {
  readonly plane: 'slurm' | 'slurmdb';
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Beneath the version, e.g. `job/{job_id}`. */
  readonly path: string;
  /** First and last dialect that has it. */
  readonly from?: number;
  readonly to?: number;
  readonly answer: (ask: Ask) => Fields;
  /** Throws what is refused before any daemon is asked. */
  readonly check?: (ask: Ask) => void;
  readonly refusal?: Refusal;
}

/** `description` and `source` of an error entry since v0.0.39, and in v0.0.38; `data` is what stands beside the errors. */
export interface Refusal {
  readonly description: string;
  readonly source: string;
  readonly old?: { readonly description?: string; readonly source?: string };
  readonly data?: (ask: Ask, said: Said) => Fields;
}
