import type { JobChanges } from '../model/slurmctld.ts';
import { allocatedTres } from './grant.ts';
import type { JobRecord } from './job-record.ts';
import { account, charge } from './lifecycle.ts';
import { refusal } from './slurm-errors.ts';
import type { World } from './world.ts';

/** A running job gives nodes back: its row of accounting is closed as RESIZING, and it goes on under a new one (slurm.md §9). */
export function shrink(world: World, job: JobRecord, changes: JobChanges): void {
  if (job.state !== 'RUNNING') throw refusal('ESLURM_JOB_NOT_RUNNING');
  const kept = new Set(changes.nodeList ?? job.nodes.slice(0, changes.numNodes));
  if (kept.size === 0 || kept.size > job.nodes.length || [...kept].some((name) => !job.nodes.includes(name)))
    throw refusal('ESLURM_INVALID_NODE_COUNT');
  if (kept.size === job.nodes.length) return;
  const { now } = world;
  const end = job.end;
  world.manager.stopCharge(job.dbIndex, now);
  world.counts.started(job, -1);
  job.end = now;
  account(world, job, 'RESIZING');
  for (const grant of job.grants) {
    if (kept.has(grant.node)) continue;
    world.nodeByName.get(grant.node)?.giveBack(job.jobId, grant, job.own.demand.sharing);
    world.changedNodes.add(grant.node);
  }
  world.freed(job.nodes);
  job.grants = job.grants.filter(({ node }) => kept.has(node));
  job.nodes = job.grants.map(({ node }) => node);
  job.nodeCount = job.nodes.length;
  job.batchHost = job.nodes[0] ?? '';
  job.allocatedTres = allocatedTres(job.grants, {
    tracked: world.tracked,
    weights: world.partition(job.partition)?.billingWeights ?? null,
  });
  job.cpus = job.allocatedTres['cpu'] ?? 0;
  job.end = end;
  job.submit = now;
  job.dbIndex = world.newDbIndex();
  world.counts.started(job, 1);
  charge(world, job);
  world.scheduleSoon();
}
