import type { EmulatedAssociation, EmulatedQos, Slurmdbd } from '../model/slurmdbd.ts';
import { limitText, minutesText } from './sacctmgr-settings.ts';
import type { Cells } from './sacctmgr-table.ts';
import { spanText } from './time-text.ts';

/** What an association says, inherited limits included unless they are not wanted. */
export function associationCells(association: EmulatedAssociation, { ownOnly = false, rawQos = false } = {}): Cells {
  const { own } = association;
  const limits = ownOnly ? own : association;
  return {
    account: association.account,
    cluster: association.cluster,
    comment: association.comment,
    defaultQos: limits.defaultQos,
    grpCpus: only(association.grpTres, 'cpu'),
    grpCpuMins: only(association.grpTresMins, 'cpu'),
    grpCpuRunMins: only(association.grpTresRunMins, 'cpu'),
    grpTres: limitText(association.grpTres),
    grpTresMins: limitText(association.grpTresMins),
    grpTresRunMins: limitText(association.grpTresRunMins),
    grpJobs: number(association.grpJobs),
    grpMemory: number(association.grpTres['mem'] ?? null),
    grpNodes: only(association.grpTres, 'node'),
    grpSubmitJobs: number(association.grpSubmitJobs),
    grpWall: wall(association.grpWall),
    id: String(association.id),
    lineage: association.lineage,
    maxCpuMins: only(limits.maxTresMinsPerJob, 'cpu'),
    maxCpus: only(limits.maxTresPerJob, 'cpu'),
    maxJobs: number(limits.maxJobs),
    maxNodes: only(limits.maxTresPerJob, 'node'),
    maxSubmitJobs: number(limits.maxSubmitJobs),
    maxTresPerJob: limitText(limits.maxTresPerJob),
    maxTresPerNode: limitText(limits.maxTresPerNode),
    maxTresMinsPerJob: limitText(limits.maxTresMinsPerJob),
    maxWall: wall(limits.maxWallPerJob),
    parentId: String(association.parentId),
    parentName: association.parent,
    partition: association.partition,
    priority: number(association.priority),
    qos: (rawQos ? rawQosOf(association) : ownOnly ? own.qos : association.qos).join(),
    qosRaw: own.qos.join(),
    share: String(association.fairshare),
    user: association.user,
  };
}

export function qosCells(qos: EmulatedQos): Cells {
  return {
    description: qos.description,
    flags: qos.flags.join(),
    graceTime: spanText(qos.graceTime),
    grpCpus: only(qos.grpTres, 'cpu'),
    grpCpuMins: only(qos.grpTresMins, 'cpu'),
    grpTres: limitText(qos.grpTres),
    grpTresMins: limitText(qos.grpTresMins),
    grpTresRunMins: limitText(qos.grpTresRunMins),
    grpJobs: number(qos.grpJobs),
    grpSubmitJobs: number(qos.grpSubmitJobs),
    grpWall: wall(qos.grpWall),
    id: String(qos.id),
    // MaxJobs and MaxSubmitJobs are those per user (recorded).
    maxJobs: number(qos.maxJobsPerUser),
    maxJobsPerAccount: number(qos.maxJobsPerAccount),
    maxJobsPerUser: number(qos.maxJobsPerUser),
    maxSubmitJobs: number(qos.maxSubmitJobsPerUser),
    maxSubmitJobsPerAccount: number(qos.maxSubmitJobsPerAccount),
    maxSubmitJobsPerUser: number(qos.maxSubmitJobsPerUser),
    maxTresPerJob: limitText(qos.maxTresPerJob),
    maxTresPerNode: limitText(qos.maxTresPerNode),
    maxTresPerAccount: limitText(qos.maxTresPerAccount),
    maxTresPerUser: limitText(qos.maxTresPerUser),
    maxTresMinsPerJob: limitText(qos.maxTresMinsPerJob),
    maxWall: wall(qos.maxWallPerJob),
    minTres: limitText(qos.minTresPerJob),
    name: qos.name,
    preempt: qos.preempt.join(),
    preemptMode: qos.preemptMode,
    priority: String(qos.priority),
    usageFactor: qos.usageFactor.toFixed(6),
    usageThreshold: qos.usageThreshold === null ? '' : qos.usageThreshold.toFixed(6),
  };
}

export function clusterCells(cluster: ReturnType<Slurmdbd['clusters']>[number], root: EmulatedAssociation | undefined): Cells {
  const cells: Cells = root === undefined ? { share: '1', qos: 'normal' } : associationCells(root);
  return {
    ...cells,
    cluster: cluster.name,
    controlHost: cluster.controlHost,
    controlPort: String(cluster.controlPort),
    rpc: String(cluster.rpcVersion),
  };
}

/** Differences to the parent's list, and then what else there is of it. */
function rawQosOf({ own, qos }: EmulatedAssociation): readonly string[] {
  const named = own.qos.map((name) => name.replace(/^[+-]/, ''));
  return [...own.qos, ...qos.filter((name) => !named.includes(name))];
}

function only(tres: Readonly<Record<string, number>>, name: string): string {
  return tres[name] === undefined ? '' : limitText({ [name]: tres[name] }).slice(name.length + 1);
}

function number(value: number | null): string {
  return value === null ? '' : String(value);
}

function wall(minutes: number | null): string {
  return minutes === null ? '' : minutesText(minutes);
}
