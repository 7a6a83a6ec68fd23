import type { DocumentNode, GraphQLSchema } from 'graphql';
import { type User, visibleTo } from './auth.ts';
import type { Asked, Context } from './context.ts';
import { readableTags, visibleRow } from './read-jobs.ts';
import type { Release } from './release.ts';
import { htmlReply, jsonReply, type Reply, textReply } from './reply.ts';
import type { Handler } from './routes.ts';
import type { JobFilter, JobRow } from './store.ts';

type GraphQL = typeof import('./graphql-library.ts');

/** Pages when none is asked for. */
const defaultPage = { itemsPerPage: 50, page: 1 };

/**
 * The part of the server's schema that an adapter reads (contract §4.16). Go's integers have 64 bits and are called `Int`
 * there; GraphQL's own have 32, so they are `Int64` here, which a query never names.
 */
function schemaText(release: Release): string {
  return `
    scalar Time
    scalar JobState
    scalar Any
    scalar Int64
    type Query {
      jobs(filter: [JobFilter!], page: PageRequest, order: OrderByInput): JobResultList!
      job(id: ID!): Job
    }
    type Job {
      id: ID! jobId: Int64! user: String! project: String! cluster: String! subCluster: String! startTime: Time! duration: Int64! walltime: Int64!
      numNodes: Int! numHWThreads: Int! numAcc: Int! energy: Float! SMT: Int! ${release.sharing === 'shared' ? 'shared: String!' : 'exclusive: Int!'}
      partition: String! arrayJobId: Int64! monitoringStatus: Int! state: JobState! tags: [Tag!]! resources: [Resource!]! metaData: Any
    }
    type Tag { id: ID! type: String! name: String! scope: String! }
    type Resource { hostname: String! hwthreads: [Int!] accelerators: [String!] configuration: String }
    type JobResultList { items: [Job!]! offset: Int limit: Int count: Int hasNextPage: Boolean }
    input JobFilter {
      jobId: StringInput cluster: StringInput project: StringInput user: StringInput node: StringInput startTime: TimeRange state: [JobState!]
    }
    input StringInput { eq: String }
    input TimeRange { from: Time to: Time }
    input PageRequest { itemsPerPage: Int! page: Int! }
    input OrderByInput { field: String! type: String! order: SortDirectionEnum! = ASC }
    enum SortDirectionEnum { DESC ASC }`;
}

interface Filter {
  readonly jobId?: StringInput;
  readonly cluster?: StringInput;
  readonly project?: StringInput;
  readonly user?: StringInput;
  readonly node?: StringInput;
  readonly startTime?: { readonly from?: number | null; readonly to?: number | null } | null;
  readonly state?: readonly string[] | null;
}

type StringInput = { readonly eq?: string | null } | null;

interface JobsArguments {
  readonly filter?: readonly Filter[] | null;
  readonly page?: { readonly itemsPerPage: number; readonly page: number } | null;
  readonly order?: { readonly field: string; readonly type: string; readonly order: 'DESC' | 'ASC' } | null;
}

/** What the resolvers get besides their arguments. */
interface Scope {
  readonly context: Context;
  readonly user: User | undefined;
}

/** `POST /query`, as gqlgen answers. The library is loaded with the first query; one text is parsed once. */
export function queryHandler(release: Release): Handler {
  let ready: Promise<{ readonly library: GraphQL; readonly schema: GraphQLSchema }> | undefined;
  let last: { readonly text: string; readonly parsed: Parsed } | undefined;

  return async (context, asked) => {
    const who = context.authenticated ? asked.token() : { user: undefined };
    if ('error' in who) return asked.anonymous ? htmlReply(401, '<h1>Authentication failed</h1>') : textReply(401, `${who.error}\n`);
    if (!/^\s*application\/json\s*(;|$)/i.test(asked.contentType)) return failed(400, [{ message: 'transport not supported' }]);
    const params = readParams(asked);
    if (!params) return failed(400, [{ message: 'json request body could not be decoded' }]);
    ready ??= import('./graphql-library.ts').then((library) => ({ library, schema: buildSchema(library, release) }));
    const { library, schema } = await ready;
    if (last?.text !== params.query) last = { text: params.query, parsed: parse(library, schema, params.query) };
    if ('errors' in last.parsed) return failed(422, last.parsed.errors);
    const result = await library.execute({
      schema,
      document: last.parsed.document,
      rootValue: { jobs, job },
      contextValue: { context, user: who.user } satisfies Scope,
      variableValues: params.variables,
      operationName: params.operationName,
    });
    return jsonReply(result.data === undefined ? 422 : 200, {
      ...(result.errors ? { errors: result.errors } : {}),
      data: result.data ?? null,
    });
  };
}

type Parsed = { readonly document: DocumentNode } | { readonly errors: readonly object[] };

function parse(library: GraphQL, schema: GraphQLSchema, text: string): Parsed {
  const coded = (error: InstanceType<GraphQL['GraphQLError']>, code: string) => ({ ...error.toJSON(), extensions: { code } });
  try {
    const document = library.parse(text);
    const errors = library.validate(schema, document);
    return errors.length > 0 ? { errors: errors.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')) } : { document };
  } catch (error) {
    if (error instanceof library.GraphQLError) return { errors: [coded(error, 'GRAPHQL_PARSE_FAILED')] };
    throw error;
  }
}

function failed(status: number, errors: readonly object[]): Reply {
  return jsonReply(status, { errors, data: null });
}

interface Params {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
}

function readParams({ body }: Asked): Params | undefined {
  try {
    const { query, variables, operationName } = JSON.parse(body) as Record<string, unknown>;
    return {
      query: typeof query === 'string' ? query : '',
      variables: (variables ?? {}) as Record<string, unknown>,
      operationName: typeof operationName === 'string' && operationName !== '' ? operationName : undefined,
    };
  } catch {
    return undefined;
  }
}

/** The schema, with the scalars as gqlgen reads and writes them. */
function buildSchema(library: GraphQL, release: Release): GraphQLSchema {
  const schema = library.buildSchema(schemaText(release));
  const scalar = (name: string) => schema.getType(name) as InstanceType<GraphQL['GraphQLScalarType']>;
  const state = scalar('JobState');
  state.parseValue = (value) => {
    if (typeof value !== 'string' || !release.states.includes(value)) throw new library.GraphQLError(`invalid job state: ${value}`);
    return value;
  };
  // A state may be written as a word or as a string: a scalar of gqlgen takes both.
  state.parseLiteral = (node) => state.parseValue('value' in node ? node.value : undefined);
  const time = scalar('Time');
  time.parseValue = (value) => {
    const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(ms)) throw new library.GraphQLError('time should be RFC3339Nano formatted string');
    return Math.floor(ms / 1000);
  };
  time.parseLiteral = (node) => time.parseValue('value' in node ? node.value : undefined);
  return schema;
}

function jobs({ filter, page, order }: JobsArguments, { context, user }: Scope): object {
  const sees = visibleTo(user);
  if ('error' in sees) throw new Error(sees.error);
  const filters: JobFilter[] = [...(filter ?? []).map(jobFilter), { visible: sees.visible }];
  const { itemsPerPage, page: asked } = page ?? defaultPage;
  if (itemsPerPage !== -1 && itemsPerPage < 1) throw new Error(`invalid items-per-page value: ${itemsPerPage}`);
  const number = Math.max(asked, 1);
  const column = snakeCase(order?.field ?? 'id');
  if (!columns.has(column)) throw new Error(`query failed: no such column: job.${column}`);
  const rows = context.jobs.list(filters, itemsPerPage, itemsPerPage === -1 ? 0 : (number - 1) * itemsPerPage, {
    column,
    descending: order?.order === 'DESC',
  });
  const count = context.jobs.count(filters);
  return {
    items: rows.map((row) => jobObject(row, context, user)),
    count,
    hasNextPage: itemsPerPage !== -1 && asked * itemsPerPage < count,
  };
}

function job({ id }: { readonly id: string }, { context, user }: Scope): object {
  const row = visibleRow(context, user, id);
  if ('error' in row) throw new Error(row.error);
  const trusted = user?.roles.some((role) => role === 'admin' || role === 'support' || role === 'manager');
  if (user && row.hpc_user !== user.name && !trusted) throw new Error('you are not allowed to see this job');
  return jobObject(row, context, user);
}

function jobFilter(filter: Filter): JobFilter {
  const jobId = filter.jobId?.eq ?? undefined;
  return {
    ...(jobId === undefined ? {} : { jobId: /^\d+$/.test(jobId) ? Number(jobId) : -1 }),
    cluster: filter.cluster?.eq ?? null,
    project: filter.project?.eq ?? null,
    user: filter.user?.eq ?? null,
    node: filter.node?.eq ?? null,
    from: filter.startTime?.from ?? null,
    to: filter.startTime?.to ?? null,
    states: filter.state ?? [],
  };
}

const columns: ReadonlySet<string> = new Set([
  ...[
    'id',
    'job_id',
    'cluster',
    'subcluster',
    'start_time',
    'hpc_user',
    'project',
    'cluster_partition',
    'array_job_id',
    'duration',
    'walltime',
  ],
  ...['job_state', 'num_nodes', 'num_hwthreads', 'num_acc', 'smt', 'monitoring_status', 'energy'],
]);

function snakeCase(field: string): string {
  return field.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

/** Fields are functions where they cost something, so that only what is asked for is worked out. */
function jobObject(row: JobRow, context: Context, user: User | undefined): object {
  return {
    id: row.id,
    jobId: row.job_id,
    user: row.hpc_user,
    project: row.project,
    cluster: row.cluster,
    subCluster: row.subcluster,
    startTime: () => new Date(row.start_time * 1000).toISOString().replace('.000Z', 'Z'),
    duration: row.job_state === 'running' ? context.now() - row.start_time : row.duration,
    walltime: row.walltime,
    numNodes: row.num_nodes,
    numHWThreads: row.num_hwthreads ?? 0,
    numAcc: row.num_acc ?? 0,
    energy: row.energy,
    SMT: row.smt,
    shared: row.shared,
    exclusive: row.exclusive,
    partition: row.cluster_partition ?? '',
    arrayJobId: row.array_job_id ?? 0,
    monitoringStatus: row.monitoring_status,
    state: row.job_state,
    tags: () =>
      readableTags(context, user, row.id).map((tag) => ({ id: tag.id, type: tag.tag_type, name: tag.tag_name, scope: tag.tag_scope })),
    resources: () => JSON.parse(row.resources),
    metaData: () => (row.meta_data === null ? null : JSON.parse(row.meta_data)),
  };
}
