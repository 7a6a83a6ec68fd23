import type { Epoch } from '@sluice/slurm';
import type { JobRecord } from './job-record.ts';
import type { World } from './world.ts';

/** Nodes of a reservation. */
export function reservationNodes(world: World, name: string): ReadonlySet<string> {
  return new Set(world.reservations.get(name)?.nodes ?? []);
}

/** Nodes that a job must leave alone because reservations that it is not part of begin before it would have ended. */
export function reservedUntil(world: World, job: JobRecord, until: Epoch): ReadonlySet<string> {
  const reserved = new Set<string>();
  for (const reservation of world.reservations.values()) {
    if (reservation.name === job.reservation || reservation.end <= world.now || reservation.start >= until) continue;
    for (const node of reservation.nodes) reserved.add(node);
  }
  return reserved;
}

/** A reservation begins or ends: the nodes' marks follow, and jobs may start. */
export function reservationTurn(world: World): void {
  const { now } = world;
  for (const reservation of [...world.reservations.values()]) {
    if (reservation.end > now) continue;
    world.reservations.delete(reservation.name);
    world.changedReservations.add(reservation.name);
  }
  markNodes(world);
  planTurn(world);
  world.freed();
  world.scheduleSoon();
}

/** Wakes the controller when the next reservation begins or ends. */
export function planTurn(world: World): void {
  for (const { start, end } of world.reservations.values()) {
    if (start > world.now) world.wakeAt('reservation', start);
    world.wakeAt('reservation', end);
  }
}

/** MAINTENANCE and RESERVED of nodes by the reservations that hold now. */
export function markNodes(world: World): void {
  const marks = new Map<string, string>();
  for (const { start, end, nodes, flags } of world.reservations.values()) {
    if (start > world.now || end <= world.now) continue;
    for (const node of nodes) if (marks.get(node) !== 'MAINTENANCE') marks.set(node, flags.includes('MAINT') ? 'MAINTENANCE' : 'RESERVED');
  }
  for (const node of world.nodes) {
    const mark = marks.get(node.spec.name);
    for (const each of ['MAINTENANCE', 'RESERVED']) {
      if (node.marks.has(each) === (each === mark)) continue;
      if (each === mark) node.marks.add(each);
      else node.marks.delete(each);
      world.changedNodes.add(node.spec.name);
    }
  }
}
