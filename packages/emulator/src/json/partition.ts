import { sortHosts } from '@sluice/slurm';
import type { EmulatedPartition } from '../model/slurmctld.ts';
import type { JsonContext } from './context.ts';
import { nodeList } from './names.ts';
import { columnsOf, type Table, writeObject } from './table.ts';
import { tresText } from './tres-text.ts';
import { type Fields, maybeNumber } from './value.ts';

const { constant, group, integer, number, since, text, until, value } = columnsOf<EmulatedPartition>();

/** A partition as `scontrol show partition`, sinfo's rows and `/slurm/…/partitions` print it. v0.0.38 is flat. */
export function writePartition(partition: EmulatedPartition, context: JsonContext): Fields {
  return writeObject(context.dialect < 39 ? flatTable : partitionTable, partition, context);
}

const nodesOf = (partition: EmulatedPartition) => nodeList(sortHosts(partition.nodes));
const allowed = (names: readonly string[] | null) => names?.join(',') ?? '';
const none = maybeNumber(null);
const endless = maybeNumber('unlimited');

const flatTable: Table<EmulatedPartition> = [
  value('flags', ({ isDefault }) => (isDefault ? ['default'] : [])),
  constant('preemption_mode', ['disabled']),
  constant('allowed_allocation_nodes', ''),
  text('allowed_accounts', ({ allowAccounts }) => allowed(allowAccounts)),
  constant('allowed_groups', ''),
  text('allowed_qos', ({ allowQos }) => allowed(allowQos)),
  constant('alternative', ''),
  text('billing_weights', billingWeights),
  value('default_memory_per_cpu', ({ defMemPerCpuMiB }) => defMemPerCpuMiB),
  constant('default_memory_per_node', null),
  value('default_time_limit', ({ defaultTime }) => defaultTime),
  constant('denied_accounts', ''),
  constant('denied_qos', ''),
  constant('preemption_grace_time', 0),
  constant('maximum_cpus_per_node', -1),
  constant('maximum_memory_per_cpu', null),
  constant('maximum_memory_per_node', null),
  integer('maximum_nodes_per_job', ({ maxNodes }) => maxNodes ?? -1),
  integer('max_time_limit', ({ maxTime }) => maxTime ?? -1),
  integer('min nodes per job', ({ minNodes }) => minNodes),
  text('name', ({ name }) => name),
  text('nodes', nodesOf),
  constant('over_time_limit', null),
  integer('priority_job_factor', ({ priorityJobFactor }) => priorityJobFactor),
  integer('priority_tier', ({ priorityTier }) => priorityTier),
  text('qos', ({ qos }) => qos ?? ''),
  text('state', ({ state }) => state),
  integer('total_cpus', ({ totalCpus }) => totalCpus),
  integer('total_nodes', ({ nodes }) => nodes.length),
  text('tres', ({ tres }, context) => tresText(tres, context)),
];

const partitionTable: Table<EmulatedPartition> = [
  group(
    'nodes',
    constant('allowed_allocation', ''),
    text('configured', nodesOf),
    integer('total', ({ nodes }) => nodes.length),
  ),
  value('accounts', ({ allowAccounts }) => ({ allowed: allowed(allowAccounts), deny: '' })),
  constant('groups', { allowed: '' }),
  value('qos', ({ allowQos, qos }) => ({ allowed: allowed(allowQos), deny: '', assigned: qos ?? '' })),
  constant('alternate', ''),
  value('tres', (partition, context) => ({
    billing_weights: billingWeights(partition),
    configured: tresText(partition.tres, context),
  })),
  constant('cluster', ''),
  ...since(
    41,
    value('select_type', (_, context) => (context.dialect >= 45 ? ['NONE'] : [])),
  ),
  value('cpus', ({ totalCpus }, context) => ({ task_binding: context.dialect >= 45 ? [] : 0, total: totalCpus })),
  group(
    'defaults',
    integer('memory_per_cpu', ({ defMemPerCpuMiB }) => defMemPerCpuMiB ?? 0),
    ...since(
      40,
      number('partition_memory_per_cpu', ({ defMemPerCpuMiB }) => defMemPerCpuMiB),
      number('partition_memory_per_node', ({ defMemPerCpuMiB }) => (defMemPerCpuMiB === null ? 0 : null)),
    ),
    number('time', ({ defaultTime }) => defaultTime),
    constant('job', ''),
  ),
  ...since(
    45,
    value('flags', ({ isDefault }) => (isDefault ? ['DEFAULT'] : [])),
    value('partition', ({ oversubscribe, state }) => ({ ...sharing(oversubscribe), state: [state] })),
  ),
  constant('grace_time', 0),
  group(
    'maximums',
    constant('cpus_per_node', endless),
    constant('cpus_per_socket', endless),
    constant('memory_per_cpu', 0),
    ...since(40, constant('partition_memory_per_cpu', none), constant('partition_memory_per_node', maybeNumber(0))),
    number('nodes', ({ maxNodes }) => maxNodes ?? 'unlimited'),
    integer('shares', shares),
    ...since(
      40,
      value('oversubscribe', (partition, context) => ({
        jobs: shares(partition, context),
        flags: partition.oversubscribe.startsWith('FORCE') ? ['force'] : [],
      })),
    ),
    number('time', ({ maxTime }) => maxTime ?? 'unlimited'),
    constant('over_time_limit', none),
  ),
  value('minimums', ({ minNodes }) => ({ nodes: minNodes })),
  text('name', ({ name }) => name),
  constant('node_sets', ''),
  ...since(45, constant('preempt_mode', ['CLUSTER_GLOBAL'])),
  value('priority', ({ priorityJobFactor, priorityTier }) => ({ job_factor: priorityJobFactor, tier: priorityTier })),
  constant('timeouts', { resume: none, suspend: none }),
  ...since(43, constant('topology', '')),
  ...until(
    44,
    ...since(
      40,
      value('partition', ({ state }) => ({ state: [state] })),
    ),
  ),
  constant('suspend_time', none),
];

function billingWeights({ billingWeights: weights }: EmulatedPartition): string {
  return Object.entries(weights ?? {})
    .map(([name, weight]) => `${name}=${weight}`)
    .join(',');
}

/** Jobs that may share a CPU, by OverSubscribe; since v0.0.45 the word stands under `partition` and this is 0. */
function shares({ oversubscribe }: EmulatedPartition, context: JsonContext): number {
  if (context.dialect >= 45) return 0;
  if (oversubscribe === 'EXCLUSIVE') return 0;
  const [, count] = oversubscribe.split(':', 2);
  return oversubscribe === 'NO' ? 1 : Number(count ?? 4);
}

function sharing(oversubscribe: string): Fields {
  return oversubscribe === 'EXCLUSIVE' ? { exclusive: 'NODE', oversubscribe: 'NO' } : { exclusive: 'NO', oversubscribe };
}
