import type { Reservation } from '../model/slurmctld.ts';
import { fail, isWord, type Pair, pairOf, type Scontrol, tried } from './scontrol-call.ts';
import { hosts, limit, timeReader, UpdateRefusal, words } from './scontrol-update-values.ts';

/** Keys of a reservation; what it is made of when nothing is said of it. */
async function reservationOf(scontrol: Scontrol, pairs: readonly Pair[], before?: Reservation): Promise<Omit<Reservation, 'name'>> {
  const controller = await scontrol.call.controller();
  const time = await timeReader(scontrol);
  const text = (name: string, least: number) => pairs.find(({ key }) => isWord(key, name, least))?.value ?? undefined;
  const start = text('starttime', 1);
  if (start === undefined && before === undefined) {
    throw new UpdateRefusal('scontrol: error: A start time must be given.  No reservation created.');
  }
  const until = text('endtime', 1);
  const duration = text('duration', 1);
  const begins = start === undefined ? (before?.start ?? controller.now()) : time(start);
  const minutes = duration === undefined ? undefined : limit(duration);
  const lasts = minutes === undefined ? undefined : minutes === 'unlimited' ? 365 * 1440 : minutes;
  const nodes = text('nodes', 5) ?? text('nodelist', 5);
  const partition = text('partitionname', 1);
  const all = () =>
    controller.partitions().find(({ name }) => name === partition)?.nodes ?? controller.nodes().map(({ spec }) => spec.name);
  return {
    start: begins,
    end: until !== undefined ? time(until) : lasts !== undefined ? begins + lasts * 60 : (before?.end ?? begins + 365 * 86_400),
    nodes: nodes === undefined ? (before?.nodes ?? []) : nodes.toUpperCase() === 'ALL' ? all() : hosts(nodes),
    users: wordsOr(text('users', 1), before?.users),
    accounts: wordsOr(text('accounts', 1), before?.accounts),
    partition: partition ?? before?.partition ?? null,
    flags: wordsOr(text('flags', 2)?.toUpperCase(), before?.flags),
  };
}

function wordsOr(text: string | undefined, before: readonly string[] | undefined): readonly string[] {
  return text === undefined ? (before ?? []) : words(text);
}

/** `scontrol update reservationname=NAME KEY=VALUE…`: what is not said stays. */
export async function updateReservation(scontrol: Scontrol, named: Pair, pairs: readonly Pair[]): Promise<void> {
  const { call } = scontrol;
  const controller = await call.controller();
  const name = named.value ?? '';
  const before = controller.reservations().find((one) => one.name === name);
  if (before === undefined) throw new UpdateRefusal('Error updating the reservation: Requested reservation is invalid');
  const changed = await reservationOf(scontrol, pairs, before);
  tried(
    scontrol,
    () => {
      controller.deleteReservation(name, call.as);
      controller.createReservation({ ...changed, name }, call.as);
    },
    (message) => `Error updating the reservation: ${message}`,
  );
  if (scontrol.code === 0) call.out('Reservation updated.\n');
}

/** `scontrol create reservation KEY=VALUE…`. */
export async function create(scontrol: Scontrol, given: readonly string[]): Promise<void> {
  const { call } = scontrol;
  const pairs = given.map(pairOf);
  const [first] = pairs;
  if (first === undefined || !(isWord(first.key, 'reservationname', 3) || pairs.some(({ key }) => isWord(key, 'reservationname', 3)))) {
    fail(scontrol, 'No valid entity in create command\nInput line must include "Reservation" or "NodeName" or "PartitionName"');
    return;
  }
  try {
    const controller = await call.controller();
    const name = pairs.find(({ key, value }) => value !== null && isWord(key, 'reservationname', 3))?.value;
    const reservation = await reservationOf(scontrol, pairs);
    tried(
      scontrol,
      () => {
        const made = controller.createReservation(name == null ? reservation : { ...reservation, name }, call.as);
        call.out(`Reservation created: ${made.name}\n`);
      },
      (message) => `Error creating the reservation: ${message}`,
    );
  } catch (error) {
    if (!(error instanceof UpdateRefusal)) throw error;
    fail(scontrol, error.message);
  }
}

/** `scontrol delete reservation NAME`, or `reservationname=NAME`. */
export async function remove(scontrol: Scontrol, given: readonly string[]): Promise<void> {
  const { call } = scontrol;
  const [first = '', second = ''] = given;
  const { key, value } = pairOf(first);
  const name = value ?? second;
  if (!isWord(key, 'reservationname', 3) || name === '') {
    fail(scontrol, 'No valid entity in delete command\nInput line must include "ReservationName", "NodeName", or "PartitionName"');
    return;
  }
  const controller = await call.controller();
  tried(
    scontrol,
    () => controller.deleteReservation(name, call.as),
    (message) => `delete_reservation ${first}: ${message}`,
  );
}
