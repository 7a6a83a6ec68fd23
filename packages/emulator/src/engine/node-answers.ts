import type { NodeRecord } from './node-record.ts';
import type { World } from './world.ts';

/** Seconds until a node that comes back has answered slurmctld (measured: one to two). */
const answerSeconds = 2;

/** A node that is let back is asked whether it is there, and takes no jobs before it has answered. */
export function askNode(world: World, node: NodeRecord): void {
  node.marks.add('NOT_RESPONDING');
  node.answersAt = world.now + answerSeconds;
  world.wakeAt('nodes', node.answersAt);
}

/** What a node would have answered is of no interest any more: it has got another state. */
export function forgetAnswer(node: NodeRecord): void {
  if (node.answersAt === null) return;
  node.answersAt = null;
  node.marks.delete('NOT_RESPONDING');
}

/** Nodes answer whose time has come; true when one did, upon which slurmctld looks at the queue. */
export function nodesAnswer(world: World): boolean {
  const answered: string[] = [];
  for (const node of world.nodes) {
    if (node.answersAt === null) continue;
    if (node.answersAt > world.now) {
      world.wakeAt('nodes', node.answersAt);
      continue;
    }
    forgetAnswer(node);
    node.settle();
    world.changedNodes.add(node.spec.name);
    answered.push(node.spec.name);
  }
  if (answered.length === 0) return false;
  world.countUnusable();
  world.freed(answered);
  return true;
}
