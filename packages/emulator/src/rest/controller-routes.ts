import { expandHostlist } from '@sluice/slurm';
import {
  document,
  licensesJson,
  nodesJson,
  partitionsJson,
  pingJson,
  reservationsJson,
  type Said,
  sdiagJson,
  sharesJson,
} from '../json/index.ts';
import type { NodeChanges } from '../model/slurmctld.ts';
import { type Ask, invalidQuery, Refused, type Route } from './ask.ts';
import { countOf, said as fieldsOf, given, textOf, wordsOf } from './body.ts';

const empty = (ask: Ask, said: Said, key: string) => document(ask.slurm, ask.call(said), () => (ask.dialect < 39 ? { [key]: [] } : {}));
const nothing = (ask: Ask) => document(ask.slurm, ask.call(), () => ({}));
const nameOf = (ask: Ask, key: string) => decodeURIComponent(ask.params[key] ?? '');

/** Everything of slurmctld but jobs. */
export const controllerRoutes: readonly Route[] = [
  {
    plane: 'slurm',
    method: 'GET',
    path: 'ping',
    answer: (ask) => pingJson(ask.slurm, ask.slurm.controller.controllers(), ask.call()),
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'diag',
    answer: (ask) => sdiagJson(ask.slurm, ask.slurm.controller.statistics(), ask.call()),
    refusal: {
      description: 'slurm_get_statistics() failed to get slurmctld statistics',
      source: 'op_handler_diag',
      old: { description: 'request failed', source: 'slurm_get_statistics' },
      data: (ask, said) =>
        document(ask.slurm, ask.call(said), () => (ask.dialect < 39 ? { statistics: { rpcs_by_message_type: [], rpcs_by_user: [] } } : {})),
    },
  },
  { plane: 'slurm', method: 'GET', path: 'licenses', answer: (ask) => licensesJson(ask.slurm, ask.call()) },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'nodes',
    answer: (ask) => nodesJson(ask.slurm, ask.slurm.controller.nodes(), ask.call()),
    refusal: { description: 'Failure to query nodes', source: '_dump_nodes', old: {}, data: (ask, said) => empty(ask, said, 'nodes') },
  },
  {
    plane: 'slurm',
    method: 'POST',
    path: 'nodes',
    from: 42,
    answer: (ask) => {
      const names = expandHostlist(textOf(given(ask.body)['name']) ?? '') ?? [];
      ask.slurm.controller.updateNode(names, nodeChanges(ask.body), ask.as);
      return nothing(ask);
    },
    refusal: { description: 'Failure updating node', source: 'slurm_update_node()' },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'node/{node_name}',
    answer: getNode,
    refusal: {
      description: 'Failure to query node {node_name}',
      source: '_dump_nodes',
      old: {},
      data: (ask, said) => empty(ask, said, 'nodes'),
    },
  },
  {
    plane: 'slurm',
    method: 'POST',
    path: 'node/{node_name}',
    from: 39,
    answer: (ask) => {
      const name = nameOf(ask, 'node_name');
      ask.slurm.controller.updateNode(expandHostlist(name) ?? [name], nodeChanges(ask.body), ask.as);
      return nothing(ask);
    },
    refusal: { description: 'Failure to update node {node_name}', source: 'slurm_update_node()' },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'partitions',
    answer: (ask) => partitionsJson(ask.slurm, ask.slurm.controller.partitions(), ask.call()),
    refusal: {
      description: 'Unable to query partitions',
      source: 'slurm_load_partitions()',
      old: {},
      data: (ask, said) => empty(ask, ask.dialect >= 40 ? {} : said, 'partitions'),
    },
  },
  { plane: 'slurm', method: 'GET', path: 'partition/{partition_name}', answer: getPartition },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'reservations',
    answer: (ask) => reservationsJson(ask.slurm, ask.slurm.controller.reservations(), ask.call()),
    refusal: {
      description: 'Unable to query reservations',
      source: 'slurm_load_reservations()',
      old: {},
      data: (ask, said) => empty(ask, said, 'reservations'),
    },
  },
  { plane: 'slurm', method: 'GET', path: 'reservation/{reservation_name}', answer: getReservation },
  {
    plane: 'slurm',
    method: 'DELETE',
    path: 'reservation/{reservation_name}',
    from: 40,
    answer: (ask) => {
      ask.slurm.controller.deleteReservation(nameOf(ask, 'reservation_name'), ask.as);
      return nothing(ask);
    },
    refusal: { description: 'Unable to delete reservation {reservation_name}', source: 'slurm_delete_reservation()' },
  },
  {
    plane: 'slurm',
    method: 'POST',
    path: 'reservation',
    from: 43,
    answer: createReservation,
    refusal: { description: 'Failed to create reservation', source: 'slurm_create_reservation()' },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'shares',
    from: 40,
    answer: getShares,
    refusal: { description: 'slurm_associations_get_shares() failed', source: 'op_handler_shares' },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'reconfigure',
    from: 40,
    answer: nothing,
    refusal: { description: 'slurm_reconfigure() failed', source: 'op_handler_reconfigure' },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'conf',
    from: 45,
    answer: (ask) => document(ask.slurm, ask.call(), () => ({ slurm_conf: { ...ask.slurm.controller.config() } })),
    refusal: { description: 'Unable to load configuration', source: 'slurm_load_ctl_conf()' },
  },
];

function getNode(ask: Ask) {
  const name = nameOf(ask, 'node_name');
  const node = ask.slurm.controller.node(name);
  if (node !== undefined) return nodesJson(ask.slurm, [node], ask.call());
  if (ask.dialect < 39) throw new Refused([{ number: 2018, numberKey: 'errno', error: 'Invalid node name specified' }], undefined, 'nodes');
  throw new Refused([{ number: 0, error: 'No error', description: `Failure to query node ${name}`, source: '_dump_nodes' }]);
}

function getPartition(ask: Ask) {
  const name = nameOf(ask, 'partition_name');
  const found = ask.slurm.controller.partitions().filter((partition) => partition.name === name);
  if (found.length > 0) return partitionsJson(ask.slurm, found, ask.call());
  const description = `Unable to find partition ${name}`;
  if (ask.dialect < 39)
    throw new Refused([{ number: 2000, numberKey: 'errno', error: 'Invalid partition name specified' }], undefined, 'partitions');
  if (ask.release >= 2605) return document(ask.slurm, ask.call({ warnings: [{ description, source: '_partition_get' }] }), () => ({}));
  throw new Refused([{ ...invalidQuery, description, source: 'op_handler_partition' }]);
}

function getReservation(ask: Ask) {
  const name = nameOf(ask, 'reservation_name');
  const found = ask.slurm.controller.reservations().filter((reservation) => reservation.name === name);
  if (found.length > 0) return reservationsJson(ask.slurm, found, ask.call());
  if (ask.dialect < 39)
    throw new Refused([{ number: 2053, numberKey: 'errno', error: 'Requested reservation is invalid' }], undefined, 'reservations');
  throw new Refused([{ number: 0, error: 'No error', description: 'Unable to query reservations', source: 'slurm_load_reservations()' }]);
}

function createReservation(ask: Ask) {
  const body = given(ask.body);
  const start = countOf(body['start_time']) ?? ask.slurm.time.now();
  const end = countOf(body['end_time']) ?? start + 60 * (countOf(body['duration']) ?? 365 * 24 * 60);
  const name = textOf(body['name']);
  const { name: created } = ask.slurm.controller.createReservation(
    {
      ...(name === undefined ? {} : { name }),
      start,
      end,
      nodes: (wordsOf(body['node_list']) ?? []).flatMap((one) => expandHostlist(one) ?? [one]),
      users: wordsOf(body['users']) ?? [],
      accounts: wordsOf(body['accounts']) ?? [],
      partition: textOf(body['partition']) ?? null,
      flags: wordsOf(body['flags']) ?? [],
    },
    ask.as,
  );
  return document(ask.slurm, ask.call(), () => ({ reservation_name: created }));
}

/** `accounts` and `users` choose, as `sshare -A` and `-u` do. */
function getShares(ask: Ask) {
  const accounts = wordsOf(ask.query.get('accounts') ?? undefined);
  const users = wordsOf(ask.query.get('users') ?? undefined);
  const shares = ask.slurm.database
    .shares()
    .filter(
      ({ association }) =>
        (accounts?.includes(association.account) ?? true) &&
        (users === undefined || association.user === '' || users.includes(association.user)),
    );
  return sharesJson(ask.slurm, shares, ask.call());
}

function nodeChanges(body: unknown): NodeChanges {
  const node = given(body);
  const [state] = wordsOf(node['state']) ?? [];
  return fieldsOf<NodeChanges>({
    state: state?.toLowerCase(),
    reason: textOf(node['reason']),
    comment: textOf(node['comment']),
    extra: textOf(node['extra']),
    weight: countOf(node['weight']),
    features: wordsOf(node['features']),
  });
}
