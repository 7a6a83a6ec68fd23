import { manualClock } from '@sluice/io';
import type { EmulatedSlurm } from '../../model/emulated-slurm.ts';
import type { Identity, JobRequest } from '../../model/job.ts';
import { SlurmError } from '../../model/slurmctld.ts';
import { openEmulator } from '../../open-emulator.ts';
import { alice, bob, labCluster, root, wrapped } from './lab-cluster.ts';

/** Start of the time of test clusters. */
export const testStart = 1_795_253_894;

/** A cluster whose time stands still until it is moved. */
export function stillCluster(
  options: { readonly settings?: Readonly<Record<string, string>>; readonly file?: string; readonly release?: string } = {},
): EmulatedSlurm {
  return openEmulator({
    spec: labCluster(options.settings, options.release),
    file: options.file ?? ':memory:',
    clock: manualClock(testStart * 1000),
    rate: 0,
    random: () => 0.5,
  });
}

/** What someone does to the cluster. */
export type Deed =
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'submit'; readonly as: 'alice' | 'bob'; readonly requests: readonly Partial<JobRequest>[] }
  | {
      readonly kind: 'job';
      readonly what: 'cancel' | 'hold' | 'release' | 'requeue' | 'suspend' | 'resume' | 'shrink' | 'limit';
      readonly pick: number;
    }
  | { readonly kind: 'node'; readonly state: 'down' | 'drain' | 'resume'; readonly pick: number };

const people: Readonly<Record<string, Identity>> = { alice, bob };

/** Does it; what Slurm refuses is left undone. */
export function doIt(slurm: EmulatedSlurm, deed: Deed): void {
  const { controller } = slurm;
  try {
    switch (deed.kind) {
      case 'wait':
        slurm.time.advance(deed.seconds);
        return;
      case 'submit':
        controller.submit(
          deed.requests.map((request) => wrapped('sleep 100', request)),
          people[deed.as] ?? alice,
        );
        return;
      case 'node': {
        const nodes = controller.nodes();
        const node = nodes[deed.pick % nodes.length];
        if (node !== undefined) controller.updateNode([node.spec.name], { state: deed.state, reason: 'test' }, root);
        return;
      }
      case 'job':
        toJob(slurm, deed.what, deed.pick);
        return;
    }
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
  }
}

function toJob({ controller }: EmulatedSlurm, what: string, pick: number): void {
  const jobs = [...controller.jobs()];
  const job = jobs[pick % Math.max(1, jobs.length)];
  if (job === undefined) return;
  const id = `${job.jobId}`;
  switch (what) {
    case 'cancel':
      controller.signal(id, null, { batchOnly: false, full: false }, root);
      return;
    case 'hold':
      controller.hold(id, 'user', root);
      return;
    case 'release':
      controller.release(id, root);
      return;
    case 'requeue':
      controller.requeue(id, { hold: false, specialExit: false }, root);
      return;
    case 'suspend':
      controller.suspend(id, root);
      return;
    case 'resume':
      controller.resume(id, root);
      return;
    case 'shrink':
      if (job.state === 'RUNNING') controller.updateJob(id, { numNodes: 1 }, root);
      return;
    case 'limit':
      controller.updateJob(id, { timeLimit: 5 }, root);
      return;
  }
}

/** All that slurmctld and slurmdbd say of jobs and nodes, as text: two clusters with the same are the same. */
export function account(slurm: EmulatedSlurm): string {
  const nodes = slurm.controller.nodes().map(({ spec, state, flags, cpusAllocated, memoryAllocatedMiB, gresUsed, reason }) => ({
    name: spec.name,
    state,
    flags,
    cpusAllocated,
    memoryAllocatedMiB,
    gresUsed,
    reason,
  }));
  const rows = [...slurm.database.jobRows({ duplicates: true })];
  return JSON.stringify({ jobs: [...slurm.controller.jobs()], nodes, rows, statistics: slurm.controller.statistics() }, null, 1);
}
