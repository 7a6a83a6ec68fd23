import type { JobChanges, NodeChanges } from '../model/slurmctld.ts';
import type { PartitionSpec } from '../model/spec.ts';
import { forJobs } from './scontrol-act.ts';
import { fail, isWord, type Pair, pairOf, type Scontrol, tried } from './scontrol-call.ts';
import { updateReservation } from './scontrol-update-reservation.ts';
import { hosts, limit, refuse, timeReader, UpdateRefusal, words, yes } from './scontrol-update-values.ts';

/** `scontrol update KEY=VALUE…`: what is changed says the key that names it. */
export async function update(scontrol: Scontrol, words: readonly string[]): Promise<void> {
  const pairs = entityPairs(words);
  if (pairs.length === 0) {
    fail(scontrol, 'too few arguments for update keyword');
    return;
  }
  const find = (names: readonly (readonly [name: string, least: number])[]) =>
    pairs.find(({ key, value }) => value !== null && names.some(([name, least]) => isWord(key, name, least)));
  const job = find([['jobid', 3]]) ?? find([['jobname', 4]]);
  const node = find([['nodename', 5]]);
  const partition = find([['partitionname', 2]]);
  const reservation = find([['reservationname', 3]]);
  try {
    // A job's request may name a partition, a reservation and nodes too: the key that comes first counts.
    const [first] = pairs;
    if (node !== undefined && node === first) await updateNodes(scontrol, node, others(pairs, node));
    else if (partition !== undefined && partition === first) await updatePartition(scontrol, partition, others(pairs, partition));
    else if (reservation !== undefined && reservation === first) await updateReservation(scontrol, reservation, others(pairs, reservation));
    else if (job !== undefined) await updateJobs(scontrol, job, others(pairs, job));
    else if (node !== undefined) await updateNodes(scontrol, node, others(pairs, node));
    else if (partition !== undefined) await updatePartition(scontrol, partition, others(pairs, partition));
    else if (reservation !== undefined) await updateReservation(scontrol, reservation, others(pairs, reservation));
    else if (find([['slurmctlddebug', 10]]) === undefined) {
      fail(
        scontrol,
        'No valid entity in update command\nInput line must include "NodeName", "PartitionName", "Reservation", "JobId", or "SlurmctldDebug"',
      );
    }
  } catch (error) {
    if (!(error instanceof UpdateRefusal)) throw error;
    fail(scontrol, error.message);
  }
}

/** `update job 5 comment=x` is `update job=5 comment=x`. */
function entityPairs(words: readonly string[]): readonly Pair[] {
  const [first = '', second = '', ...rest] = words;
  const isSplit = !first.includes('=') && second !== '' && !second.includes('=');
  return (isSplit ? [`${first}=${second}`, ...rest] : words).map(pairOf);
}

function others(pairs: readonly Pair[], one: Pair): readonly Pair[] {
  return pairs.filter((pair) => pair !== one);
}

type JobKey = (value: string, pair: Pair, time: (text: string) => number) => JobChanges;

/** Keys of a job's update, with how many letters say so. */
const jobKeys: readonly (readonly [name: string, least: number, change: JobKey])[] = [
  ['account', 1, (account) => ({ account })],
  ['admincomment', 3, (adminComment) => ({ adminComment })],
  ['arraytaskthrottle', 10, (value) => ({ arrayMaxRunning: Number(value) })],
  ['comment', 3, (comment) => ({ comment })],
  ['deadline', 3, (value, _, time) => ({ deadline: time(value) })],
  ['dependency', 1, (dependency) => ({ dependency })],
  ['eligibletime', 2, (value, _, time) => ({ begin: time(value) })],
  ['excnodelist', 3, (value) => ({ excludedNodes: value === '' ? [] : hosts(value) })],
  ['extra', 3, (extra) => ({ extra })],
  ['jobname', 4, (name) => ({ name })],
  ['name', 2, (name) => ({ name })],
  ['nice', 2, (value) => ({ nice: value === '' ? 100 : Number(value) })],
  ['nodelist', 5, (value) => ({ nodeList: hosts(value) })],
  ['numnodes', 4, (value) => ({ numNodes: Number(value.split('-')[0]) })],
  ['partition', 2, (value) => ({ partitions: words(value) })],
  ['priority', 2, (value, pair) => (/^\d+$/.test(value) ? { priority: Number(value) } : refuse(pair))],
  ['qos', 1, (qos) => ({ qos })],
  ['reqnodelist', 8, (value) => ({ requiredNodes: value === '' ? [] : hosts(value) })],
  ['requeue', 4, (value) => ({ requeue: yes(value) })],
  ['reservationname', 3, (reservation) => ({ reservation })],
  ['starttime', 2, (value, _, time) => ({ begin: time(value) })],
  ['systemcomment', 7, (systemComment) => ({ systemComment })],
];

async function updateJobs(scontrol: Scontrol, named: Pair, pairs: readonly Pair[]): Promise<void> {
  const { call } = scontrol;
  const controller = await call.controller();
  const time = await timeReader(scontrol);
  const isName = isWord(named.key, 'jobname', 4);
  const value = named.value ?? '';
  const selectors = isName
    ? [...controller.jobs()].filter(({ name }) => name === value).map(({ jobId }) => `${jobId}`)
    : value.split(/,(?![^[]*\])/).filter((word) => word !== '');
  const asked = pairs.filter(({ key }) => !isWord(key, 'userid', 1));
  for (const selector of selectors) {
    let changes: JobChanges = {};
    for (const pair of asked) {
      if (pair.value === null) throw new UpdateRefusal(`Update of this parameter is not supported: ${pair.word}\nRequest aborted`);
      changes = { ...changes, ...(isWord(pair.key, 'timelimit', 5) ? timeLimitChange(scontrol, pair, selector) : changeOf(pair, time)) };
    }
    if (Object.keys(changes).length === 0) throw new UpdateRefusal('No changes specified');
    const before = scontrol.code;
    scontrol.code = 0;
    forJobs(scontrol, controller, selector, (one) => controller.updateJob(one, changes, call.as));
    const isDone = scontrol.code === 0;
    scontrol.code = Math.max(before, scontrol.code);
    if (isDone && (changes.numNodes !== undefined || changes.nodeList !== undefined)) call.out(resizeText(selector));
  }
}

function changeOf(pair: Pair, time: (text: string) => number): JobChanges {
  const key = jobKeys.find(([name, least]) => isWord(pair.key, name, least));
  return key === undefined ? refuse(pair) : key[2](pair.value ?? '', pair, time);
}

function timeLimitChange({ call }: Scontrol, { sign, value }: Pair, selector: string): JobChanges {
  const text = value ?? '';
  const by = text.startsWith('+') || text.startsWith('-') ? text.charAt(0) : sign;
  const minutes = limit(text.replace(/^[+-]/, ''));
  if (minutes === undefined) throw new UpdateRefusal('scontrol: error: Invalid TimeLimit value');
  if (by === '' || minutes === 'unlimited') return { timeLimit: minutes };
  const [job] = call.slurm.controller.select(selector);
  const now = job === undefined || job.timeLimit === 'unlimited' ? 0 : job.timeLimit;
  return { timeLimit: by === '+' ? now + minutes : Math.max(0, now - minutes) };
}

/** A job that shrinks has another environment from now on. */
function resizeText(jobId: string): string {
  return (
    'To reset Slurm environment variables, execute\n' +
    `  For bash or sh shells:  . ./slurm_job_${jobId}_resize.sh\n` +
    `  For csh shells:         source ./slurm_job_${jobId}_resize.csh\n`
  );
}

const needsReason: Readonly<Record<string, string>> = { down: 'DOWNING', drain: 'DRAINING', fail: 'FAILING' };

/** Words for a node's state that scontrol takes. */
const nodeStates: readonly string[] = [
  ...[
    'noresp',
    'drain',
    'fail',
    'future',
    'resume',
    'power_down',
    'power_down_asap',
    'power_down_force',
    'power_up',
    'undrain',
    'down',
    'idle',
  ],
  ...['cancel_reboot', 'error', 'allocated', 'mixed', 'unknown'],
];
const validStates =
  "Valid states are: NoResp DRAIN FAIL FUTURE RESUME POWER_DOWN POWER_UP UNDRAIN\nNot all states are valid given a node's prior state";

async function updateNodes(scontrol: Scontrol, named: Pair, pairs: readonly Pair[]): Promise<void> {
  const { call } = scontrol;
  let changes: NodeChanges = {};
  for (const pair of pairs) {
    const value = pair.value ?? '';
    if (isWord(pair.key, 'state', 1)) changes = { ...changes, state: value.toLowerCase() };
    else if (isWord(pair.key, 'reason', 1)) changes = { ...changes, reason: value.replace(/^["']|["']$/g, '') };
    else if (isWord(pair.key, 'comment', 1)) changes = { ...changes, comment: value };
    else if (isWord(pair.key, 'extra', 1)) changes = { ...changes, extra: value };
    else if (isWord(pair.key, 'weight', 1)) changes = { ...changes, weight: Number(value) };
    else if (isWord(pair.key, 'availablefeatures', 2) || isWord(pair.key, 'features', 1) || isWord(pair.key, 'activefeatures', 3))
      changes = { ...changes, features: words(value) };
    else refuse(pair);
  }
  const doing = Object.entries(needsReason).find(([state]) => changes.state === state)?.[1];
  if (changes.state !== undefined && !nodeStates.includes(changes.state)) {
    throw new UpdateRefusal(`Invalid input: state=${changes.state}\nRequest aborted\n${validStates}`);
  }
  if (doing !== undefined && changes.reason === undefined) {
    throw new UpdateRefusal(`You must specify a reason when ${doing} a node. Request denied`);
  }
  if (Object.keys(changes).length === 0) throw new UpdateRefusal('No changes specified');
  const controller = await call.controller();
  tried(
    scontrol,
    () => controller.updateNode(hosts(named.value ?? ''), changes, call.as),
    (message) => `slurm_update error: ${message}`,
  );
}

type PartitionKey = (value: string, pair: Pair) => Partial<PartitionSpec>;

const minutesOrNone = (value: string): number | null => {
  const read = limit(value);
  return typeof read === 'number' ? read : null;
};
const countOrNone = (value: string) => (/^\d+$/.test(value) ? Number(value) : null);
const listOrAll = (value: string) => (value.toUpperCase() === 'ALL' || value === '' ? null : words(value));

const partitionKeys: readonly (readonly [name: string, least: number, change: PartitionKey])[] = [
  ['allowaccounts', 6, (value) => ({ allowAccounts: listOrAll(value) })],
  ['allowqos', 6, (value) => ({ allowQos: listOrAll(value) })],
  ['defaulttime', 8, (value) => ({ defaultTime: minutesOrNone(value) })],
  ['default', 7, (value) => ({ isDefault: yes(value) })],
  ['defmempercpu', 10, (value) => ({ defMemPerCpuMiB: countOrNone(value) })],
  ['maxtime', 4, (value) => ({ maxTime: minutesOrNone(value) })],
  ['maxnodes', 4, (value) => ({ maxNodes: countOrNone(value) })],
  ['minnodes', 4, (value) => ({ minNodes: Number(value) })],
  ['nodes', 1, (value) => ({ nodes: hosts(value) })],
  ['oversubscribe', 5, (value) => ({ oversubscribe: value.toUpperCase() })],
  ['priorityjobfactor', 9, (value) => ({ priorityJobFactor: Number(value) })],
  ['prioritytier', 9, (value) => ({ priorityTier: Number(value) })],
  ['qos', 1, (value) => ({ qos: value === '' ? null : value })],
  ['state', 2, (value, pair) => stateChange(value, pair)],
];

function stateChange(value: string, pair: Pair): Partial<PartitionSpec> {
  const state = (['UP', 'DOWN', 'DRAIN', 'INACTIVE'] as const).find((word) => word === value.toUpperCase());
  if (state === undefined) throw new UpdateRefusal(`Invalid input: ${pair.word}\nAcceptable State values are UP, DOWN, DRAIN and INACTIVE`);
  return { state };
}

async function updatePartition(scontrol: Scontrol, named: Pair, pairs: readonly Pair[]): Promise<void> {
  const { call } = scontrol;
  let changes: Partial<PartitionSpec> = {};
  for (const pair of pairs) {
    const key = partitionKeys.find(([name, least]) => isWord(pair.key, name, least));
    changes = { ...changes, ...(key === undefined || pair.value === null ? refuse(pair) : key[2](pair.value, pair)) };
  }
  if (Object.keys(changes).length === 0) throw new UpdateRefusal('No changes specified');
  const controller = await call.controller();
  tried(
    scontrol,
    () => controller.updatePartition(named.value ?? '', changes, call.as),
    (message) => `slurm_update error: ${message}`,
  );
}
