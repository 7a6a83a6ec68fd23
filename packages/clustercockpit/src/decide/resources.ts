import type { GresAllocation, NodeAllocation } from '@sluice/slurm';
import type { ResourcePayload } from '../cc/payloads.ts';
import type { Run } from '../run.ts';
import type { DecideSettings, Place } from './context.ts';
import { heldIds, idsInComment } from './devices.ts';
import type { NodeTopology } from './topology.ts';

/** One entry per place, which are those of the run's nodes, in their order. What is not certain is left out: a wrong id shows another job's load, none the node's. */
export function resourcesOf(run: Run, places: readonly Place[], settings: DecideSettings): readonly ResourcePayload[] {
  const countsCores = cpuIdsCountCores(run);
  const everyGpu = devicesLost(run) && run.gpus > 0 && holdsEveryGpu(run, places);
  const heldOn = allocationsOf(run);
  return places.map((place, index) => {
    const held = heldOn(place.node, index);
    const hwthreads = held && place.topology ? hwthreadsOf(held, place.topology, countsCores) : undefined;
    const accelerators = everyGpu ? place.devices?.ids : (held && acceleratorsOf(held, place, settings)) || fromComment(run, held, places);
    return { hostname: place.host, ...(hwthreads ? { hwthreads } : {}), ...(accelerators?.length ? { accelerators } : {}) };
  });
}

/** Whether a run holds GPUs that nobody could name, because Slurm has forgotten which they were. */
export function devicesUnnamed(run: Run, resources: readonly ResourcePayload[]): boolean {
  return run.allocation !== null && devicesLost(run) && run.gpus > countListed(resources);
}

function devicesLost({ allocation }: Run): boolean {
  return allocation === null || allocation.devicesLost === true;
}

/**
 * Accelerators that a run holds: what Slurm counts, or what its allocation shows where Slurm does not track GPUs; but not fewer
 * than are listed, for cc-backend asks for no accelerator metrics of a job with none, whatever is listed (contract §5.3).
 */
export function acceleratorCount(run: Run, resources: readonly ResourcePayload[]): number {
  let count = Math.max(run.gpus, 0);
  if (count === 0) for (const { gres } of run.allocation?.nodes ?? []) count += countGpus(gres);
  return Math.max(count, countListed(resources));
}

function countListed(resources: readonly ResourcePayload[]): number {
  return resources.reduce((sum, { accelerators }) => sum + (accelerators?.length ?? 0), 0);
}

/**
 * The kernel's ids of what a job holds on a node. Slurm counts abstractly: socket, then core, then thread (slurm.md §9.10).
 * Undefined when Slurm's numbers do not fit the topology.
 *
 * Where `CPUs=` is the number of cores although cores have two threads, a job owns whole cores: its cgroup has all threads
 * of them. `scontrol -d show job` goes on to count threads there (measured with 22.05: `NumCPUs=1 CPU_IDs=4-5`); `countsCores` says that the numbers do count cores. Either way all siblings of a core are meant.
 */
function hwthreadsOf(node: NodeAllocation, topology: NodeTopology, countsCores: boolean): readonly number[] | undefined {
  const ids = node.cpuIds ? fromCpuIds(node.cpuIds, topology, countsCores) : fromCores(node, topology);
  return ids !== undefined && ids.length > 0 ? ids.sort((a, b) => a - b) : undefined;
}

function fromCpuIds(cpuIds: readonly number[], topology: NodeTopology, countsCores: boolean): number[] | undefined {
  const { cores, threadsPerCore } = topology;
  const ids: number[] = [];
  for (const cpu of cpuIds) {
    if (topology.cpusAreCores && countsCores) {
      const threads = cores[cpu];
      if (threads === undefined) return undefined;
      ids.push(...threads);
    } else {
      const id = cores[Math.floor(cpu / threadsPerCore)]?.[cpu % threadsPerCore];
      if (id === undefined) return undefined;
      ids.push(id);
    }
  }
  return ids;
}

function fromCores(node: NodeAllocation, topology: NodeTopology): number[] | undefined {
  const ids: number[] = [];
  for (const { socket, core, threads } of node.cores ?? []) {
    const all = core < topology.coresPerSocket ? topology.cores[socket * topology.coresPerSocket + core] : undefined;
    // Which of a core's threads are held is not said; only all of them is certain. Where CPUs are cores, one CPU is all.
    if (!all || (threads !== null && threads !== all.length && !topology.cpusAreCores)) return undefined;
    ids.push(...all);
  }
  return ids;
}

/** Whether there are no more CPU numbers than CPUs that accounting counts; else they count the threads of cores. */
function cpuIdsCountCores(run: Run): boolean {
  let ids = 0;
  for (const { cpuIds } of run.allocation?.nodes ?? []) ids += cpuIds?.length ?? 0;
  return ids <= run.cpus;
}

/** What the run holds on its nodes. An allocation has one entry per node in the run's order; another order is found as well. */
function allocationsOf(run: Run): (node: string, index: number) => NodeAllocation | undefined {
  const { nodes } = run;
  const held = heldNodes(run);
  if (held.every(({ node }, index) => node === nodes[index])) return (_, index) => held[index];
  const byName = new Map(held.map((entry) => [entry.node, entry]));
  return (node) => byName.get(node);
}

/** Where Slurm has forgotten the devices, it still says how many there were: on one node, that many are there. */
function heldNodes({ allocation, gpus }: Run): readonly NodeAllocation[] {
  const held = allocation?.nodes ?? [];
  if (!allocation?.devicesLost || held.length !== 1 || gpus <= 0) return held;
  return held.map((node) => ({ ...node, gres: [{ name: 'gpu', type: null, count: gpus, indices: null }] }));
}

/** Ids by cc-backend's topology; where that does not tell, by the configuration. */
function acceleratorsOf(held: NodeAllocation, place: Place, settings: DecideSettings): readonly string[] | undefined {
  const gpus = held.gres.filter(({ name }) => name === 'gpu');
  const byTopology = place.devices && heldIds(gpus, place.devices);
  if (byTopology || place.addresses === null) return byTopology ?? undefined;
  const others = settings.otherAccelerators;
  const listed = others === undefined ? gpus : held.gres.filter(({ name }) => name === 'gpu' || others.includes(name));
  return heldIds(listed, { ids: place.addresses, types: null });
}

/**
 * The comment's ids, as sites without GPUs in GRES have their job submission write them. For one node only: on several it is
 * not said which id is where, and the same PCI address stands on each. A comment is the user's to write, so it counts only
 * where nothing better is known, and only with ids that the topology has, if it has any, and as many as the job holds.
 */
function fromComment(run: Run, held: NodeAllocation | undefined, places: readonly Place[]): readonly string[] | undefined {
  const [place] = places;
  if (places.length !== 1 || place === undefined || run.comment === undefined) return undefined;
  const ids = idsInComment(run.comment);
  if (ids === undefined) return undefined;
  const count = run.gpus > 0 ? run.gpus : countGpus(held?.gres ?? []);
  if (count > 0 && count !== ids.length) return undefined;
  const known = place.subCluster?.topology?.accelerators ?? [];
  return known.length === 0 || ids.every((id) => known.some((accelerator) => accelerator.id === id)) ? ids : undefined;
}

function countGpus(gres: readonly GresAllocation[]): number {
  return gres.reduce((sum, { name, count }) => sum + (name === 'gpu' ? count : 0), 0);
}

/** A run that holds as many GPUs as its nodes have holds each of them, also when its allocation is lost. */
function holdsEveryGpu(run: Run, places: readonly Place[]): boolean {
  let all = 0;
  for (const { devices, withoutDevices } of places) {
    if (withoutDevices !== null) return false;
    all += devices?.ids.length ?? 0;
  }
  return all === run.gpus;
}
