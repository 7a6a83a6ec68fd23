import type { Reservation } from '../model/slurmctld.ts';
import type { JsonContext } from './context.ts';
import { nodeList } from './names.ts';
import { columnsOf, type Table, writeObject } from './table.ts';
import { type Fields, maybeNumber } from './value.ts';

const { constant, integer, since, text, time, until, value, words } = columnsOf<Reservation>();

/** A reservation as `scontrol show reservation` and `/slurm/…/reservations` print it. */
export function writeReservation(reservation: Reservation, context: JsonContext): Fields {
  return writeObject(reservationTable, reservation, context);
}

const reservationTable: Table<Reservation> = [
  text('accounts', ({ accounts }) => accounts.join(',')),
  constant('burst_buffer', ''),
  integer('core_count', (reservation, context) => sum(reservation, context, ({ sockets, coresPerSocket }) => sockets * coresPerSocket)),
  ...until(38, constant('core_spec_cnt', 0)),
  ...since(39, constant('core_specializations', [])),
  time('end_time', ({ end }) => end),
  constant('features', ''),
  words('flags', ({ flags }) => flags),
  constant('groups', ''),
  constant('licenses', ''),
  constant('max_start_delay', 0),
  text('name', ({ name }) => name),
  integer('node_count', ({ nodes }) => nodes.length),
  text('node_list', ({ nodes }) => nodeList(nodes)),
  text('partition', ({ partition }) => partition ?? ''),
  ...since(39, constant('purge_completed', { time: maybeNumber(300) })),
  time('start_time', ({ start }) => start),
  ...until(
    44,
    value('watts', (_, context) => (context.dialect < 39 ? 4_294_967_294 : context.release < 2405 ? maybeNumber(null) : {})),
  ),
  text(
    'tres',
    (reservation, context) => `cpu=${sum(reservation, context, (node) => node.sockets * node.coresPerSocket * node.threadsPerCore)}`,
  ),
  text('users', ({ users }) => users.join(',')),
];

type Shape = { readonly sockets: number; readonly coresPerSocket: number; readonly threadsPerCore: number };

function sum({ nodes }: Reservation, context: JsonContext, count: (node: Shape) => number): number {
  return nodes.reduce((total, name) => {
    const node = context.node(name);
    return total + (node === undefined ? 0 : count(node));
  }, 0);
}
