import type { Association } from '@sluice/slurm';
import type { EmulatedAssociation } from '../model/slurmdbd.ts';
import type { JsonContext } from './context.ts';
import { columnsOf, type Table, textOrNull, writeObject } from './table.ts';
import type { Fields, Value } from './value.ts';

const { constant, endless, group, integer, limit, nullable, since, text, tres, until, unused, value, words } =
  columnsOf<EmulatedAssociation>();

/** What Slurm stores for "fairshare=parent". */
export const fairshareOfParent = 2_147_483_647;

/** An association as `sacctmgr show assoc` and `/slurmdb/…/associations` print it. */
export function writeAssociation(association: EmulatedAssociation, context: JsonContext): Fields {
  return writeObject(associationTable, association, context);
}

/** The key of an association, as other objects hold it. */
export function associationKey(
  of: Pick<Association, 'account' | 'cluster' | 'partition' | 'user'>,
  id: number | null,
  context: JsonContext,
): Fields {
  return {
    account: of.account,
    cluster: of.cluster,
    partition: textOrNull(of.partition, context),
    user: textOrNull(of.user, context),
    ...(context.dialect >= 40 && id !== null ? { id } : {}),
  };
}

const empty: Value = [];

const associationTable: Table<EmulatedAssociation> = [
  ...since(40, constant('accounting', empty)),
  text('account', ({ account }) => account),
  text('cluster', ({ cluster }) => cluster),
  ...since(
    40,
    text('comment', ({ comment }) => comment),
  ),
  group(
    'default',
    nullable('qos', ({ defaultQos }) => defaultQos),
  ),
  value('flags', ({ isDefault }, context) => (context.dialect < 39 && isDefault ? ['DEFAULT'] : [])),
  group(
    'max',
    group(
      'jobs',
      group(
        'per',
        limit('count', ({ grpJobs }) => grpJobs),
        endless('accruing'),
        limit('submitted', ({ grpSubmitJobs }) => grpSubmitJobs),
        limit('wall_clock', ({ maxWallPerJob }) => maxWallPerJob),
      ),
      limit('active', ({ maxJobs }) => maxJobs),
      endless('accruing'),
      limit('total', ({ maxSubmitJobs }) => maxSubmitJobs),
    ),
    group(
      'tres',
      tres('total', ({ grpTres }) => grpTres),
      group(
        'group',
        tres('minutes', ({ grpTresMins }) => grpTresMins),
        tres('active', ({ grpTresRunMins }) => grpTresRunMins),
      ),
      group(
        'minutes',
        constant('total', empty),
        group(
          'per',
          tres('job', ({ maxTresMinsPerJob }) => maxTresMinsPerJob),
        ),
      ),
      group(
        'per',
        tres('job', ({ maxTresPerJob }) => maxTresPerJob),
        tres('node', ({ maxTresPerNode }) => maxTresPerNode),
      ),
    ),
    group(
      'per',
      group(
        'account',
        limit('wall_clock', ({ grpWall }) => grpWall),
      ),
    ),
  ),
  ...since(40, value('id', idOf)),
  value('is_default', isDefault),
  ...since(
    40,
    text('lineage', ({ lineage }) => lineage),
  ),
  group('min', endless('priority_threshold')),
  nullable('parent_account', ({ parent }) => parent),
  nullable('partition', ({ partition }) => partition),
  limit('priority', ({ priority }) => priority),
  words('qos', qosNames),
  integer('shares_raw', ({ fairshare }) => (fairshare === 'parent' ? fairshareOfParent : fairshare)),
  ...until(39, unused('usage', {})),
  nullable('user', ({ user }) => user),
];

/** A key with the number in v0.0.40; 0 in v0.0.41 and v0.0.42, whatever it is; the number since v0.0.43 (recorded). */
function idOf(association: EmulatedAssociation, context: JsonContext): Value {
  if (context.dialect === 40) return associationKey(association, association.id, context);
  return context.dialect < 43 ? 0 : association.id;
}

/** A number in v0.0.38; 23.11 and 24.11 say yes of accounts, too (recorded). */
function isDefault({ isDefault: given, account, user }: EmulatedAssociation, context: JsonContext): Value {
  if (context.dialect < 39) return Number(given);
  return given || (context.release < 2505 && user === '' && account !== 'root');
}

/** By name in 22.05, in the order of their numbers later (recorded). */
function qosNames({ qos }: EmulatedAssociation, context: JsonContext): readonly string[] {
  return qos.toSorted((one, other) => (context.release < 2302 ? (one < other ? -1 : 1) : context.qosId(one) - context.qosId(other)));
}
