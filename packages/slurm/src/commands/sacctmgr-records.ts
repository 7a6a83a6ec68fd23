import { parseTimeLimit, parseTres } from '../languages/index.ts';
import type { AdminLevel, Association, Cluster, Limits, Qos, Tres, TresKind, User } from '../records.ts';

type Row = readonly string[];

export const clusterColumns = ['Cluster', 'ControlHost', 'ControlPort'] as const;
export const userColumns = ['User', 'DefaultAccount', 'AdminLevel'] as const;
export const tresColumns = ['ID', 'Type', 'Name'] as const;

const limitColumns = [
  'GrpTRES',
  'GrpTRESMins',
  'GrpTRESRunMins',
  'MaxTRES',
  'MaxTRESPerNode',
  'MaxTRESMins',
  'GrpJobs',
  'GrpSubmit',
  'MaxJobs',
  'MaxSubmit',
  'GrpWall',
  'MaxWall',
] as const;

export const associationColumns = [
  'ID',
  'Cluster',
  'Account',
  'User',
  'Partition',
  'ParentName',
  'Fairshare',
  'QOS',
  'DefaultQOS',
  ...limitColumns,
] as const;

/** Of a QOS, MaxJobs and MaxSubmit are those per user (sacctmgr(1)), hence asked for by their other names. */
export const qosColumns = [
  'Name',
  'Priority',
  'Flags',
  'Preempt',
  'UsageFactor',
  'MaxTRESPerUser',
  'MaxTRESPerAccount',
  'MaxJobsPerUser',
  'MaxSubmitJobsPerUser',
  ...limitColumns.filter((column) => column !== 'MaxJobs' && column !== 'MaxSubmit'),
] as const;

export function decodeCluster(row: Row): Cluster | string {
  const [name = '', controlHost = '', port = ''] = row;
  return name === '' ? 'a cluster without a name' : { name, controlHost, controlPort: numberOrNull(port) ?? 0 };
}

export function decodeUser(row: Row): User | string {
  const [name = '', defaultAccount = '', level = ''] = row;
  return name === '' ? 'a user without a name' : { name, defaultAccount, adminLevel: adminLevel(level) };
}

/** sacctmgr writes `None`, `Operator` and `Administrator`; what it may write besides gives no power. */
export function adminLevel(text: string): AdminLevel {
  return text === 'Operator' || text === 'Administrator' ? text : 'None';
}

export function decodeTres(row: Row): TresKind | string {
  const [id = '', type = '', name = ''] = row;
  const number = numberOrNull(id);
  return number === null || type === '' ? 'a TRES without id or type' : { id: number, type, name };
}

export function decodeAssociation(row: Row): Association | string {
  const at = byColumn(row, associationColumns);
  const id = numberOrNull(at('ID'));
  if (id === null) return 'ID is no number';
  if (at('Cluster') === '' || at('Account') === '') return 'an association without cluster or account';
  const share = at('Fairshare');
  return {
    id,
    cluster: at('Cluster'),
    account: at('Account'),
    user: at('User'),
    partition: at('Partition'),
    parent: at('ParentName'),
    fairshare: share === 'parent' ? 'parent' : (numberOrNull(share) ?? 1),
    qos: words(at('QOS')),
    defaultQos: at('DefaultQOS'),
    ...limits(at),
  };
}

export function decodeQos(row: Row): Omit<Qos, 'description'> | string {
  const at = byColumn(row, qosColumns);
  if (at('Name') === '') return 'a QOS without a name';
  const factor = Number.parseFloat(at('UsageFactor'));
  return {
    name: at('Name'),
    priority: numberOrNull(at('Priority')) ?? 0,
    flags: words(at('Flags')),
    preempt: words(at('Preempt')),
    usageFactor: Number.isFinite(factor) ? factor : 1,
    maxTresPerUser: tres(at('MaxTRESPerUser')),
    maxTresPerAccount: tres(at('MaxTRESPerAccount')),
    maxJobsPerUser: numberOrNull(at('MaxJobsPerUser')),
    maxSubmitJobsPerUser: numberOrNull(at('MaxSubmitJobsPerUser')),
    ...limits(at),
  };
}

function byColumn(row: Row, columns: readonly string[]): (column: string) => string {
  return (column) => row[columns.indexOf(column)] ?? '';
}

function limits(at: (column: string) => string): Limits {
  return {
    grpTres: tres(at('GrpTRES')),
    grpTresMins: tres(at('GrpTRESMins')),
    grpTresRunMins: tres(at('GrpTRESRunMins')),
    maxTresPerJob: tres(at('MaxTRES')),
    maxTresPerNode: tres(at('MaxTRESPerNode')),
    maxTresMinsPerJob: tres(at('MaxTRESMins')),
    grpJobs: numberOrNull(at('GrpJobs')),
    grpSubmitJobs: numberOrNull(at('GrpSubmit')),
    maxJobs: numberOrNull(at('MaxJobs')),
    maxSubmitJobs: numberOrNull(at('MaxSubmit')),
    grpWall: minutes(at('GrpWall')),
    maxWallPerJob: minutes(at('MaxWall')),
  };
}

function tres(text: string): Tres {
  return parseTres(text) ?? {};
}

function minutes(text: string): number | null {
  const limit = parseTimeLimit(text);
  return typeof limit === 'number' ? limit : null;
}

function words(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}

function numberOrNull(text: string): number | null {
  return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : null;
}
