import type { Identity } from '../model/job.ts';
import type { Reservation } from '../model/slurmctld.ts';
import { needOperator } from './permissions.ts';
import { markNodes, planTurn } from './reservations.ts';
import { refusal } from './slurm-errors.ts';
import type { World } from './world.ts';

/** `scontrol create reservation`. Without a name it is called after its first user or account, with a number (scontrol(1)). */
export function createReservation(
  world: World,
  wanted: Omit<Reservation, 'name'> & { readonly name?: string },
  as: Identity,
): { readonly name: string } {
  needOperator(world, as);
  if (wanted.users.length === 0 && wanted.accounts.length === 0) throw refusal('ESLURM_RESERVATION_EMPTY');
  if (wanted.end <= wanted.start) throw refusal('ESLURM_INVALID_TIME_VALUE');
  for (const node of wanted.nodes) if (!world.nodeByName.has(node)) throw refusal('ESLURM_INVALID_NODE_NAME');
  if (wanted.partition !== null && world.partition(wanted.partition) === undefined) throw refusal('ESLURM_INVALID_PARTITION_NAME');
  const name = wanted.name ?? freeName(world, wanted.users[0] ?? wanted.accounts[0] ?? 'resv');
  if (world.reservations.has(name)) throw refusal('ESLURM_RESERVATION_NAME_DUP');
  const flags = new Set(wanted.flags);
  if (!flags.has('MAINT') && !flags.has('OVERLAP') && overlaps(world, wanted)) throw refusal('ESLURM_RESERVATION_OVERLAP');
  if (!flags.has('IGNORE_JOBS') && !flags.has('MAINT') && busy(world, wanted)) throw refusal('ESLURM_NODES_BUSY');
  world.reservations.set(name, { ...wanted, name });
  world.changedReservations.add(name);
  markNodes(world);
  planTurn(world);
  world.freed();
  world.scheduleSoon();
  return { name };
}

function overlaps(world: World, { start, end, nodes }: Pick<Reservation, 'start' | 'end' | 'nodes'>): boolean {
  const wanted = new Set(nodes);
  return [...world.reservations.values()].some(
    (other) => other.start < end && start < other.end && !other.flags.includes('OVERLAP') && other.nodes.some((node) => wanted.has(node)),
  );
}

/** Whether jobs that run may still hold the nodes when the reservation begins. */
function busy(world: World, { start, nodes }: Pick<Reservation, 'start' | 'nodes'>): boolean {
  return nodes.some((name) =>
    [...(world.nodeByName.get(name)?.jobs ?? [])].some((id) => {
      const end = world.jobs.get(id)?.end ?? null;
      return end === null || end > start;
    }),
  );
}

function freeName(world: World, stem: string): string {
  for (let number = 1; ; number++) if (!world.reservations.has(`${stem}_${number}`)) return `${stem}_${number}`;
}

export function deleteReservation(world: World, name: string, as: Identity): void {
  needOperator(world, as);
  if (!world.reservations.has(name)) throw refusal('ESLURM_RESERVATION_INVALID');
  for (const id of world.running) if (world.jobs.get(id)?.reservation === name) throw refusal('ESLURM_RESERVATION_BUSY');
  world.reservations.delete(name);
  world.changedReservations.add(name);
  markNodes(world);
  world.freed();
  world.scheduleSoon();
}
