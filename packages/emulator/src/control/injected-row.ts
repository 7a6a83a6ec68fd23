import type { Epoch, Tres } from '@sluice/slurm';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';
import type { JobRow } from '../model/slurmdbd.ts';

/** Ids of slurmctld end at 0x03ff0000 (slurm.conf(5), MaxJobId); these are far from where it begins. */
const firstId = 60_000_000;

/**
 * A row of accounting for usage that no job made: a job that ended then, at most an hour long, so that it lies in one month; for more node-hours it had
 * more nodes. Resources are what, over that time, gives the seconds.
 */
export function injectedRow(
  slurm: EmulatedSlurm,
  usage: {
    readonly account: string;
    readonly associationId: number;
    readonly as: Identity;
    readonly seconds: Tres;
    readonly at: Epoch;
  },
): JobRow {
  const { account, associationId, as, seconds, at } = usage;
  const length = lengthOf(seconds);
  const date = new Date(at * 1000);
  const month = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / 1000;
  const start = Math.max(at - length, month);
  const tres = Object.fromEntries(Object.entries(seconds).map(([name, count]) => [name, Math.round(count / length)]));
  const partitions = slurm.controller.partitions();
  const jobId = nextId(slurm);
  return {
    dbIndex: String(jobId),
    cluster: slurm.spec.name,
    jobId,
    array: null,
    het: null,
    name: 'usage',
    uid: as.uid,
    user: as.user,
    gid: as.gid,
    group: as.group,
    account,
    associationId,
    qos: 'normal',
    partition: (partitions.find(({ isDefault }) => isDefault) ?? partitions[0])?.name ?? '',
    state: 'COMPLETED',
    cancelledBy: null,
    reason: 'None',
    exit: { code: 0, signal: 0 },
    derivedExit: { code: 0, signal: 0 },
    submit: start,
    eligible: start,
    start,
    end: start + length,
    suspendedSeconds: 0,
    timeLimit: Math.ceil(length / 60),
    priority: 1,
    nodes: partitions[0]?.nodes[0] ?? '',
    nodeCount: Math.max(1, Math.round(tres['node'] ?? 1)),
    requestedCpus: Math.max(1, Math.round(tres['cpu'] ?? 1)),
    requestedTres: tres,
    allocatedTres: tres,
    requestedMemory: null,
    flags: ['StartReceived'],
    constraints: '',
    reservation: '',
    restarts: 0,
    comment: '',
    adminComment: '',
    systemComment: 'injected usage',
    extra: '',
    workDir: '/',
    submitLine: '',
    stdout: '',
    stderr: '',
    stdin: '',
    failedNode: '',
    wckey: '',
    script: null,
    environment: null,
    steps: [],
  };
}

/** Seconds, at most an hour, over which the node-seconds are a whole number of nodes; an hour where no node is among the resources. */
function lengthOf(seconds: Tres): number {
  const whole = Math.round(seconds['node'] || 3600);
  const fewest = Math.max(1, Math.ceil(whole / 3600));
  for (let nodes = fewest; nodes < 2 * fewest; nodes++) if (whole % nodes === 0) return Math.max(1, whole / nodes);
  // Without such a number the seconds are rounded: less than a second per node-hour.
  return Math.max(1, Math.round(whole / fewest));
}

/** The first id that is free. They are given out one after the other and never taken back: those that are used lie before it without a gap. */
function nextId({ database }: EmulatedSlurm): number {
  const isUsed = (offset: number) => {
    for (const _ of database.jobRows({ jobIds: [String(firstId + offset)] })) return true;
    return false;
  };
  let beyond = 1;
  while (isUsed(beyond - 1)) beyond *= 2;
  let free = beyond - 1;
  for (let used = Math.floor(beyond / 2) - 1; free - used > 1; ) {
    const middle = Math.floor((used + free) / 2);
    if (isUsed(middle)) used = middle;
    else free = middle;
  }
  return firstId + free;
}
