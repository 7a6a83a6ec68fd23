import type { TresKind } from '@sluice/slurm';
import type { Identity } from '../model/job.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { AssociationWrites } from './association-writes.ts';
import { blankQos, type QosWrites } from './qos-writes.ts';
import { rpcVersionOf } from './releases.ts';
import { logTransaction, type WriteContext } from './writes.ts';

const root: Identity = { uid: 0, gid: 0, user: 'root', group: 'root' };
const slurm: Identity = { uid: 64_030, gid: 64_030, user: 'slurm', group: 'slurm' };

/**
 * The books of a new cluster, with the transactions that sacctmgr and slurmctld would have left: the cluster with its root, its accounts, users
 * and QOS, and the resources that it tracks.
 */
export function setUpBooks(
  spec: ClusterSpec,
  context: WriteContext,
  writes: AssociationWrites,
  qos: QosWrites,
  kinds: readonly TresKind[],
): void {
  const { books } = context;
  // The QOS `normal` and the root account are slurmdbd's own: there is no transaction of them.
  books.qos.set('normal', { ...blankQos('normal', books.idOf('qos', 'normal')), description: 'Normal QOS default' });
  writes.addCluster(spec.name, root);
  books.accounts.set('root', { name: 'root', description: 'default root account', organization: 'root' });
  writes.addAssociation({ account: 'root', user: '', partition: '' }, { qos: { how: '=', names: ['normal'] } }, root);
  books.users.set('root', { name: 'root', adminLevel: 'Administrator', defaultWckey: '', coordinates: [] });
  writes.addAssociation({ account: 'root', user: 'root', partition: '' }, {}, root);
  for (const { name, description, organization, parent, fairshare, limits } of parentsFirst(spec.accounts)) {
    writes.addAccount({ name, description, organization }, parent, { fairshare, ...limits }, root);
  }
  for (const user of spec.users) {
    if (user.name === 'root') continue;
    const [defaultAccount] = user.accounts;
    writes.addUser(user.name, { admin: user.admin, ...(defaultAccount === undefined ? {} : { defaultAccount }) }, root);
    for (const account of user.accounts.toSorted()) {
      writes.addAssociation({ account, user: user.name, partition: '', isDefault: account === user.accounts[0] }, {}, root);
    }
  }
  for (const { name, priority, changes } of spec.qos) {
    if (!books.qos.has(name)) qos.add(name, { priority, ...changes }, root);
    else if (priority !== 0 || changes !== undefined) qos.modify(name, { priority, ...changes }, root);
  }
  for (const { name, limits } of spec.users) {
    if (limits === undefined) continue;
    const ids = context.tree.ordered().flatMap(({ id, user }) => (user === name ? [id] : []));
    writes.modifyAssociation(
      ids.toSorted((one, other) => one - other),
      limits,
      root,
    );
  }
  const address = spec.controllers[0]?.address ?? '';
  const info = `control_host='${address}', control_port=${spec.controllerPort}, last_port=${spec.controllerPort}, rpc_version=${rpcVersionOf(context.major)}, dimensions=1, ${context.major < 2405 ? 'plugin_id_select=109, ' : ''}flags=128`;
  logTransaction(context, slurm, { action: 'Modify Clusters', where: `name='${spec.name}'`, info });
  for (const kind of kinds.filter(({ id }) => id > 1000)) {
    logTransaction(context, slurm, { action: 'Add TRES', where: `id=${kind.id}`, info: `type='${kind.type}', name='${kind.name}'` });
  }
  books.addEvent({ cluster: spec.name, node: '', start: context.now(), end: null, state: '', reason: 'Cluster Registered TRES', user: '' });
}

function parentsFirst(accounts: ClusterSpec['accounts']): ClusterSpec['accounts'] {
  const known = new Set(['root']);
  const ordered: ClusterSpec['accounts'][number][] = [];
  let left = accounts.filter(({ name }) => name !== 'root');
  while (left.length > 0) {
    const next = left.filter(({ parent }) => known.has(parent));
    if (next.length === 0) throw new TypeError(`the accounts ${left.map(({ name }) => name).join()} have no parent`);
    for (const account of next) known.add(account.name);
    ordered.push(...next);
    left = left.filter((account) => !next.includes(account));
  }
  return ordered;
}
