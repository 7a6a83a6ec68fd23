import { SluiceError } from '@sluice/io';
import { quarterOf } from '@sluice/policy';
import type * as z from 'zod';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { mintJwt } from '../rest/jwt.ts';
import { accountAssociation, applySettings, ensureAccount, knownAccount, qosOf, root, setQos } from './administer.ts';
import { dateText, later, parseDate } from './calendar.ts';
import type { ControlBooks } from './control-books.ts';
import { bodies } from './control-schemas.ts';
import { resourceAmounts, wholeNode } from './resources.ts';
import { injectUsage } from './usage.ts';

/** What the routes work on. */
export interface ControlContext {
  readonly slurm: EmulatedSlurm;
  readonly books: ControlBooks;
  /** What signs tokens. */
  readonly key: Uint8Array;
}

export interface ControlRequest {
  /** As JSON.parse gave it; undefined without a body. */
  readonly body: unknown;
  readonly query: URLSearchParams;
}

type Answer = Readonly<Record<string, unknown>>;
export type Route = (context: ControlContext, request: ControlRequest) => Answer;

/** The control API by method and path. */
export const controlRoutes: Readonly<Record<string, Route>> = {
  'GET /': ({ slurm }) => ({
    service: 'sluice emulator',
    cluster: slurm.spec.name,
    release: slurm.spec.release,
    endpoints: Object.keys(controlRoutes),
  }),
  'POST /api/apply-periodic-settings': applyPeriodicSettings,
  'POST /api/downscale-resource': (context, { body }) => {
    const { resource_id, qos } = checked(bodies.downscale, body);
    setQos(context.slurm, resource_id, qos);
    return done(context, resource_id, `QOS of ${resource_id} is ${qos}`, { qos });
  },
  'POST /api/restore-resource': (context, { body }) => {
    const { resource_id, qos = 'normal' } = checked(bodies.restore, body);
    setQos(context.slurm, resource_id, qos);
    return done(context, resource_id, `QOS of ${resource_id} is ${qos}`, { qos });
  },
  'POST /api/submit-report': submitReport,
  'GET /api/status': status,
  'GET /api/clusters': ({ slurm }) => ({ clusters: clusters(slurm) }),
  'POST /api/clusters': ({ slurm }, { body }) => {
    const { name } = checked(bodies.cluster, body);
    const added = slurm.database.addCluster(name, root);
    return { status: 'success', message: added ? `cluster ${name} added` : `cluster ${name} is there already`, clusters: clusters(slurm) };
  },
  'POST /api/token': ({ slurm, key }, { body }) => {
    const { username, lifespan } = checked(bodies.token, body);
    const now = slurm.time.now();
    const token = mintJwt(key, { sun: username, iat: now, exp: now + lifespan });
    return { token, SLURM_JWT: `SLURM_JWT=${token}` };
  },
  'POST /api/time/advance': advance,
  'POST /api/time/set': (context, { body, query }) => {
    const { date } = checked(bodies.setTime, body ?? { date: query.get('date') });
    context.slurm.time.set(moment(date));
    return { status: 'success', ...timeOf(context.slurm) };
  },
  'POST /api/accounts': (context, { body }) => {
    const { name, parent, description, organization, allocation, grace, period } = checked(bodies.account, body);
    const words = { name, ...present({ parent, description, organization }) };
    const made = ensureAccount(context.slurm, words);
    context.books.set(name, present({ allocation, graceRatio: grace, period }));
    return done(context, name, made ? `account ${name} added` : `account ${name} is there already`, {
      allocation: context.books.allocation(name),
    });
  },
};

function applyPeriodicSettings(context: ControlContext, { body }: ControlRequest): Answer {
  const { slurm, books } = context;
  const settings = checked(bodies.applySettings, body);
  const account = settings.resource_id;
  if (settings.cluster !== undefined && !clusters(slurm).some(({ name }) => name === settings.cluster)) {
    throw new SluiceError('data.invalid', `there is no cluster "${settings.cluster}"`);
  }
  // All names are looked at before anything is written.
  for (const amounts of [settings.grp_tres_mins, settings.max_tres_mins, settings.grp_tres, settings.billing_weights]) {
    if (amounts !== undefined) resourceAmounts<number | null>(slurm, amounts);
  }
  const made = ensureAccount(slurm, { name: account });
  applySettings(
    slurm,
    account,
    present({
      fairshare: settings.fairshare,
      grpTresMins: settings.grp_tres_mins,
      maxTresMins: settings.max_tres_mins,
      grpTres: settings.grp_tres,
      billingWeights: settings.billing_weights,
      resetRawUsage: settings.reset_raw_usage,
    }),
  );
  if (settings.qos_threshold !== undefined) books.set(account, { allocation: nodeHours(slurm, settings.qos_threshold) });
  if (settings.reset_raw_usage === true) books.reset(slurm, account);
  return done(context, account, made ? `settings applied; account ${account} added` : 'settings applied');
}

/** A threshold in node-hours, or in billing minutes. */
function nodeHours(slurm: EmulatedSlurm, threshold: number | Readonly<Record<string, number>>): number {
  if (typeof threshold === 'number') return threshold;
  const [name, minutes] = Object.entries(resourceAmounts(slurm, threshold))[0] ?? ['billing', 0];
  return minutes / 60 / (wholeNode(slurm)[name] ?? 1);
}

function submitReport(context: ControlContext, { body }: ControlRequest): Answer {
  const { slurm, books } = context;
  const { resource_id: account, usage, users = {}, date } = checked(bodies.submitReport, body);
  const at = date === undefined ? {} : { at: moment(date) };
  const known = slurm.database.associations().find((one) => one.account === account.toLowerCase() && one.user !== '');
  const named = Object.values(users).reduce((sum, count) => sum + count, 0);
  if (named > usage) throw new SluiceError('data.invalid', `the users have ${named} node-hours, more than the usage of ${usage}`);
  ensureAccount(slurm, { name: account });
  for (const [user, count] of Object.entries(users)) if (count > 0) injectUsage(slurm, { account, user, nodeHours: count, ...at });
  if (usage > named) injectUsage(slurm, { account, user: known?.user ?? `${account}_user`, nodeHours: usage - named, ...at });
  const { level, percent, status, used, allocation, graceRatio } = books.standing(slurm, account);
  return done(context, account, `${usage} node-hours injected`, {
    threshold_status: {
      level,
      status,
      percent: Number.isFinite(percent) ? Math.round(percent * 100) / 100 : null,
      usage: used,
      allocation,
      grace_ratio: graceRatio,
    },
  });
}

function status({ slurm, books }: ControlContext): Answer {
  const accounts: Record<string, unknown> = {};
  for (const { name } of slurm.database.accounts()) {
    const association = accountAssociation(slurm, name);
    if (association === undefined || name === 'root') continue;
    accounts[name] = {
      allocation: books.allocation(name),
      usage: books.used(slurm, name),
      qos: qosOf(slurm, name),
      fairshare: association.fairshare,
      limits: {
        ...prefixed('GrpTRESMins', association.own.grpTresMins),
        ...prefixed('MaxTRESMins', association.own.maxTresMinsPerJob),
        ...prefixed('GrpTRES', association.own.grpTres),
        ...present({ GrpSubmitJobs: association.own.grpSubmitJobs ?? undefined }),
      },
    };
  }
  return { status: 'running', cluster: slurm.spec.name, ...timeOf(slurm), accounts };
}

function prefixed(limit: string, amounts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [`${limit}:${name}`, amount]));
}

/** A century at most: nothing that is tested lasts longer. */
const most = { seconds: 3_155_760_000, days: 36_525, months: 1200, quarters: 400 } as const;

function advance({ slurm }: ControlContext, { query }: ControlRequest): Answer {
  const stretch: Record<string, number> = {};
  for (const [unit, limit] of Object.entries(most)) {
    const text = query.get(unit);
    if (text === null) continue;
    const count = Number(text);
    if (!/^\d+$/.test(text) || count > limit)
      throw new SluiceError('data.invalid', `${unit}: a whole number up to ${limit}, found "${text}"`);
    stretch[unit] = count;
  }
  if (Object.keys(stretch).length === 0) throw new SluiceError('data.invalid', 'days, months or quarters must be given');
  const now = slurm.time.now();
  slurm.time.advance(later(now, stretch) - now);
  return { status: 'success', ...timeOf(slurm) };
}

function moment(text: string): number {
  const epoch = parseDate(text);
  if (epoch === undefined) throw new SluiceError('data.invalid', `"${text}" is no date such as 2024-04-01 or 2024-04-01T12:00:00Z`);
  return epoch;
}

function timeOf(slurm: EmulatedSlurm): Answer {
  const now = slurm.time.now();
  return { current_time: dateText(now), current_period: quarterOf(now).name };
}

function clusters({ database }: EmulatedSlurm): readonly { readonly name: string }[] {
  return database.clusters().map(({ name, controlHost, controlPort, rpcVersion }) => ({
    name,
    control_host: controlHost,
    control_port: controlPort,
    rpc_version: rpcVersion,
  }));
}

function done({ slurm }: ControlContext, account: string, message: string, more: Answer = {}): Answer {
  knownAccount(slurm, account);
  return { status: 'success', resource_id: account, message, timestamp: dateText(slurm.time.now()), ...more };
}

/** The same without what is undefined. */
function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function checked<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const said = result.error.issues.map(({ path, message }) => `${path.length === 0 ? 'body' : path.join('.')}: ${message}`);
  throw new SluiceError('data.invalid', said.join('; '));
}
