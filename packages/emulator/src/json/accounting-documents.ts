import type { TresKind } from '@sluice/slurm';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { EmulatedAccount, EmulatedAssociation, EmulatedQos, EmulatedUser, ShareFigures } from '../model/slurmdbd.ts';
import { type ClusterRecord, writeAccount, writeCluster, writeQos, writeTresKind, writeUser } from './accounting-objects.ts';
import { writeAssociation } from './association.ts';
import type { JsonContext } from './context.ts';
import { type Call, document } from './documents.ts';
import { writeShare } from './share.ts';
import type { Fields } from './value.ts';

/** What is shown of the associations of accounts and users: 22.05 shows them always, the later ones when asked (`withassoc`). */
export interface WithAssociations {
  readonly withAssociations?: boolean;
  /** Who coordinates what (`withcoord`). */
  readonly withCoordinators?: boolean;
}

/** `sacctmgr show associations --json`, `/slurmdb/…/associations`. */
export function associationsJson(slurm: EmulatedSlurm, associations: readonly EmulatedAssociation[], call: Call): Fields {
  return document(slurm, call, (context) => ({ associations: associations.map((one) => writeAssociation(one, context)) }));
}

/** `sacctmgr show users --json`, `/slurmdb/…/users`. */
export function usersJson(slurm: EmulatedSlurm, users: readonly EmulatedUser[], call: Call, shown: WithAssociations = {}): Fields {
  return document(slurm, call, (context) => {
    const associations = associationsShown(shown, context);
    const defaults = 'command' in call || shown.withAssociations === true;
    return {
      users: users.map((user) => writeUser(user, associations, { defaults, coordinators: shown.withCoordinators === true }, context)),
    };
  });
}

/** `sacctmgr show accounts --json`, `/slurmdb/…/accounts`. */
export function accountsJson(slurm: EmulatedSlurm, accounts: readonly EmulatedAccount[], call: Call, shown: WithAssociations = {}): Fields {
  return document(slurm, call, (context) => {
    const associations = associationsShown(shown, context);
    const coordinators = shown.withCoordinators === true ? slurm.database.users() : [];
    return { accounts: accounts.map((account) => writeAccount(account, associations, coordinators, context)) };
  });
}

function associationsShown(shown: WithAssociations, context: JsonContext): readonly EmulatedAssociation[] {
  return context.dialect < 39 || shown.withAssociations === true ? context.slurm.database.associations() : [];
}

/** `sacctmgr show qos --json`, `/slurmdb/…/qos`. */
export function qosJson(slurm: EmulatedSlurm, qos: readonly EmulatedQos[], call: Call): Fields {
  return document(slurm, call, (context) => ({ [context.dialect < 39 ? 'QOS' : 'qos']: qos.map((one) => writeQos(one, context)) }));
}

/** `sacctmgr show tres --json`, `/slurmdb/…/tres`. */
export function tresJson(slurm: EmulatedSlurm, kinds: readonly TresKind[], call: Call): Fields {
  return document(slurm, call, (context) => ({ TRES: kinds.map((kind) => writeTresKind(kind, context)) }));
}

/** `sacctmgr show clusters --json`, `/slurmdb/…/clusters`. */
export function clustersJson(slurm: EmulatedSlurm, clusters: readonly ClusterRecord[], call: Call): Fields {
  return document(slurm, call, (context) => ({ clusters: clusters.map((cluster) => writeCluster(cluster, context)) }));
}

/** `sshare --json`, `/slurm/…/shares`. */
export function sharesJson(slurm: EmulatedSlurm, shares: readonly ShareFigures[], call: Call): Fields {
  return document(slurm, call, (context) => ({
    shares: { shares: shares.map((share) => writeShare(share, context)), total_shares: 0 },
  }));
}

/** All of slurmdbd's objects at once: `/slurmdb/…/config`. */
export function databaseConfigJson(slurm: EmulatedSlurm, call: Call): Fields {
  return document(slurm, call, (context) => {
    const { database } = slurm;
    const associations = database.associations();
    const users = database.users();
    const old = context.dialect < 39;
    const shown = associationsShown({ withAssociations: true }, context);
    return {
      clusters: database.clusters().map((cluster) => writeCluster(cluster, context)),
      [old ? 'TRES' : 'tres']: database.tres().map((kind) => writeTresKind(kind, context)),
      accounts: database.accounts().map((account) => writeAccount(account, shown, users, context)),
      users: users.map((user) => writeUser(user, shown, { defaults: true, coordinators: true }, context)),
      [old ? 'QOS' : 'qos']: database.qos().map((qos) => writeQos(qos, context)),
      wckeys: [],
      associations: associations.map((one) => writeAssociation(one, context)),
      ...(context.dialect >= 40 && context.dialect < 45 ? { instances: [] } : {}),
    };
  });
}
