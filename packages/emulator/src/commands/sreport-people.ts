import type { EmulatedAssociation } from '../model/slurmdbd.ts';
import type { Field } from './sacctmgr-fields.ts';
import type { Cells } from './sacctmgr-table.ts';
import {
  amountOf,
  chooseFields,
  type ReportConditions,
  readConditions,
  type SreportCall,
  totals,
  usageText,
  windowText,
  writeReport,
} from './sreport-call.ts';

const cluster: Field = { id: 'cluster', heading: 'Cluster', width: 9 };
const account: Field = { id: 'account', heading: 'Account', width: 15 };
const login: Field = { id: 'login', heading: 'Login', width: 9 };
const proper: Field = { id: 'proper', heading: 'Proper Name', width: 15 };

/** Usage has one column for CPUs and energy, or one row for each resource that was asked for. */
function usageFields({ byTres, unit }: SreportCall): readonly Field[] {
  const width = unit.percent && unit.seconds !== null ? 18 : 8;
  const used: Field = { id: 'used', heading: 'Used', width };
  return byTres ? [{ id: 'tresname', heading: 'TRES Name', width: 14 }, used] : [used, { id: 'energy', heading: 'Energy', width }];
}

type Used = Readonly<Record<string, number>>;

/** Seconds of each association in a window, of itself or with all below it. */
function usageBy({ database }: SreportCall, { from, to }: ReportConditions, withBelow: boolean): ReadonlyMap<number, Used> {
  const parents = new Map(database.associations().map(({ id, parentId }) => [id, parentId]));
  const sums = new Map<number, Record<string, number>>();
  for (const { associationId, seconds } of database.hourlyUsage(from, to)) {
    for (let id: number | undefined = associationId; id !== undefined && id !== 0; id = withBelow ? parents.get(id) : undefined) {
      const sum = sums.get(id) ?? {};
      sums.set(id, sum);
      for (const [name, count] of Object.entries(seconds)) sum[name] = (sum[name] ?? 0) + count;
    }
  }
  return sums;
}

/** The rows of one association: one per resource, or one in all. */
function rowsOf(scene: SreportCall, own: Cells, used: Used, all: ReadonlyMap<string, number>): readonly Cells[] {
  const amount = (name: string): string => amountOf(scene, used[name] ?? 0, all.get(name) ?? 0);
  if (!scene.byTres) return [{ ...own, used: amount('cpu'), energy: amount('energy') }];
  return scene.tres.map((name) => ({ ...own, tresname: name, used: amount(name) }));
}

/** The name of a user's passwd(5) entry: of the emulated users, root has one. */
function properName(user: string): string {
  return user === 'root' ? 'root' : '';
}

function chosen({ user, account: name }: EmulatedAssociation, { users, accounts }: ReportConditions): boolean {
  return (user === '' || (users?.includes(user) ?? true)) && (accounts?.includes(name) ?? true);
}

/** `cluster AccountUtilizationByUser`: the accounts that were used, with all below them, and their users. */
export function accountUtilization(scene: SreportCall, words: readonly string[]): number {
  const conditions = readConditions(scene, words);
  const { from, to, tree } = conditions;
  const usage = usageBy(scene, conditions, true);
  const all = totals(scene.database.clusterUsage(from, to));
  const depths = new Map<number, number>();
  const associations = scene.database.associations();
  for (const { id, parentId } of associations) depths.set(id, (depths.get(parentId) ?? -1) + 1);
  const rows = associations
    .filter((one) => usage.has(one.id) && chosen(one, conditions) && (conditions.users === undefined || one.user !== ''))
    .flatMap((one) => {
      const indent = tree ? ' '.repeat(depths.get(one.id) ?? 0) : '';
      const own: Cells = { cluster: one.cluster, account: `${indent}${one.account}`, login: one.user, proper: properName(one.user) };
      return rowsOf(scene, own, usage.get(one.id) ?? {}, all);
    });
  const fields = chooseFields(
    scene,
    [cluster, tree ? { ...account, width: -20 } : account, login, proper, ...usageFields(scene)],
    conditions,
  );
  const title = `Cluster/Account/User Utilization ${windowText(scene, conditions)} (${to - from} secs)`;
  return writeReport(scene, title, [usageText(scene)], fields, rows);
}

/** Users in their accounts, whoever used most first. */
function users(scene: SreportCall, conditions: ReportConditions): readonly { readonly own: Cells; readonly used: Used }[] {
  const usage = usageBy(scene, conditions, false);
  const [first = 'cpu'] = scene.tres;
  return scene.database
    .associations()
    .filter((one) => one.user !== '' && usage.has(one.id) && chosen(one, conditions))
    .map((one) => ({
      own: { cluster: one.cluster, login: one.user, proper: properName(one.user), account: one.account },
      used: usage.get(one.id) ?? {},
    }))
    .toSorted((one, other) => (other.used[first] ?? 0) - (one.used[first] ?? 0));
}

function writeUsers(scene: SreportCall, conditions: ReportConditions, title: string, most: number): number {
  const { from, to } = conditions;
  const all = totals(scene.database.clusterUsage(from, to));
  const rows = users(scene, conditions)
    .slice(0, most)
    .flatMap(({ own, used }) => rowsOf(scene, own, used, all));
  const fields = chooseFields(scene, [cluster, login, proper, account, ...usageFields(scene)], conditions);
  return writeReport(scene, `${title} ${windowText(scene, conditions)} (${to - from} secs)`, [usageText(scene)], fields, rows);
}

/** `cluster UserUtilizationByAccount`. */
export function userUtilization(scene: SreportCall, words: readonly string[]): number {
  return writeUsers(scene, readConditions(scene, words), 'Cluster/User/Account Utilization', Number.POSITIVE_INFINITY);
}

/** `user TopUsage`. */
export function userTop(scene: SreportCall, words: readonly string[]): number {
  const conditions = readConditions(scene, words);
  return writeUsers(scene, conditions, `Top ${conditions.topCount} Users`, conditions.topCount);
}
