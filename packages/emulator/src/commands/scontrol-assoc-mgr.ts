import type { Tres } from '@sluice/slurm';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { EmulatedAssociation } from '../model/slurmdbd.ts';
import { pairOf } from './scontrol-call.ts';

/**
 * `scontrol show assoc_mgr`: users, associations and QOS as slurmctld has them, with their limits; usage as far as shares have it. `words` are
 * `users=`, `accounts=`, `qos=` and `flags=`.
 */
export function associationsText(slurm: EmulatedSlurm, words: readonly string[]): string {
  const chosen = new Map(
    words.map((word) => pairOf(word)).map(({ key, value }) => [key.toLowerCase().replace(/s$/, ''), value?.split(',') ?? []]),
  );
  const flags = chosen.get('flag')?.map((flag) => flag.toLowerCase());
  const shows = (part: string) => flags === undefined || flags.some((flag) => part.startsWith(flag));
  const has = (key: string, name: string) => chosen.get(key)?.includes(name) ?? true;
  return [
    'Current Association Manager state\n',
    ...(shows('users') ? [usersText(slurm, (name) => has('user', name))] : []),
    ...(shows('assoc')
      ? [
          associationRecords(
            slurm,
            ({ account, user }) => has('account', account) && (user === '' ? !chosen.has('user') : has('user', user)),
          ),
        ]
      : []),
    ...(shows('qos') ? [qosRecords(slurm, (name) => has('qos', name))] : []),
  ].join('');
}

function uidOf(slurm: EmulatedSlurm, name: string): number | string {
  return name === 'root' ? 0 : (slurm.spec.users.find((user) => user.name === name)?.uid ?? '');
}

function usersText(slurm: EmulatedSlurm, isShown: (name: string) => boolean): string {
  const users = slurm.database.users().filter(({ name }) => isShown(name));
  const lines = users.map(
    ({ adminLevel, defaultAccount, defaultWckey, name }) =>
      `UserName=${name}(${uidOf(slurm, name)}) DefAccount=${defaultAccount ?? ''} DefWckey=${defaultWckey} AdminLevel=${adminLevel}\n`,
  );
  return `\nUser Records\n\n${lines.length === 0 ? 'No users currently cached in Slurm.\n' : lines.join('')}`;
}

function associationRecords(slurm: EmulatedSlurm, isShown: (association: EmulatedAssociation) => boolean): string {
  const shares = new Map(slurm.database.shares().map((share) => [share.association.id, share]));
  const all = slurm.database.associations();
  const byId = new Map(all.map((association) => [association.id, association]));
  const records = all.filter(isShown).map((association) => {
    const share = shares.get(association.id);
    const parent = byId.get(association.parentId);
    const user = association.user === '' ? '' : `${association.user}(${uidOf(slurm, association.user)})`;
    const usage = (value: number | null | undefined) => (value ?? 0).toFixed(2);
    const fairshare = association.fairshare === 'parent' ? 'parent' : `${association.fairshare}`;
    return [
      `ClusterName=${association.cluster} Account=${association.account} UserName=${user} Partition=${association.partition} Priority=${association.priority ?? 0} ID=${association.id}`,
      `    SharesRaw/Norm/Level/Factor=${fairshare}/${usage(share?.normShares)}/1/${usage(share?.fairshare)}`,
      `    UsageRaw/Norm/Efctv=${usage(share?.rawUsage)}/${usage(share?.normUsage)}/${usage(share?.effectiveUsage)}`,
      `    ParentAccount=${parent === undefined ? '' : `${parent.account}(${parent.id})`} Lineage=${association.lineage} DefAssoc=${association.isDefault ? 'Yes' : 'No'}`,
      ...limitLines(slurm, association, share?.usedMins ?? {}, share?.runMins ?? {}),
      `    Comment=${association.comment || '(null)'}`,
    ].join('\n');
  });
  return `\nAssociation Records\n\n${records.length === 0 ? 'No associations currently cached in Slurm.' : records.join('\n')}\n`;
}

interface Limits {
  readonly grpJobs: number | null;
  readonly grpSubmitJobs: number | null;
  readonly grpWall: number | null;
  readonly grpTres: Tres;
  readonly grpTresMins: Tres;
  readonly grpTresRunMins: Tres;
}

function limitLines(slurm: EmulatedSlurm, limits: Limits, used: Tres, running: Tres): readonly string[] {
  const count = (limit: number | null | undefined) => `${limit ?? 'N'}(0)`;
  const names = ['cpu', 'mem', 'energy', 'node', 'billing', 'fs/disk', 'vmem', 'pages', ...slurm.spec.tres];
  const list = (of: Tres, use: Tres) => names.map((name) => `${name}=${of[name] ?? 'N'}(${Math.floor(use[name] ?? 0)})`).join(',');
  return [
    `    GrpJobs=${count(limits.grpJobs)} GrpJobsAccrue=N(0)`,
    `    GrpSubmitJobs=${count(limits.grpSubmitJobs)} GrpWall=${limits.grpWall ?? 'N'}(0.00)`,
    `    GrpTRES=${list(limits.grpTres, {})}`,
    `    GrpTRESMins=${list(limits.grpTresMins, used)}`,
    `    GrpTRESRunMins=${list(limits.grpTresRunMins, running)}`,
  ];
}

function qosRecords(slurm: EmulatedSlurm, isShown: (name: string) => boolean): string {
  const records = slurm.database
    .qos()
    .filter(({ name }) => isShown(name))
    .map((qos) => [`QOS=${qos.name}(${qos.id})`, `    UsageRaw=0.000000`, ...limitLines(slurm, qos, {}, {})].join('\n'));
  return `\nQOS Records\n\n${records.length === 0 ? 'No QOS currently cached in Slurm.' : records.join('\n')}\n`;
}
