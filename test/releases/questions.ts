import type { Connector, Piece } from '@sluice/slurm';

/** What a recording needs to be asked again: when it was made, and which job is which. */
export interface Facts {
  /** As `slurmctld -V` said, e.g. `22.05.8`. */
  readonly release: string;
  /** Window of history, seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly workDir: string;
  readonly uids: Readonly<Record<'root' | 'alice' | 'bob', number>>;
  /** Job id by role of the scenario. */
  readonly jobs: Readonly<Record<string, number>>;
}

/** The same for every recording, so that a replayed connector asks what the recorded one asked. */
export const recordedNonce = 'SluiceRecordingNonce0000';

export type LiveAnswers = Awaited<ReturnType<typeof askLive>>;
export type EndedAnswers = Awaited<ReturnType<typeof askEnded>>;

/** Every question about a cluster with jobs in all states, one after the other. */
export async function askLive({ controller, accounting }: Connector, facts: Facts) {
  const some = ['exclusive', 'forged', 'held'].map((role) => facts.jobs[role] ?? 0);
  return {
    offers: { controller: await controller.offers(), accounting: await accounting.offers() },
    config: await controller.config(),
    active: await controller.activeJobs(),
    byId: await controller.jobsById([...some, 999_999]),
    allocations: await controller.allAllocations(),
    allocationsById: await controller.allocations(some),
    nodes: await controller.nodes(),
    partitions: await controller.partitions(),
    ping: await controller.ping(),
    diagnostics: await controller.diagnostics(),
    script: await controller.batchScript(some[0] ?? 0),
    text: await controller.describe(some[0] ?? 0),
    privileges: await accounting.privileges(),
    clusters: await accounting.clusters(),
    accounts: await accounting.accounts(),
    users: await accounting.users(),
    associations: await accounting.associations(),
    qos: await accounting.qos(),
    tres: await accounting.tres(),
    shares: await accounting.shares(),
    states: await gather(controller.activeStates()),
    details: await controller.details([...some, facts.jobs['completed'] ?? 0, 999_999], { script: true, description: true }),
  };
}

/** Every question about history. */
export async function askEnded({ accounting }: Connector, facts: Facts) {
  const { from, to } = facts;
  const some = ['exclusive', 'forged', 'odd', 'resized'].map((role) => facts.jobs[role] ?? 0);
  return {
    ended: await gather(accounting.endedJobs({ from, to })),
    byId: await gather(accounting.jobsById([...some, 999_999])),
    script: await accounting.batchScript(some[0] ?? 0),
    environment: await accounting.environment(some[0] ?? 0),
    runaway: await accounting.runawayJobs(),
  };
}

async function gather<T>(pieces: AsyncIterable<Piece<T>>) {
  const records: T[] = [];
  const rejects: unknown[] = [];
  for await (const piece of pieces) {
    if (piece.kind === 'records') records.push(...piece.records);
    if (piece.kind === 'rejects') rejects.push(...piece.rejects);
  }
  return { records, rejects };
}
