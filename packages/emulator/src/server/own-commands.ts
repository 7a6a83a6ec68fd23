import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { EmulatorStatus, OwnAnswer, OwnRequest } from './own-requests.ts';

export interface HeldCluster {
  readonly slurm: EmulatedSlurm;
  /** What the process says of itself. */
  readonly about: Pick<EmulatorStatus, 'pid' | 'directory' | 'since' | 'rest' | 'control' | 'shell'>;
}

/** What `sluice emulator …` asks the process that holds a cluster; faults of the daemons do not keep it from answering. */
export function answerOwn(held: HeldCluster, request: OwnRequest): OwnAnswer {
  const { slurm } = held;
  switch (request.ask) {
    case 'status':
      break;
    case 'faults':
      slurm.setFaults(request.changes);
      break;
    case 'time':
      if (request.rate !== undefined) slurm.time.setRate(request.rate);
      if (request.advance !== undefined) slurm.time.advance(request.advance);
      if (request.set !== undefined) slurm.time.set(request.set);
      break;
    default:
      return { error: 'the process that holds the cluster does not know this question: it is of another release' };
  }
  return { status: statusOf(held) };
}

function statusOf({ slurm, about }: HeldCluster): EmulatorStatus {
  const { spec, controller, time, faults } = slurm;
  const jobs: Record<string, number> = {};
  for (const { state } of controller.jobs()) jobs[state] = (jobs[state] ?? 0) + 1;
  const nodes: Record<string, number> = {};
  for (const { state, flags } of controller.nodes()) {
    const words = [state, ...flags].join('+');
    nodes[words] = (nodes[words] ?? 0) + 1;
  }
  return {
    ...about,
    cluster: spec.name,
    release: spec.release,
    time: { now: time.now(), rate: time.rate },
    controllers: controller.controllers().map(({ host, up }) => ({ host, up })),
    nodes,
    partitions: controller.partitions().map(({ name }) => name),
    jobs,
    faults,
  };
}
