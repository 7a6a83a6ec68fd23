import type { AdminLevel } from '@sluice/slurm';
import { document, type Fields, qosFlagOf } from '../json/index.ts';
import type { EmulatedAssociation, QosChange } from '../model/slurmdbd.ts';
import { type Ask, foundNothing, NotModified, nothingFound, Refused, type Route } from './ask.ts';
import { associationChanges, associationTemplate } from './association-changes.ts';
import { countOf, type Given, given, listOf, numberOf, said, textOf, tresOf, within, wordsOf } from './body.ts';
import { chosenAssociations, nameOf } from './database-reads.ts';

type Write = Omit<Route, 'plane' | 'method'>;
const post = (route: Write): Route => ({ plane: 'slurmdb', method: 'POST', ...route });
const remove = (route: Write): Route => ({ plane: 'slurmdb', method: 'DELETE', ...route });
const done = (ask: Ask, fields: Fields = {}) => document(ask.slurm, ask.call(), () => fields);

/** What slurmdbd is told. */
export const databaseWrites: readonly Route[] = [
  post({ path: 'accounts', answer: postAccounts }),
  post({ path: 'accounts_association', from: 40, answer: postAccountsAssociation }),
  remove({ path: 'account/{account_name}', answer: deleteAccount }),
  post({ path: 'users', answer: postUsers }),
  post({ path: 'users_association', from: 40, answer: postUsersAssociation }),
  remove({ path: 'user/{name}', answer: deleteUser }),
  post({ path: 'associations', answer: postAssociations }),
  remove({ path: 'associations', answer: deleteAssociations }),
  remove({ path: 'association', answer: deleteAssociations }),
  post({ path: 'qos', answer: postQos }),
  remove({ path: 'qos/{qos}', answer: deleteQos }),
  post({ path: 'clusters', answer: postClusters }),
  remove({ path: 'cluster/{cluster_name}', answer: deleteCluster }),
  post({ path: 'config', answer: postConfig }),
  post({ path: 'job/{job_id}', from: 44, answer: postJob }),
];

function postAccounts(ask: Ask): Fields {
  const { database } = ask.slurm;
  for (const one of listOf(given(ask.body)['accounts'])) {
    const name = textOf(one['name']) ?? '';
    const words = { description: textOf(one['description']) ?? name, organization: textOf(one['organization']) ?? name };
    if (database.accounts().some((account) => account.name === name)) database.modifyAccount(name, words, ask.as);
    else database.addAccount({ name, ...words }, 'root', {}, ask.as);
  }
  return done(ask);
}

function postAccountsAssociation(ask: Ask): Fields {
  const { database } = ask.slurm;
  const condition = given(given(ask.body)['association_condition']);
  const { parent = 'root', ...changes } = associationTemplate(given(condition['association']));
  const account = given(given(ask.body)['account']);
  const description = textOf(account['description']);
  const organization = textOf(account['organization']);
  const added = (wordsOf(condition['accounts']) ?? []).filter((name) => {
    const words = { description: description ?? name, organization: organization ?? parent };
    return database.addAccount({ name, ...words }, parent, changes, ask.as);
  });
  if (added.length === 0) throw new NotModified();
  const settings = [` Description     = ${description ?? added[0]}`, ` Organization    = ${organization ?? parent}`];
  const lines = added.map((name) => `  C = ${ask.slurm.spec.name} A = ${name.padEnd(20)}`);
  const text = [
    ' Adding Account(s)',
    ...added.map((name) => `  ${name}`),
    ' Settings',
    ...settings.map((line) => ` ${line}`),
    ' Associations =',
    ...lines,
  ];
  return done(ask, { added_accounts: `${text.join('\n')}\n` });
}

function deleteAccount(ask: Ask): Fields {
  const name = nameOf(ask, 'account_name');
  if (!ask.slurm.database.accounts().some((account) => account.name === name)) {
    if (ask.dialect >= 39) throw new NotModified();
    const errors = [{ number: 1900, error: 'Data has not changed since time specified', source: 'slurmdb_accounts_remove' }];
    return document(ask.slurm, ask.call({ errors }), () => ({}));
  }
  ask.slurm.database.removeAccount(name, ask.as);
  return done(ask, { removed_accounts: [name] });
}

function postUsers(ask: Ask): Fields {
  const { database } = ask.slurm;
  for (const one of listOf(given(ask.body)['users'])) {
    const name = textOf(one['name']) ?? '';
    if (ask.dialect < 39 && Array.isArray(one['administrator_level'])) {
      const description = "Failed to parse field 'administrator_level'";
      throw new Refused([{ number: 9001, error: 'Failure during parsing', description, source: '_parser_run' }], 400);
    }
    const options = said<{ readonly defaultAccount?: string; readonly admin?: AdminLevel }>({
      defaultAccount: textOf(given(one['default'])['account']) || undefined,
      admin: adminOf(one['administrator_level']),
    });
    if (database.users().some((user) => user.name === name)) database.modifyUser(name, options, ask.as);
    else database.addUser(name, options, ask.as);
  }
  return done(ask);
}

function adminOf(value: unknown): AdminLevel | undefined {
  const [word = ''] = wordsOf(value) ?? [];
  return (['None', 'Operator', 'Administrator'] as const).find((level) => level.toLowerCase() === word.toLowerCase());
}

function postUsersAssociation(ask: Ask): Fields {
  const { database } = ask.slurm;
  const condition = given(given(ask.body)['association_condition']);
  const user = given(given(ask.body)['user']);
  const defaultAccount = textOf(given(user['default'])['account']) ?? textOf(user['defaultaccount']);
  const changes = associationTemplate(given(condition['association']));
  const admin = adminOf(user['adminlevel'] ?? user['administrator_level']);
  const partitions = wordsOf(condition['partitions']) ?? [];
  const newUsers: string[] = [];
  const added: string[] = [];
  for (const name of wordsOf(condition['users']) ?? []) {
    if (!database.users().some((one) => one.name === name)) {
      database.addUser(name, said({ defaultAccount, admin }), ask.as);
      newUsers.push(name);
    }
    for (const account of wordsOf(condition['accounts']) ?? []) {
      for (const partition of partitions.length === 0 ? [''] : partitions) {
        if (!database.addAssociation({ account, user: name, partition }, changes, ask.as)) continue;
        const where = partition === '' ? '' : ` P = ${partition.padEnd(10)}`;
        added.push(`  C = ${ask.slurm.spec.name} A = ${account.padEnd(20)} U = ${name.padEnd(9)}${where}`);
      }
    }
    if (defaultAccount !== undefined && !newUsers.includes(name)) database.modifyUser(name, { defaultAccount }, ask.as);
  }
  if (newUsers.length === 0 && added.length === 0) throw new NotModified();
  const adding = newUsers.length === 0 ? [] : [' Adding User(s)', ...newUsers.map((name) => `  ${name}`)];
  const lines = [...adding, ...(added.length === 0 ? [] : [' Associations =', ...added])];
  return done(ask, { added_users: `${lines.join('\n')}\n` });
}

function deleteUser(ask: Ask): Fields {
  const name = nameOf(ask, 'name');
  if (!ask.slurm.database.users().some((user) => user.name === name)) throw new NotModified();
  ask.slurm.database.removeUser(name, ask.as);
  return done(ask, { removed_users: [name] });
}

/** One that is there is changed, one of a user who is not there yet is made; the rest is passed over, as slurmdbd does it. */
function postAssociations(ask: Ask): Fields {
  const { database, spec } = ask.slurm;
  for (const one of listOf(given(ask.body)['associations'])) {
    const [account = '', user = '', partition = ''] = [textOf(one['account']), textOf(one['user']), textOf(one['partition'])];
    const cluster = textOf(one['cluster']) ?? '';
    if (cluster !== '' && cluster !== spec.name) continue;
    const there = database
      .associations()
      .find((other) => other.account === account && other.user === user && other.partition === partition);
    const changes = associationChanges(one);
    if (there !== undefined) database.modifyAssociation(there.id, changes, ask.as);
    else if (user !== '' && database.accounts().some(({ name }) => name === account)) {
      const isDefault = one['is_default'] === true ? { isDefault: true } : {};
      database.addAssociation({ account, user, partition, ...isDefault }, changes, ask.as);
    } else if (ask.dialect < 39) throw new Refused([{ number: -1, error: 'Unspecified error', source: 'slurmdb_associations_add' }], 400);
  }
  return done(ask);
}

function deleteAssociations(ask: Ask): Fields {
  const chosen = chosenAssociations(ask);
  if (chosen.length === 0) throw new NotModified();
  ask.slurm.database.removeAssociation(
    chosen.map(({ id }) => id),
    ask.as,
  );
  return done(ask, { removed_associations: chosen.map(associationText) });
}

function associationText({ cluster, account, user, partition }: EmulatedAssociation): string {
  const ofUser = user === '' ? '' : ` U = ${user.padEnd(9)}`;
  return `C = ${cluster} A = ${account.padEnd(10)}${ofUser}${partition === '' ? '' : ` P = ${partition}`}`;
}

function postQos(ask: Ask): Fields {
  const { database } = ask.slurm;
  const body = given(ask.body);
  if (ask.dialect < 39 && !Array.isArray(body['QOS'])) {
    throw new Refused([{ number: 9200, error: 'Unable to resolve path', description: 'Query parameter not found', source: 'QOS' }], 400);
  }
  for (const one of listOf(body['qos'] ?? body['QOS'])) {
    const name = textOf(one['name']) ?? '';
    const changes = qosChange(one);
    if (database.qos().some((qos) => qos.name === name)) database.modifyQos(name, changes, ask.as);
    else database.addQos(name, changes, ask.as);
  }
  return done(ask);
}

function qosChange(one: Given): QosChange {
  const max = within(one, 'limits', 'max');
  const tres = within(max, 'tres');
  const flags = wordsOf(one['flags'])?.filter((flag) => flag !== 'NOT_SET');
  return said<QosChange>({
    description: textOf(one['description']),
    priority: countOf(one['priority']),
    flags: flags === undefined ? undefined : { how: '=', names: flags.map(qosFlagOf) },
    preempt: wordsOf(within(one, 'preempt')['list']),
    usageFactor: countOf(one['usage_factor']),
    usageThreshold: numberOf(one['usage_threshold']),
    graceTime: countOf(within(one, 'limits')['grace_time']),
    grpTres: tresOf(tres['total']),
    grpTresMins: tresOf(within(tres, 'minutes')['total']),
    grpTresRunMins: tresOf(within(tres, 'minutes', 'per')['qos']),
    maxTresPerJob: tresOf(within(tres, 'per')['job']),
    maxTresPerNode: tresOf(within(tres, 'per')['node']),
    maxTresPerUser: tresOf(within(tres, 'per')['user']),
    maxTresPerAccount: tresOf(within(tres, 'per')['account']),
    maxTresMinsPerJob: tresOf(within(tres, 'minutes', 'per')['job']),
    minTresPerJob: tresOf(within(one, 'limits', 'min', 'tres', 'per')['job']),
    grpJobs: numberOf(within(max, 'active_jobs')['count']),
    grpSubmitJobs: numberOf(within(max, 'jobs')['count']),
    grpWall: numberOf(within(max, 'wall_clock', 'per')['qos']),
    maxJobsPerUser: numberOf(within(max, 'jobs', 'active_jobs', 'per')['user']),
    maxSubmitJobsPerUser: numberOf(within(max, 'jobs', 'per')['user']),
    maxJobsPerAccount: numberOf(within(max, 'jobs', 'active_jobs', 'per')['account']),
    maxSubmitJobsPerAccount: numberOf(within(max, 'jobs', 'per')['account']),
    maxWallPerJob: numberOf(within(max, 'wall_clock', 'per')['job']),
  });
}

/** One that is not there: an error in 22.05, a warning in 24.11, 304 in 26.05 (measured). */
function deleteQos(ask: Ask): Fields {
  const name = nameOf(ask, 'qos');
  if (!ask.slurm.database.qos().some((qos) => qos.name === name)) {
    if (ask.dialect < 39) throw new Refused([{ ...nothingFound, source: 'slurmdb_qos_remove' }]);
    if (ask.release >= 2605) throw new NotModified();
    return document(ask.slurm, ask.call(foundNothing(ask, 'slurmdb_qos_remove', '_op_handler_qos')), () => ({ removed_qos: [] }));
  }
  ask.slurm.database.removeQos(name, ask.as);
  return done(ask, { removed_qos: [name] });
}

function postClusters(ask: Ask): Fields {
  for (const one of listOf(given(ask.body)['clusters'])) ask.slurm.database.addCluster(textOf(one['name']) ?? '', ask.as);
  return done(ask);
}

function deleteCluster(ask: Ask): Fields {
  const name = nameOf(ask, 'cluster_name');
  if (ask.dialect < 39 || !ask.slurm.database.removeCluster(name, ask.as)) throw new NotModified();
  return done(ask, { deleted_clusters: [name] });
}

/** All objects at once, those first that others name. */
function postConfig(ask: Ask): Fields {
  const body = given(ask.body);
  postClusters(ask);
  if (body['qos'] !== undefined || body['QOS'] !== undefined) postQos(ask);
  postAccounts(ask);
  postUsers(ask);
  return postAssociations(ask);
}

function postJob(ask: Ask): Fields {
  const body = given(ask.body);
  const comment = given(body['comment']);
  const changes = said<Parameters<typeof ask.slurm.database.modifyJobRow>[1]>({
    comment: textOf(comment['job']),
    adminComment: textOf(comment['administrator']),
    systemComment: textOf(comment['system']),
    extra: textOf(body['extra']),
  });
  const rows = [...ask.slurm.database.jobRows({ jobIds: [nameOf(ask, 'job_id')] })];
  if (rows.length === 0) throw new NotModified();
  for (const { dbIndex } of rows) ask.slurm.database.modifyJobRow(dbIndex, changes, ask.as);
  return done(ask, { results: rows.map(({ jobId }) => `${jobId}`) });
}
