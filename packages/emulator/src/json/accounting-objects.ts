import type { TresKind } from '@sluice/slurm';
import type { EmulatedAccount, EmulatedAssociation, EmulatedQos, EmulatedUser } from '../model/slurmdbd.ts';
import { associationKey } from './association.ts';
import type { JsonContext } from './context.ts';
import { nodeList } from './names.ts';
import { columnsOf, type Table, wrapReal, writeObject } from './table.ts';
import { type Fields, maybeNumber, Real, type Value } from './value.ts';

/** An account with its associations, which only 22.05 lists without being asked. */
export function writeAccount(
  account: EmulatedAccount,
  associations: readonly EmulatedAssociation[],
  coordinators: readonly EmulatedUser[],
  context: JsonContext,
): Fields {
  const own = associations.filter((one) => one.account === account.name);
  const coordinate = coordinators.filter(({ coordinates }) => coordinates.includes(account.name));
  return {
    associations: own.map((one) => associationKey(one, one.id, context)),
    coordinators: coordinate.map(({ name }) => ({ name, direct: true })),
    description: account.description,
    name: account.name,
    organization: account.organization,
    flags: [],
  };
}

/** A user; the default account stands there only with the associations since 23.11, for slurmdbd knows it from them. */
export function writeUser(
  user: EmulatedUser,
  associations: readonly EmulatedAssociation[],
  shown: { readonly defaults: boolean; readonly coordinators: boolean },
  context: JsonContext,
): Fields {
  const own = associations.filter((one) => one.user === user.name);
  const account = context.dialect < 39 || shown.defaults ? user.defaultAccount : '';
  const later = context.dialect >= 39;
  return {
    administrator_level: later ? [user.adminLevel] : user.adminLevel,
    associations: own.map((one) => associationKey(one, one.id, context)),
    coordinators: shown.coordinators ? user.coordinates.map((name) => ({ name, direct: true })) : [],
    default: { ...(context.dialect >= 44 ? { qos: 0 } : {}), account, wckey: user.defaultWckey },
    flags: later ? ['NONE'] : [],
    name: user.name,
    ...(later ? { old_name: '', wckeys: [] } : {}),
  };
}

const { constant, endless, group, integer, limit, number, real, since, text, tres, value, words } = columnsOf<EmulatedQos>();
const empty: Value = [];

/** A QOS. What the emulator keeps no limit of is endless. */
export function writeQos(qos: EmulatedQos, context: JsonContext): Fields {
  return writeObject(qosTable, qos, context);
}

const qosTable: Table<EmulatedQos> = [
  text('description', ({ description }) => description),
  words('flags', ({ flags }) => flags.map(qosFlag)),
  integer('id', ({ id }) => id),
  group(
    'limits',
    value('grace_time', ({ graceTime }, context) => (context.dialect === 39 ? maybeNumber(graceTime) : graceTime)),
    group(
      'max',
      group(
        'active_jobs',
        endless('accruing'),
        limit('count', ({ grpJobs }) => grpJobs),
      ),
      group(
        'jobs',
        ...since(
          42,
          limit('count', ({ grpSubmitJobs }) => grpSubmitJobs),
        ),
        group(
          'active_jobs',
          group(
            'per',
            limit('account', ({ maxJobsPerAccount }) => maxJobsPerAccount),
            limit('user', ({ maxJobsPerUser }) => maxJobsPerUser),
          ),
        ),
        group(
          'per',
          limit('account', ({ maxSubmitJobsPerAccount }) => maxSubmitJobsPerAccount),
          limit('user', ({ maxSubmitJobsPerUser }) => maxSubmitJobsPerUser),
        ),
      ),
      group(
        'tres',
        tres('total', ({ grpTres }) => grpTres),
        group(
          'minutes',
          ...since(
            42,
            tres('total', ({ grpTresMins }) => grpTresMins),
          ),
          group(
            'per',
            tres('qos', ({ grpTresRunMins }) => grpTresRunMins),
            tres('job', ({ maxTresMinsPerJob }) => maxTresMinsPerJob),
            constant('account', empty),
            constant('user', empty),
          ),
        ),
        group(
          'per',
          tres('account', ({ maxTresPerAccount }) => maxTresPerAccount),
          tres('job', ({ maxTresPerJob }) => maxTresPerJob),
          tres('node', ({ maxTresPerNode }) => maxTresPerNode),
          tres('user', ({ maxTresPerUser }) => maxTresPerUser),
        ),
      ),
      group(
        'wall_clock',
        group(
          'per',
          limit('qos', ({ grpWall }) => grpWall),
          limit('job', ({ maxWallPerJob }) => maxWallPerJob),
        ),
      ),
      group('accruing', group('per', endless('account'), endless('user'))),
    ),
    value('factor', (_, context) => (context.dialect === 39 ? new Real(0) : wrapReal('unlimited', context))),
    group(
      'min',
      endless('priority_threshold'),
      group(
        'tres',
        group(
          'per',
          tres('job', ({ minTresPerJob }) => minTresPerJob),
        ),
      ),
    ),
  ),
  text('name', ({ name }) => name),
  group(
    'preempt',
    words('list', ({ preempt }) => preempt),
    value('mode', preemptMode),
    endless('exempt_time'),
  ),
  number('priority', ({ priority }) => priority),
  real('usage_factor', ({ usageFactor }) => usageFactor),
  real('usage_threshold', ({ usageThreshold }) => usageThreshold ?? 'unlimited'),
];

/** The cluster's own mode is `cluster` to sacctmgr and `DISABLED` here. */
function preemptMode({ preemptMode: mode }: EmulatedQos, context: JsonContext): Value {
  const isOwn = mode !== '' && mode.toLowerCase() !== 'cluster';
  if (context.dialect < 39) return isOwn ? [mode.toLowerCase()] : [];
  return [isOwn ? mode.toUpperCase() : 'DISABLED'];
}

const qosFlags: Readonly<Record<string, string>> = {
  DenyOnLimit: 'DENY_LIMIT',
  EnforceUsageThreshold: 'ENFORCE_USAGE_THRESHOLD',
  NoDecay: 'NO_DECAY',
  NoReserve: 'NO_RESERVE',
  OverPartQOS: 'OVERRIDE_PARTITION_QOS',
  PartitionMaxNodes: 'PARTITION_MAXIMUM_NODE',
  PartitionMinNodes: 'PARTITION_MINIMUM_NODE',
  PartitionQOS: 'PARTITION_QOS',
  PartitionTimeLimit: 'PARTITION_TIME_LIMIT',
  Relative: 'RELATIVE',
  RequiresReservation: 'REQUIRED_RESERVATION',
  UsageFactorSafe: 'USAGE_FACTOR_SAFE',
};

/** A flag of sacctmgr's in the words of data_parser. */
function qosFlag(flag: string): string {
  return qosFlags[flag] ?? flag.toUpperCase();
}

/** And back, for what slurmrestd is told. */
export function qosFlagOf(word: string): string {
  return Object.entries(qosFlags).find(([, written]) => written === word)?.[0] ?? word;
}

/** A kind of resource; `count` is not known here and 0. 22.05 and later list the offset of their own numbers, too, where slurmdbd does. */
export function writeTresKind(kind: TresKind, context: JsonContext): Fields {
  return { type: kind.type, name: kind.name === '' && context.dialect < 39 ? null : kind.name, id: kind.id, count: 0 };
}

export interface ClusterRecord {
  readonly name: string;
  readonly controlHost: string;
  readonly controlPort: number;
  readonly rpcVersion: number;
}

/** A cluster with what it has registered of its own resources. */
export function writeCluster(cluster: ClusterRecord, context: JsonContext): Fields {
  const { nodes } = context.slurm.spec;
  const own = cluster.name === context.cluster;
  const root = associationKey({ account: 'root', cluster: cluster.name, partition: '', user: '' }, 1, context);
  return {
    controller: { host: cluster.controlHost, port: cluster.controlPort },
    flags: own ? ['MULTIPLE_SLURMD'] : [],
    name: cluster.name,
    nodes: own ? nodeList(nodes.map(({ name }) => name).sort()) : '',
    ...(context.dialect >= 45 ? {} : { select_plugin: context.release < 2405 ? 'cons_tres' : '' }),
    associations: { root: context.dialect < 39 ? null : root },
    rpc_version: cluster.rpcVersion,
    tres: own ? registeredTres(context) : [],
  };
}

function registeredTres(context: JsonContext): readonly Fields[] {
  const { nodes } = context.slurm.spec;
  const cpus = nodes.reduce((sum, { sockets, coresPerSocket, threadsPerCore }) => sum + sockets * coresPerSocket * threadsPerCore, 0);
  const counts: Record<string, number> = {
    cpu: cpus,
    mem: nodes.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    node: nodes.length,
    billing: cpus,
  };
  for (const { name, type, count } of nodes.flatMap(({ gres }) => gres)) {
    counts[`gres/${name}`] = (counts[`gres/${name}`] ?? 0) + count;
    if (type !== null) counts[`gres/${name}:${type}`] = (counts[`gres/${name}:${type}`] ?? 0) + count;
  }
  return context
    .tresKinds()
    .filter(({ type }) => type !== 'dynamic_offset')
    .map((kind) => ({
      ...writeTresKind(kind, context),
      count: counts[kind.name === '' ? kind.type : `${kind.type}/${kind.name}`] ?? 0,
    }));
}
