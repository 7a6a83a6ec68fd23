import type { Identity } from '../model/job.ts';
import type { NodeChanges } from '../model/slurmctld.ts';
import type { JobRecord } from './job-record.ts';
import { endJob } from './lifecycle.ts';
import { askNode, forgetAnswer } from './node-answers.ts';
import type { NodeRecord } from './node-record.ts';
import { needOperator } from './permissions.ts';
import { refusal } from './slurm-errors.ts';
import { inOrder, type World } from './world.ts';

/** `scontrol update node`. */
export function updateNodes(world: World, names: readonly string[], changes: NodeChanges, as: Identity): void {
  needOperator(world, as);
  const nodes = names.map((name) => {
    const node = world.nodeByName.get(name);
    if (node === undefined) throw refusal('ESLURM_INVALID_NODE_NAME');
    return node;
  });
  for (const node of nodes) {
    if (changes.comment !== undefined) node.comment = changes.comment;
    if (changes.extra !== undefined) node.extra = changes.extra;
    if (changes.features !== undefined) node.features = changes.features;
    if (changes.weight !== undefined) node.weight = changes.weight;
    if (changes.state !== undefined) changeState(world, node, changes.state.toLowerCase(), changes.reason, as);
    else if (changes.reason !== undefined) giveReason(world, node, changes.reason, as);
    node.settle();
    world.changedNodes.add(node.spec.name);
  }
  world.countUnusable();
  world.freed();
  if (changes.weight !== undefined) for (const partition of world.partitions.values()) partition.members = inOrder(partition.members);
  world.scheduleSoon();
}

function giveReason(world: World, node: NodeRecord, reason: string, as: Identity): void {
  node.reason = reason;
  node.reasonBy = reason === '' ? '' : as.user;
  node.reasonAt = reason === '' ? null : world.now;
}

function changeState(world: World, node: NodeRecord, state: string, reason: string | undefined, as: Identity): void {
  forgetAnswer(node);
  switch (state) {
    case 'down':
    case 'fail':
    case 'noresp':
      if (state === 'noresp') node.marks.add('NOT_RESPONDING');
      giveReason(world, node, reason ?? node.reason, as);
      fail(world, node, as);
      return;
    case 'drain':
      if (reason === undefined && node.reason === '') throw refusal('ESLURM_INVALID_NODE_STATE');
      node.marks.add('DRAIN');
      giveReason(world, node, reason ?? node.reason, as);
      tell(world, node, { state: 'DRAIN', up: false, as });
      return;
    case 'undrain':
      node.marks.delete('DRAIN');
      break;
    case 'resume':
    case 'idle':
      node.marks.delete('DRAIN');
      node.marks.delete('NOT_RESPONDING');
      node.marks.delete('POWERED_DOWN');
      node.down = false;
      askNode(world, node);
      break;
    case 'power_down':
    case 'power_down_asap':
    case 'power_down_force':
      node.marks.add('POWERED_DOWN');
      return;
    case 'power_up':
      node.marks.delete('POWERED_DOWN');
      return;
    default:
      throw refusal('ESLURM_INVALID_NODE_STATE');
  }
  if (!node.down) {
    giveReason(world, node, '', as);
    tell(world, node, { state: '', up: true, as });
  }
}

/** A node is down: its jobs end as NODE_FAIL; those that may be requeued begin again. */
function fail(world: World, node: NodeRecord, as: Identity): void {
  node.down = true;
  node.settle();
  tell(world, node, { state: 'DOWN', up: false, as });
  for (const jobId of [...node.jobs]) {
    const job = world.jobs.get(jobId);
    if (job === undefined || (job.state !== 'RUNNING' && job.state !== 'SUSPENDED')) continue;
    job.failedNode = node.spec.name;
    nodeFail(world, job);
  }
}

function nodeFail(world: World, job: JobRecord): void {
  if (job.requeue && job.request.script !== null) job.own.requeueAfter ??= { hold: false, special: false };
  world.effects.signalled(job, 9);
  endJob(world, job, { state: 'NODE_FAIL', exit: { code: 0, signal: world.release >= 2411 ? 1 : 0 }, reason: 'NodeDown' });
}

/** Scripts that ran as processes of the emulator ended with it: for their jobs it is as if the node had failed. */
export function loseScripts(world: World): void {
  for (const id of [...world.running]) {
    const job = world.jobs.get(id);
    if (job === undefined || job.own.plan !== null) continue;
    job.failedNode = job.batchHost;
    nodeFail(world, job);
  }
}

function tell(
  world: World,
  node: NodeRecord,
  { state, up, as }: { readonly state: string; readonly up: boolean; readonly as: Identity },
): void {
  world.agent.send({ kind: 'node', node: node.spec.name, state, reason: node.reason, by: as, at: world.now, up }, world.now);
}
