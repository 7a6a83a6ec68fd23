import { formatGres, type Tres } from '@sluice/slurm';
import type { EmulatedNode } from '../model/slurmctld.ts';
import type { NodeSpec } from '../model/spec.ts';
import type { JsonContext } from './context.ts';
import { columnsOf, type Table, textOrNull, writeObject } from './table.ts';
import { tresText } from './tres-text.ts';
import { type Fields, maybeNumber, Real } from './value.ts';

const { constant, endless, integer, number, nullable, since, text, time, until, value, words } = columnsOf<EmulatedNode>();

/** A node of slurmctld as `scontrol show node`, 22.05's sinfo and `/slurm/…/nodes` print it. */
export function writeNode(node: EmulatedNode, context: JsonContext): Fields {
  return writeObject(nodeTable, node, context);
}

const cpus = ({ sockets, coresPerSocket, threadsPerCore }: NodeSpec) => sockets * coresPerSocket * threadsPerCore;
/** What the machine beneath would say of itself; the emulator's nodes are all alike. */
const operatingSystem = 'Linux 6.1.0 #1 SMP PREEMPT_DYNAMIC';

const nodeTable: Table<EmulatedNode> = [
  constant('architecture', 'x86_64'),
  constant('burstbuffer_network_address', ''),
  constant('boards', 1),
  time('boot_time', (node) => node.bootAt),
  ...since(
    43,
    time('tls_cert_last_renewal', () => null),
    constant('cert_flags', []),
  ),
  ...since(39, constant('cluster_name', '')),
  integer('cores', (node) => node.spec.coresPerSocket),
  ...since(39, constant('specialized_cores', 0)),
  constant('cpu_binding', 0),
  value('cpu_load', (node, context) => (context.dialect === 39 ? maybeNumber(cpuLoad(node)) : cpuLoad(node))),
  ...until(38, integer('free_memory', freeMemory)),
  ...since(39, number('free_mem', freeMemory)),
  integer('cpus', (node) => cpus(node.spec)),
  ...since(
    39,
    integer('effective_cpus', (node) => cpus(node.spec)),
    constant('specialized_cpus', ''),
    constant('energy', {
      average_watts: 0,
      base_consumed_energy: 0,
      consumed_energy: 0,
      current_watts: maybeNumber(0),
      previous_consumed_energy: 0,
      last_collected: 0,
    }),
  ),
  ...until(44, ...since(39, value('external_sensors', sensors))),
  text('extra', (node) => node.extra),
  ...until(44, ...since(39, value('power', power))),
  value('features', featureWords),
  value('active_features', featureWords),
  ...since(41, constant('gpu_spec', '')),
  text('gres', (node) => gresText(node.spec)),
  constant('gres_drained', 'N/A'),
  text('gres_used', gresUsedText),
  ...since(40, constant('instance_id', ''), constant('instance_type', '')),
  time('last_busy', (node) => node.lastBusy),
  constant('mcs_label', ''),
  ...since(39, constant('specialized_memory', 0)),
  text('name', (node) => node.spec.name),
  value('next_state_after_reboot', (_, context) => (context.dialect < 39 ? 'invalid' : ['INVALID'])),
  text('address', (node) => node.spec.address),
  text('hostname', (node) => node.spec.hostname),
  value('state', (node, context) => (context.dialect < 39 ? node.state.toLowerCase() : [node.state, ...node.flags])),
  ...until(
    38,
    words('state_flags', (node) => node.flags),
    constant('next_state_after_reboot_flags', []),
  ),
  constant('operating_system', operatingSystem),
  nullable('owner', () => ''),
  words('partitions', partitionsOf),
  integer('port', (node) => node.spec.port),
  integer('real_memory', (node) => node.spec.memoryMiB),
  ...since(41, constant('res_cores_per_gpu', 0)),
  text('comment', (node) => node.comment),
  text('reason', (node) => node.reason),
  time('reason_changed_at', (node) => node.reasonAt),
  nullable('reason_set_by_user', (node) => node.reasonBy),
  ...since(
    39,
    number('resume_after', () => 0),
    text('reservation', reservationOf),
  ),
  ...since(45, endless('suspend_time')),
  integer('alloc_memory', (node) => node.memoryAllocatedMiB),
  integer('alloc_cpus', (node) => node.cpusAllocated),
  ...until(38, integer('idle_cpus', idleCpus)),
  ...since(39, integer('alloc_idle_cpus', idleCpus)),
  value('tres_used', (node, context) => textOrNull(tresText(usedTres(node), context), context)),
  ...until(
    44,
    value('tres_weighted', (node, context) => new Real(context.release >= 2505 ? 0 : node.cpusAllocated)),
  ),
  time('slurmd_start_time', (node) => node.slurmdStartAt),
  integer('sockets', (node) => node.spec.sockets),
  integer('threads', (node) => node.spec.threadsPerCore),
  constant('temporary_disk', 0),
  integer('weight', (node) => node.weight),
  ...since(43, constant('topology', '')),
  text('tres', (node, context) => tresText(configuredTres(node.spec), context)),
  ...until(
    38,
    text('slurmd_version', (_, context) => context.releaseText),
  ),
  ...since(
    39,
    text('version', (_, context) => context.releaseText),
  ),
];

function idleCpus(node: EmulatedNode): number {
  return Math.max(0, cpus(node.spec) - node.cpusAllocated);
}

/** In hundredths, as Slurm counts: an emulated CPU that is allocated is busy. */
export function cpuLoad(node: EmulatedNode): number {
  return node.cpusAllocated * 100;
}

export function freeMemory(node: EmulatedNode): number {
  return Math.max(0, node.spec.memoryMiB - node.memoryAllocatedMiB);
}

function featureWords(node: EmulatedNode, context: JsonContext) {
  return context.dialect < 39 ? node.features.join(',') : node.features;
}

/** What nobody measures: objects of unset numbers up to 23.11, empty objects after it. */
function sensors(_: EmulatedNode, context: JsonContext): Fields {
  if (context.release >= 2405) return {};
  return { consumed_energy: maybeNumber(null), temperature: maybeNumber(null), energy_update_time: 0, current_watts: 0 };
}

function power(_: EmulatedNode, context: JsonContext): Fields {
  if (context.release >= 2405) return {};
  return {
    maximum_watts: maybeNumber(null),
    current_watts: 0,
    total_energy: 0,
    new_maximum_watts: 0,
    peak_watts: 0,
    lowest_watts: 0,
    new_job_time: context.dialect === 39 ? 0 : maybeNumber(0),
    state: 0,
    time_start_day: 0,
  };
}

function partitionsOf(node: EmulatedNode, context: JsonContext): readonly string[] {
  return context.slurm.spec.partitions.filter(({ nodes }) => nodes.includes(node.spec.name)).map(({ name }) => name);
}

function reservationOf(node: EmulatedNode, context: JsonContext): string {
  if (!node.flags.includes('RESERVED') && !node.flags.includes('MAINTENANCE')) return '';
  const holds = context.slurm.controller
    .reservations()
    .find(({ nodes, start, end }) => nodes.includes(node.spec.name) && start <= context.now && context.now < end);
  return holds?.name ?? '';
}

/** `gpu:a100:4`. */
export function gresText(spec: NodeSpec): string {
  return spec.gres.map(({ name, type, count }) => [name, ...(type === null ? [] : [type]), count].join(':')).join(',');
}

/** `gpu:a100:2(IDX:0-1)`, `gpu:a100:0(IDX:N/A)`; a node without devices says `gpu:0` up to 23.11 where the cluster has some elsewhere. */
export function gresUsedText(node: EmulatedNode, context: JsonContext): string {
  if (node.spec.gres.length > 0) {
    return node.spec.gres
      .map(({ name, type }) => {
        const indices = node.gresUsed[type === null ? name : `${name}:${type}`] ?? [];
        if (indices.length > 0) return formatGres([{ name, type, count: indices.length, indices }]);
        return `${[name, ...(type === null ? [] : [type]), 0].join(':')}(IDX:N/A)`;
      })
      .join(',');
  }
  if (context.release >= 2405) return '';
  const kinds = context.slurm.spec.nodes.flatMap(({ gres }) => gres.map(({ name }) => name));
  return [...new Set(kinds)].map((name) => `${name}:0`).join(',');
}

function configuredTres(spec: NodeSpec): Tres {
  return { cpu: cpus(spec), mem: spec.memoryMiB, billing: cpus(spec), ...gresTres(spec.gres) };
}

function usedTres(node: EmulatedNode): Tres {
  if (node.cpusAllocated === 0 && node.memoryAllocatedMiB === 0) return {};
  const gres = Object.entries(node.gresUsed).map(([key, indices]) => {
    const [name = '', type = null] = key.split(':', 2);
    return { name, type, count: indices.length };
  });
  return { cpu: node.cpusAllocated, mem: node.memoryAllocatedMiB, ...gresTres(gres) };
}

function gresTres(gres: NodeSpec['gres']): Tres {
  const counts: Record<string, number> = {};
  for (const { name, type, count } of gres) {
    if (count === 0) continue;
    counts[`gres/${name}`] = (counts[`gres/${name}`] ?? 0) + count;
    if (type !== null) counts[`gres/${name}:${type}`] = count;
  }
  return counts;
}
