import type { EmulatedJob, NodeGrant } from '../model/job.ts';
import type { NodeSpec } from '../model/spec.ts';
import type { JsonContext } from './context.ts';
import { nodeList } from './names.ts';
import { type Fields, maybeNumber, type Value } from './value.ts';

/** `job_resources` of a job: per node in words by socket and core up to v0.0.40, as a tree of lists since v0.0.41. Undefined: no key. */
export function jobResources(job: EmulatedJob, context: JsonContext): Value | undefined {
  if (context.dialect >= 41) return job.grants.length === 0 ? null : tree(job, context);
  if (job.grants.length === 0) return context.dialect < 39 ? undefined : {};
  return {
    nodes: nodeList(job.grants.map(({ node }) => node)),
    allocated_cores: requestedCpus(job),
    ...(context.dialect >= 39 ? { allocated_cpus: 0 } : {}),
    allocated_hosts: job.grants.length,
    allocated_nodes: job.grants.map((grant) => wordsOfNode(job, grant, context)),
  };
}

/** CPUs that the job asked for: what Slurm calls its CPUs here, however many it got (measured). */
function requestedCpus(job: EmulatedJob): number {
  return job.requestedTres['cpu'] ?? job.cpus;
}

function tree(job: EmulatedJob, context: JsonContext): Fields {
  return {
    select_type: [context.dialect >= 45 ? 'CR_CORE_MEMORY' : 'CORE'],
    nodes: {
      count: job.grants.length,
      select_type: [job.request.sharing === 'oversubscribe' ? 'AVAILABLE' : 'ONE_ROW'],
      list: nodeList(job.grants.map(({ node }) => node)),
      whole: isWhole(job, context),
      allocation: job.grants.map((grant, index) => branch(job, grant, index, context)),
    },
    cpus: requestedCpus(job),
    threads_per_core: maybeNumber(job.request.threadsPerCore ?? null),
  };
}

/** Whether the job owns its nodes: it asked for it, or its partition gives whole nodes. */
export function isWhole(job: EmulatedJob, context: JsonContext): boolean {
  return job.request.sharing === 'exclusive' || context.partition(job.partition)?.oversubscribe === 'EXCLUSIVE';
}

function branch(job: EmulatedJob, grant: NodeGrant, index: number, context: JsonContext): Fields {
  const busy = inUse(job, grant.node);
  const node = context.node(grant.node);
  const held = coresOf(grant, node);
  const status = (socket: number, core: number) => {
    if (!held.some((one) => one.socket === socket && one.core === core)) return ['UNALLOCATED'];
    return busy && isMarked(job) ? ['ALLOCATED', 'IN_USE'] : ['ALLOCATED'];
  };
  return {
    index,
    name: grant.node,
    cpus: { count: grant.cpuIds.length, used: busy ? grant.cpuIds.length : 0 },
    memory: { used: busy ? usedMemory(job, grant) : 0, allocated: grant.memoryMiB },
    sockets: range(node?.sockets ?? 0).map((socket) => ({
      index: socket,
      cores: range(node?.coresPerSocket ?? 0).map((core) => ({ index: core, status: status(socket, core) })),
    })),
  };
}

function wordsOfNode(job: EmulatedJob, grant: NodeGrant, context: JsonContext): Fields {
  const busy = inUse(job, grant.node);
  const held = coresOf(grant, context.node(grant.node));
  const word = busy && isMarked(job) ? 'allocated_and_in_use' : 'allocated';
  const sockets = [...new Set(held.map(({ socket }) => socket))].map((socket) => {
    const cores = held.filter((one) => one.socket === socket).map(({ core }) => [`${core}`, word] as const);
    return [`${socket}`, { cores: Object.fromEntries(cores) }] as const;
  });
  return {
    sockets: Object.fromEntries(sockets),
    nodename: grant.node,
    cpus_used: busy ? grant.cpuIds.length : 0,
    memory_used: busy ? usedMemory(job, grant) : 0,
    memory_allocated: grant.memoryMiB,
  };
}

/** Cores of Slurm's abstract CPU numbers: socket-major, then core, then thread. */
function coresOf(grant: NodeGrant, node: NodeSpec | undefined): readonly { readonly socket: number; readonly core: number }[] {
  const threads = node?.threadsPerCore ?? 1;
  const perSocket = node?.coresPerSocket ?? 1;
  const cores = [...new Set(grant.cpuIds.map((id) => Math.floor(id / threads)))];
  return cores.map((core) => ({ socket: Math.floor(core / perSocket), core: core % perSocket }));
}

/** Cores of a step that runs on several components of a het job are marked in the first alone (recorded). */
function isMarked({ het }: EmulatedJob): boolean {
  return het === null || het.offset === 0;
}

/** Steps of a job that asked for all memory ask for none of it. */
function usedMemory(job: EmulatedJob, grant: NodeGrant): number {
  return job.request.memoryPerNodeMiB === 0 ? 0 : grant.memoryMiB;
}

/** Steps that srun runs use the job's cores; its batch script does not (measured). */
function inUse(job: EmulatedJob, node: string): boolean {
  return job.steps.some((step) => /^[0-9]/.test(step.id) && step.end === null && step.nodes.includes(node));
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
