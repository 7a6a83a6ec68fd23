import { SluiceError } from '@sluice/io';
import type { AssociationQuery, Privileges, Records, Reject } from '../facets.ts';
import type { Account, Association, Cluster, Qos, TresKind, User } from '../records.ts';
import { listed } from './accounting-ended-jobs.ts';
import {
  adminLevel,
  associationColumns,
  clusterColumns,
  decodeAssociation,
  decodeCluster,
  decodeQos,
  decodeTres,
  decodeUser,
  qosColumns,
  tresColumns,
  userColumns,
} from './sacctmgr-records.ts';
import { configSections, configWords, decodeRows, lines, tableRows, textsByName } from './sacctmgr-text.ts';
import type { SlurmCommands } from './slurm-command.ts';

/** What sacctmgr shows. Each is one question, those with free texts are several. */
export interface Sacctmgr {
  clusters(): Promise<Records<Cluster>>;
  accounts(): Promise<Records<Account>>;
  users(): Promise<Records<User>>;
  associations(query: AssociationQuery): Promise<Records<Association>>;
  qos(): Promise<Records<Qos>>;
  tres(): Promise<Records<TresKind>>;
  privileges(user: string): Promise<Privileges>;
  runawayJobs(cluster: string | undefined): Promise<Records<number>>;
}

export function sacctmgr(commands: SlurmCommands): Sacctmgr {
  async function show(entity: readonly string[], columns: readonly string[]): Promise<string> {
    const { stdout } = await commands.run('sacctmgr', ['-n', '-P', '-r', 'show', ...entity, `format=${columns.join(',')}`]);
    return stdout.toString('utf8');
  }

  async function table<T>(
    entity: readonly string[],
    columns: readonly string[],
    decode: (row: readonly string[]) => T | string,
  ): Promise<Records<T>> {
    const source = `sacctmgr show ${entity[0]} row`;
    return decodeRows(tableRows(await show(entity, columns), columns.length, source), source, decode);
  }

  async function accounts(): Promise<Records<Account>> {
    const names = lines(await show(['account'], ['Account']));
    const descriptions = textsByName(names, await show(['account'], ['Account', 'Description']));
    const organizations = textsByName(names, await show(['account'], ['Account', 'Organization']));
    const records: Account[] = [];
    const rejects: Reject[] = [];
    for (const name of names) {
      const description = descriptions.get(name);
      const organization = organizations.get(name);
      if (description !== undefined && organization !== undefined) records.push({ name, description, organization });
      else rejects.push({ source: 'sacctmgr show account row', reason: 'its texts cannot be told from another account', excerpt: name });
    }
    return { records, rejects };
  }

  async function qos(): Promise<Records<Qos>> {
    const { records, rejects } = await table(['qos'], qosColumns, decodeQos);
    const names = records.map(({ name }) => name);
    const descriptions = textsByName(names, await show(['qos'], ['Name', 'Description']));
    return { records: records.map((record) => ({ ...record, description: descriptions.get(record.name) ?? '' })), rejects };
  }

  async function associations(query: AssociationQuery): Promise<Records<Association>> {
    if (query.accounts?.length === 0 || query.users?.length === 0) return { records: [], rejects: [] };
    const conditions = [
      ...condition('cluster', query.cluster === undefined ? undefined : [query.cluster]),
      ...condition('account', query.accounts),
      ...condition('user', query.users),
    ];
    const answer = await table(['assoc', ...conditions], associationColumns, decodeAssociation);
    return rejectTwice(answer);
  }

  async function privileges(user: string): Promise<Privileges> {
    const config = await commands.run('sacctmgr', ['-r', 'show', 'config']);
    const sections = configSections(config.stdout.toString('utf8'));
    const own = await show(['user', ...condition('name', [user]), 'withcoord'], ['User', 'AdminLevel', 'Coordinators']);
    const row = tableRows(own, 3, 'sacctmgr show user row').records.find(([name]) => name === user);
    // root and SlurmUser need no row to be administrators (slurmdbd's is_user_min_admin_level).
    const slurmUser = /^(.*)\([0-9]+\)$/.exec(sections.get('')?.get('SlurmUserId') ?? '')?.[1];
    const range = sections.get('SlurmDBD configuration')?.get('MaxQueryTimeRange') ?? 'UNLIMITED';
    return {
      user,
      adminLevel: user === 'root' || user === slurmUser ? 'Administrator' : adminLevel(row?.[1] ?? ''),
      coordinates: row?.[2] ? row[2].split(',') : [],
      privateData: {
        controller: configWords(sections.get('')?.get('PrivateData')),
        accounting: configWords(sections.get('SlurmDBD configuration')?.get('PrivateData')),
      },
      maxQueryTimeRange: range === 'UNLIMITED' ? null : range,
    };
  }

  /** With `-r` sacctmgr changes nothing, and to the question whether to fix them, which it asks on stdin, the answer is no. */
  async function runawayJobs(cluster: string | undefined): Promise<Records<number>> {
    const which = cluster === undefined ? [] : condition('cluster', [cluster]);
    const { stdout } = await commands.run('sacctmgr', ['-n', '-P', '-r', 'show', 'runawayjobs', ...which, 'format=ID'], { stdin: 'n\n' });
    const ids = lines(stdout.toString('utf8')).filter((line) => /^[0-9]{1,10}$/.test(line));
    return { records: [...new Set(ids.map(Number))], rejects: [] };
  }

  return {
    clusters: () => table(['cluster'], clusterColumns, decodeCluster),
    accounts,
    users: () => table(['user'], userColumns, decodeUser),
    associations,
    qos,
    tres: () => table(['tres'], tresColumns, decodeTres),
    privileges,
    runawayJobs,
  };
}

/** `account=a,b`; the value belongs to its name, so none can be taken for an option or another word of sacctmgr. */
export function condition(name: string, values: readonly string[] | undefined): readonly string[] {
  return listed(name, values).map((word) => word);
}

/** An id that two rows bear is a row's continuation that looks like another row: neither is believed. */
function rejectTwice(answer: Records<Association>): Records<Association> {
  const seen = new Map<number | null, number>();
  for (const { id } of answer.records) seen.set(id, (seen.get(id) ?? 0) + 1);
  const twice = answer.records.filter(({ id }) => (seen.get(id) ?? 0) > 1);
  if (twice.length === 0) return answer;
  const rejects = twice.map(({ id }) => ({ source: 'sacctmgr show assoc row', reason: `id ${id} comes more than once`, excerpt: '' }));
  return { records: answer.records.filter(({ id }) => seen.get(id) === 1), rejects: [...answer.rejects, ...rejects] };
}

/** A cluster's name as an option of sacct and sreport takes it. */
export function clusterName(name: string): string {
  if (!/^[A-Za-z0-9_.-]{1,255}$/.test(name) || name.startsWith('-')) {
    throw new SluiceError('data.invalid', `${JSON.stringify(name)} is no name of a cluster`);
  }
  return name;
}
