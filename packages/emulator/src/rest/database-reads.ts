import {
  accountsJson,
  associationsJson,
  clustersJson,
  databaseConfigJson,
  document,
  type Fields,
  qosJson,
  type Said,
  sacctJson,
  tresJson,
  usersJson,
} from '../json/index.ts';
import type { EmulatedAssociation, JobRow } from '../model/slurmdbd.ts';
import { type Ask, foundNothing, nothingFound, Refused, type Route, unknownFields } from './ask.ts';
import { wordsOf } from './body.ts';
import { rowFields, rowQuery } from './row-query.ts';

type Read = Omit<Route, 'plane' | 'method'>;
const read = (route: Read): Route => ({ plane: 'slurmdb', method: 'GET', ...route });

/** What slurmdbd is asked. */
export const databaseReads: readonly Route[] = [
  read({ path: 'jobs', answer: getJobs }),
  read({ path: 'job/{job_id}', answer: getJob }),
  read({ path: 'config', answer: (ask) => databaseConfigJson(ask.slurm, ask.call()) }),
  read({ path: 'tres', answer: (ask) => tresJson(ask.slurm, ask.slurm.database.tres(), ask.call()) }),
  read({ path: 'qos', answer: (ask) => qosJson(ask.slurm, ask.slurm.database.qos(), ask.call()) }),
  read({ path: 'qos/{qos}', answer: getOneQos }),
  read({ path: 'associations', answer: getAssociations }),
  read({ path: 'association', answer: getAssociations }),
  read({ path: 'users', answer: (ask) => getUsers(ask, null) }),
  read({ path: 'user/{name}', answer: (ask) => getUsers(ask, nameOf(ask, 'name')) }),
  read({ path: 'accounts', answer: (ask) => getAccounts(ask, null) }),
  read({ path: 'account/{account_name}', answer: (ask) => getAccounts(ask, nameOf(ask, 'account_name')) }),
  read({ path: 'clusters', answer: (ask) => getClusters(ask, null) }),
  read({ path: 'cluster/{cluster_name}', answer: (ask) => getClusters(ask, nameOf(ask, 'cluster_name')) }),
  read({ path: 'wckeys', answer: getNoWckeys }),
  read({ path: 'wckey/{id}', answer: getNoWckeys }),
  read({ path: 'instances', from: 40, answer: getNoInstances }),
  read({ path: 'instance', from: 40, answer: getNoInstances }),
  read({ path: 'diag', answer: getDiag }),
  read({ path: 'ping', from: 42, answer: getPing }),
];

export function nameOf(ask: Ask, key: string): string {
  return decodeURIComponent(ask.params[key] ?? '');
}

/** Nothing is an error in v0.0.38, a warning later. */
function orNothing(
  ask: Ask,
  found: number,
  words: { readonly lookedIn: string; readonly source: string; readonly list?: string },
  write: (call: ReturnType<Ask['call']>) => Fields,
): Fields {
  if (found > 0) return write(ask.call());
  if (ask.dialect >= 39) return write(ask.call(foundNothing(ask, words.lookedIn, words.source)));
  throw new Refused([{ ...nothingFound, source: words.lookedIn }], undefined, words.list);
}

function getJobs(ask: Ask): Fields {
  const rows = [...ask.slurm.database.jobRows(rowQuery(ask))];
  return jobsOf(ask, rows, unknownFields(ask, rowFields(ask.dialect), 'JOB_CONDITION'));
}

function getJob(ask: Ask): Fields {
  return jobsOf(ask, [...ask.slurm.database.jobRows({ jobIds: [nameOf(ask, 'job_id')], duplicates: true })]);
}

/** The one answer that is 200 in 22.05 though it says an error. */
function jobsOf(ask: Ask, rows: readonly JobRow[], passed: Said = {}): Fields {
  if (rows.length > 0) return sacctJson(ask.slurm, skipSteps(ask) ? rows.map((row) => ({ ...row, steps: [] })) : rows, ask.call(passed));
  const said: Said =
    ask.dialect < 39 ? { errors: [{ ...nothingFound, source: 'slurmdb_jobs_get' }] } : foundNothing(ask, 'slurmdb_jobs_get', '_dump_jobs');
  return sacctJson(ask.slurm, [], ask.call(said));
}

function skipSteps(ask: Ask): boolean {
  return ['true', '1', 'yes', ''].includes(ask.query.get('skip_steps') ?? 'no');
}

function getOneQos(ask: Ask): Fields {
  const found = ask.slurm.database.qos().filter(({ name }) => name === nameOf(ask, 'qos'));
  const said = found.length === 0 && ask.dialect >= 39 ? foundNothing(ask, 'slurmdb_qos_get', '_op_handler_qos') : {};
  return qosJson(ask.slurm, found, ask.call(said));
}

function getAssociations(ask: Ask): Fields {
  const found = chosenAssociations(ask);
  const words = {
    lookedIn: ask.dialect < 39 ? 'slurmdb_associations_get' : 'slurmdb_associations_get',
    source: '_dump_assoc_cond',
    key: null,
  };
  return orNothing(ask, found.length, words, (call) => associationsJson(ask.slurm, found, call));
}

/** Associations by account, user, partition, cluster, parent, QOS or id; words with commas between. */
export function chosenAssociations(ask: Ask): readonly EmulatedAssociation[] {
  const asked = (key: string) => {
    const text = ask.query.get(key);
    return text === null ? undefined : (wordsOf(text) ?? []);
  };
  const [accounts, users, partitions, clusters] = [asked('account'), asked('user'), asked('partition'), asked('cluster')];
  const [parents, ids, defaults] = [asked('parent_account'), asked('id'), asked('default_qos')];
  const matches = (wanted: readonly string[] | undefined, value: string) =>
    wanted === undefined || wanted.length === 0 || wanted.includes(value);
  return ask.slurm.database
    .associations()
    .filter(
      (one) =>
        matches(accounts, one.account) &&
        matches(users, one.user) &&
        matches(partitions, one.partition) &&
        matches(clusters, one.cluster) &&
        matches(parents, one.parent) &&
        matches(ids, `${one.id}`) &&
        matches(defaults, one.defaultQos),
    );
}

const isSet = (ask: Ask, ...keys: readonly string[]) => keys.some((key) => !['false', '0', 'no'].includes(ask.query.get(key) ?? 'no'));

function shown(ask: Ask) {
  return {
    withAssociations: isSet(ask, 'with_assocs', 'WithAssociations'),
    withCoordinators: isSet(ask, 'with_coords', 'WithCoordinators'),
  };
}

function getUsers(ask: Ask, name: string | null): Fields {
  const level = ask.query.get('admin_level')?.toLowerCase();
  const found = ask.slurm.database
    .users()
    .filter((user) => (name === null || user.name === name) && (level === undefined || user.adminLevel.toLowerCase() === level));
  const words = { lookedIn: 'slurmdb_users_get', source: '_dump_users', list: 'users' };
  // One user by name is shown with the default account and the associations.
  const how = name === null ? shown(ask) : { withAssociations: true, withCoordinators: true };
  return orNothing(ask, found.length, words, (call) => usersJson(ask.slurm, found, call, how));
}

function getAccounts(ask: Ask, name: string | null): Fields {
  const described = wordsOf(ask.query.get('description') ?? undefined);
  const found = ask.slurm.database
    .accounts()
    .filter((account) => (name === null || account.name === name) && (described?.includes(account.description) ?? true));
  const words = { lookedIn: 'slurmdb_accounts_get', source: '_dump_accounts', list: 'accounts' };
  const how = name === null ? shown(ask) : { withAssociations: true, withCoordinators: true };
  return orNothing(ask, found.length, words, (call) => accountsJson(ask.slurm, found, call, how));
}

function getClusters(ask: Ask, name: string | null): Fields {
  const found = ask.slurm.database.clusters().filter((cluster) => name === null || cluster.name === name);
  const words = { lookedIn: 'slurmdb_clusters_get', source: '_dump_clusters', list: 'clusters' };
  return orNothing(ask, found.length, words, (call) => clustersJson(ask.slurm, found, call));
}

function getNoWckeys(ask: Ask): Fields {
  if (ask.dialect < 39) {
    const errors = [{ ...nothingFound, source: 'slurmdb_wckeys_get' }];
    return document(ask.slurm, ask.call({ errors }), () => ({ wckeys: [] }));
  }
  return document(ask.slurm, ask.call(foundNothing(ask, 'slurmdb_wckeys_get', '_dump_wckeys')), () => ({ wckeys: [] }));
}

function getNoInstances(ask: Ask): Fields {
  return document(ask.slurm, ask.call(foundNothing(ask, 'slurmdb_instances_get', '_dump_instance_cond')), () => ({}));
}

function getPing(ask: Ask): Fields {
  const ping = { hostname: ask.slurm.spec.databaseHost, responding: true, latency: 100, primary: true };
  return document(ask.slurm, ask.call(), () => ({ pings: [ask.dialect >= 45 ? { ...ping, status: 'No error' } : ping] }));
}

/** Nothing of what slurmdbd counts of itself happens here: its statistics are all zero. */
function getDiag(ask: Ask): Fields {
  const start = ask.slurm.controller.statistics().startedAt;
  const none = { count: 0, last_run: 0, duration: { last: 0, max: 0, time: 0 } };
  const rollups = ask.dialect < 41 ? [] : { hourly: none, daily: none, monthly: none };
  return document(ask.slurm, ask.call(), () => ({ statistics: { time_start: start, rollups, RPCs: [], users: [] } }));
}
