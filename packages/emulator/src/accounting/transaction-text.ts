import type { Epoch, TresKind } from '@sluice/slurm';
import type { AssociationChanges, QosChange, Slurmdbd } from '../model/slurmdbd.ts';
import type { StoredAssociation, StoredQos } from './books.ts';
import { qosFlagBits } from './qos-flags.ts';
import { tresIds } from './tres-kinds.ts';

/** What is needed to write a change down as slurmdbd does: its words are those of the SQL statement that made it. */
export interface TransactionContext {
  readonly now: Epoch;
  /** Year × 100 + month of the release. */
  readonly major: number;
  readonly kinds: readonly TresKind[];
  readonly qosId: (name: string) => number;
  /** Account that an association stands below. */
  readonly parentOf: (own: StoredAssociation) => string;
}

const parentShares = 2_147_483_647;

type Amounts = Readonly<Record<string, number | null>>;

function number(value: number | null): string {
  return value === null ? 'NULL' : String(value);
}

function shares(fairshare: number | 'parent'): number {
  return fairshare === 'parent' ? parentShares : fairshare;
}

type Columns<K extends string> = readonly (readonly [column: string, key: K])[];

/** `grp_tres='1=4', …` of the limits by resource that there are. */
function tresColumns<K extends string>(columns: Columns<K>, own: Readonly<Record<K, Amounts>>, { kinds }: TransactionContext): string {
  return columns
    .flatMap(([column, key]) => {
      const ids = tresIds(present(own[key]), kinds);
      return ids === '' ? [] : [`, ${column}='${ids}'`];
    })
    .join('');
}

/** `grp_jobs=4`, … of the numbers that change. */
function changedNumbers<K extends string>(columns: Columns<K>, changes: { readonly [key in K]?: number | null }): readonly string[] {
  return columns.flatMap(([column, key]) => {
    const value = changes[key];
    return value === undefined ? [] : [`${column}=${number(value)}`];
  });
}

function present(tres: Amounts): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(tres).flatMap(([name, count]) => (count === null ? [] : [[name, count] as const])));
}

/** Info of `Add Clusters` (recordings sacctmgr-transaction of every release). */
export function addClusterInfo({ now }: TransactionContext): string {
  return `mod_time=${now}, shares=1, grp_jobs=NULL, grp_jobs_accrue=NULL, grp_submit_jobs=NULL, grp_wall=NULL, max_jobs=NULL, max_jobs_accrue=NULL, min_prio_thresh=NULL, max_submit_jobs=NULL, max_wall_pj=NULL, priority=NULL, def_qos_id=NULL, qos=',1,', federation='', fed_id=0, fed_state=0, features=''`;
}

/** Info of `Add Associations`; lineage and parent are there from 23.11 on. */
export function addAssociationInfo(own: StoredAssociation, lineage: string, context: TransactionContext): string {
  const { major, now, qosId } = context;
  const newer = major >= 2311;
  const isRootUser = own.account === 'root' && own.user === 'root';
  const isDefault = own.isDefault ? 1 : own.user === '' && major < 2505 ? 65_534 : 0;
  const head = newer && !isRootUser ? `is_def=${isDefault}, ` : '';
  const who = own.user === '' ? `parent_acct='${context.parentOf(own)}', user=''` : `user='${own.user}', \`partition\`='${own.partition}'`;
  const place = newer ? `id_parent='${own.parentId}', lineage='${lineage}', ` : '';
  const isDef = (newer && isRootUser) || (!newer && own.isDefault) ? 'is_def=1, ' : '';
  const absolute = own.qos.filter((name) => !/^[+-]/.test(name));
  const qos = absolute.length === 0 ? "qos='', delta_qos=''" : `qos=',${absolute.map(qosId).join()},'`;
  const flags = isRootUser && major >= 2505 ? 'flags=131072, ' : '';
  return `mod_time=${now}, acct='${own.account}', ${head}${who}, ${place}shares=${shares(own.fairshare)}, grp_jobs=${number(own.grpJobs)}, grp_jobs_accrue=NULL, grp_submit_jobs=${number(own.grpSubmitJobs)}, grp_wall=${number(own.grpWall)}, ${isDef}max_jobs=${number(own.maxJobs)}, max_jobs_accrue=NULL, min_prio_thresh=NULL, max_submit_jobs=${number(own.maxSubmitJobs)}, max_wall_pj=${number(own.maxWallPerJob)}, priority=${number(own.priority)}, def_qos_id=${own.defaultQos === '' ? 'NULL' : qosId(own.defaultQos)}, ${flags}${tresColumns(associationTres, own, context).replace(/^, (.*)$/s, '$1, ')}${qos}`;
}

const associationTres = [
  ['grp_tres', 'grpTres'],
  ['grp_tres_mins', 'grpTresMins'],
  ['grp_tres_run_mins', 'grpTresRunMins'],
  ['max_tres_pj', 'maxTresPerJob'],
  ['max_tres_pn', 'maxTresPerNode'],
  ['max_tres_mins_pj', 'maxTresMinsPerJob'],
] as const;

const associationNumbers = [
  ['grp_jobs', 'grpJobs'],
  ['grp_submit_jobs', 'grpSubmitJobs'],
  ['grp_wall', 'grpWall'],
  ['max_jobs', 'maxJobs'],
  ['max_submit_jobs', 'maxSubmitJobs'],
  ['max_wall_pj', 'maxWallPerJob'],
  ['priority', 'priority'],
] as const;

/** Info of `Modify Associations`; `after` are the associations as they are now, for limits by resource are written whole. */
export function modifyAssociationInfo(
  changes: AssociationChanges,
  after: readonly StoredAssociation[],
  context: TransactionContext,
): string {
  const words: string[] = [];
  if (changes.comment !== undefined) words.push(`comment='${changes.comment}'`);
  if (changes.fairshare !== undefined) words.push(`shares=${shares(changes.fairshare)}`);
  words.push(...changedNumbers(associationNumbers, changes));
  if (changes.defaultQos !== undefined)
    words.push(`def_qos_id=${changes.defaultQos === null ? 'NULL' : context.qosId(changes.defaultQos)}`);
  for (const [column, key] of associationTres) {
    if (changes[key] === undefined) continue;
    const chosen = after.reduceRight<string>(
      (rest, own) => `if (id_assoc=${own.id}, '${tresIds(present(own[key]), context.kinds)}', ${rest})`,
      column,
    );
    words.push(`${column} = ${chosen}`);
  }
  if (changes.qos !== undefined) words.push(qosListInfo(changes.qos, context));
  return words.join(', ');
}

function qosListInfo(
  { how, names }: { readonly how: '=' | '+' | '-'; readonly names: readonly string[] },
  { qosId }: TransactionContext,
): string {
  if (how === '=') return `qos='${names.length === 0 ? '' : `,${names.map(qosId).join()},`}', delta_qos=''`;
  return names
    .map((name) => {
      const id = qosId(name);
      const delta = `delta_qos=if (qos='', replace(concat(replace(replace(delta_qos, ',+${id},', ','), ',-${id},', ','), ',${how}${id},'), ',,', ','), '')`;
      if (how === '+') return `qos=if (qos='', '', replace(concat(replace(qos, ',${id},', ','), ',${id},'), ',,', ',')), ${delta}`;
      return `qos=if (qos='', '', replace(replace(qos, ',${id},', ','), ',,', ',')), qos=if (qos=',', '', qos), ${delta}`;
    })
    .join(', ');
}

const qosTres = [
  ['grp_tres', 'grpTres'],
  ['grp_tres_mins', 'grpTresMins'],
  ['grp_tres_run_mins', 'grpTresRunMins'],
  ['max_tres_pa', 'maxTresPerAccount'],
  ['max_tres_pj', 'maxTresPerJob'],
  ['max_tres_pn', 'maxTresPerNode'],
  ['max_tres_pu', 'maxTresPerUser'],
  ['max_tres_mins_pj', 'maxTresMinsPerJob'],
  ['min_tres_pj', 'minTresPerJob'],
] as const;

const qosNumbers = [
  ['grace_time', 'graceTime'],
  ['grp_jobs', 'grpJobs'],
  ['grp_submit_jobs', 'grpSubmitJobs'],
  ['grp_wall', 'grpWall'],
  ['max_jobs_pa', 'maxJobsPerAccount'],
  ['max_jobs_per_user', 'maxJobsPerUser'],
  ['max_submit_jobs_pa', 'maxSubmitJobsPerAccount'],
  ['max_submit_jobs_per_user', 'maxSubmitJobsPerUser'],
  ['max_wall_duration_per_job', 'maxWallPerJob'],
] as const;

/** Info of `Add QOS`. */
export function addQosInfo(own: StoredQos, context: TransactionContext): string {
  const preempt = own.preempt.length === 0 ? '' : `preempt=',${own.preempt.map(context.qosId).join()},', `;
  const threshold = own.usageThreshold === null ? 'NULL' : own.usageThreshold.toFixed(6);
  return `mod_time=${context.now}, description='${own.description}', flags=${qosFlagBits(own.flags)}, grace_time=${own.graceTime}, grp_jobs=${number(own.grpJobs)}, grp_jobs_accrue=NULL, grp_submit_jobs=${number(own.grpSubmitJobs)}, grp_wall=${number(own.grpWall)}, max_jobs_pa=${number(own.maxJobsPerAccount)}, max_jobs_per_user=${number(own.maxJobsPerUser)}, max_jobs_accrue_pa=NULL, max_jobs_accrue_pu=NULL, min_prio_thresh=NULL, max_submit_jobs_pa=${number(own.maxSubmitJobsPerAccount)}, max_submit_jobs_per_user=${number(own.maxSubmitJobsPerUser)}, max_wall_duration_per_job=${number(own.maxWallPerJob)}, ${preempt}preempt_exempt_time=NULL, preempt_mode=0, priority=${own.priority}, usage_factor=${own.usageFactor.toFixed(6)}, usage_thres=${threshold}, limit_factor=NULL${tresColumns(qosTres, own, context)}`;
}

/** Info of `Modify QOS`. */
export function modifyQosInfo(changes: QosChange, after: StoredQos, context: TransactionContext): string {
  const words: string[] = [];
  if (changes.description !== undefined) words.push(`description='${changes.description}'`);
  if (changes.flags !== undefined) {
    const { how, names } = changes.flags;
    const bits = qosFlagBits(names);
    const every = 2_415_919_103;
    words.push(
      how === '+'
        ? `flags=(flags | ${bits})`
        : how === '-'
          ? `flags=(flags & ~${bits})`
          : bits === 0
            ? `flags=(flags & ~${every})`
            : `flags=${bits}`,
    );
  }
  words.push(...changedNumbers(qosNumbers, changes));
  if (changes.preempt !== undefined) words.push(`preempt=',${changes.preempt.map(context.qosId).join()},'`);
  if (changes.priority !== undefined) words.push(`priority=${changes.priority}`);
  if (changes.usageFactor !== undefined) words.push(`usage_factor=${changes.usageFactor.toFixed(6)}`);
  if (changes.usageThreshold !== undefined)
    words.push(`usage_thres=${changes.usageThreshold === null ? 'NULL' : changes.usageThreshold.toFixed(6)}`);
  for (const [column, key] of qosTres) {
    if (changes[key] === undefined) continue;
    words.push(`${column} = if (id=${after.id}, '${tresIds(present(after[key]), context.kinds)}', ${column})`);
  }
  return words.join(', ');
}

/** Info of `Modify Job`. */
export function modifyJobInfo({
  comment,
  adminComment,
  systemComment,
  extra,
  derivedExit,
}: Parameters<Slurmdbd['modifyJobRow']>[1]): string {
  const words: readonly (readonly [string, string | number | undefined])[] = [
    ['derived_ec', derivedExit === undefined ? undefined : derivedExit.code * 256 + derivedExit.signal],
    ['derived_es', comment],
    ['admin_comment', adminComment],
    ['system_comment', systemComment],
    ['extra', extra],
  ];
  return words.flatMap(([name, value]) => (value === undefined ? [] : [`${name}='${value}'`])).join(', ');
}
