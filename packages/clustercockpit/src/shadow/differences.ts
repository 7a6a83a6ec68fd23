import type { DetailedJob } from '../cc/listed-job.ts';
import type { ResourcePayload, StartPayload, StopPayload } from '../cc/payloads.ts';

/** What would have been sent, and what stands in cc-backend. */
export interface Difference {
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** By field; empty when both say the same. */
export type Differences = Readonly<Record<string, Difference>>;

/** What of a start is compared: all but its texts, which can be long and are written in another way. */
export type ComparedStart = Omit<StartPayload, 'metaData' | 'submitTime' | 'tags'>;

/** Seconds by which durations may differ: both ends are rounded. */
const slack = 1;

/** How a start differs; `allocated` is false where nobody could say what the job holds, which then is not compared. */
export function startDifferences(ours: ComparedStart, theirs: DetailedJob, allocated: boolean): Differences {
  const found = new Map<string, Difference>();
  const compare = (field: string, one: unknown, other: unknown) => {
    if (JSON.stringify(one) !== JSON.stringify(other)) found.set(field, { ours: one, theirs: other });
  };
  compare('user', ours.user, theirs.user);
  compare('project', ours.project, theirs.project);
  compare('partition', ours.partition, theirs.partition);
  compare('arrayJobId', ours.arrayJobId ?? 0, theirs.arrayJobId);
  compare('walltime', ours.walltime ?? 0, theirs.walltime);
  compare('numNodes', ours.numNodes, theirs.numNodes);
  if (ours.subCluster !== undefined) compare('subCluster', ours.subCluster, theirs.subCluster);
  compare('hosts', hostsOf(ours.resources), hostsOf(theirs.resources));
  if (!allocated) return Object.fromEntries(found);
  compare('shared', ours.shared, theirs.shared);
  compare('numHwthreads', ours.numHwthreads, theirs.numHwthreads);
  compare('numAcc', ours.numAcc, theirs.numAcc);
  compare('hwthreads', held(ours.resources, 'hwthreads'), held(theirs.resources, 'hwthreads'));
  compare('accelerators', held(ours.resources, 'accelerators'), held(theirs.resources, 'accelerators'));
  return Object.fromEntries(found);
}

/** How an end differs. */
export function stopDifferences(ours: StopPayload, theirs: DetailedJob): Differences {
  const found: Record<string, Difference> = {};
  if (theirs.jobState !== ours.jobState) found['jobState'] = { ours: ours.jobState, theirs: theirs.jobState };
  const duration = ours.stopTime - ours.startTime;
  if (theirs.jobState !== 'running' && Math.abs(theirs.duration - duration) > slack) {
    found['duration'] = { ours: duration, theirs: theirs.duration };
  }
  return found;
}

function hostsOf(resources: readonly ResourcePayload[]): readonly string[] {
  return resources.map(({ hostname }) => hostname).toSorted();
}

/** What is held by host, in an order that means nothing; hosts without are left out. */
function held(resources: readonly ResourcePayload[], what: 'hwthreads' | 'accelerators'): Readonly<Record<string, readonly unknown[]>> {
  const byHost = resources.flatMap((resource) => {
    const ids: readonly (number | string)[] = resource[what] ?? [];
    return ids.length === 0 ? [] : [[resource.hostname, ids.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))] as const];
  });
  return Object.fromEntries(byHost.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
