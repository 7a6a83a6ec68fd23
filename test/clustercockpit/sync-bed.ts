import { type ClusterSyncOptions, type ClusterSyncReport, loadSyncConfig, type SlurmReader, syncCluster } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import { type Answer, type GresAllocation, type JobDetails, type Node, parseState } from '@sluice/slurm';
import type { StandIn } from './client-bed.ts';

/** A job as slurmctld holds it. */
export interface Held {
  readonly jobId: number;
  readonly start: number;
  /** `RUNNING` unless given. */
  readonly state?: string;
  readonly end?: number;
  /** `node01` unless given. */
  readonly nodes?: string;
  readonly adminComment?: string;
  readonly cpuIds?: readonly number[];
  readonly gres?: readonly GresAllocation[];
}

/** A row of accounting. */
export interface Row {
  readonly jobId: number;
  readonly start: number;
  readonly state: string;
  readonly end: number | null;
}

export interface Scripted {
  readonly held?: readonly Held[];
  readonly rows?: readonly Row[];
  readonly nodes?: readonly Node[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Facets that nobody can reach. */
  readonly down?: readonly ('controller' | 'accounting')[];
}

const unreachable = () => new SluiceError('slurm.unreachable', 'nobody answers');

/** A Slurm whose cluster is called `local`, and the ids that its accounting was asked about. */
export function scriptedSlurm({ held = [], rows = [], nodes = [], environment, down = [] }: Scripted): {
  readonly slurm: SlurmReader;
  readonly asked: number[];
} {
  const asked: number[] = [];
  const up = (facet: 'controller' | 'accounting') => {
    if (down.includes(facet)) throw unreachable();
  };
  const controller = {
    async config() {
      up('controller');
      return { ClusterName: 'local' };
    },
    async nodes() {
      up('controller');
      return { records: nodes, rejects: [] };
    },
    async *activeStates() {
      up('controller');
      const records = held.map(({ jobId, start, state = 'RUNNING', end = null }) => ({
        cluster: 'local',
        jobId,
        state: parseState(state),
        start,
        end,
        restarts: 0,
      }));
      yield { kind: 'records', records };
    },
    async details(jobIds: readonly number[]) {
      up('controller');
      return new Map(jobIds.map((jobId): [number, Answer<JobDetails>] => [jobId, detailsOf(held.find((job) => job.jobId === jobId))]));
    },
  };
  const accounting = {
    async *jobsById(jobIds: readonly number[]) {
      up('accounting');
      asked.push(...jobIds);
      const records = rows
        .filter(({ jobId }) => jobIds.includes(jobId))
        .map((row) => ({ ...common, cluster: 'local', ...row, state: parseState(row.state), nodes: 'node01', adminComment: '' }));
      yield { kind: 'records', records };
    },
    async environment() {
      up('accounting');
      return environment ? { kind: 'known', value: environment } : { kind: 'gone' };
    },
  };
  return { slurm: { controller, accounting } as unknown as SlurmReader, asked };
}

const common = {
  array: null,
  name: 'name',
  user: 'alice',
  account: 'chem',
  partition: 'cpu',
  submit: null,
  timeLimit: 60,
  cpus: 2,
  allocated: { cpu: 2 },
  comment: '',
};

function detailsOf(job: Held | undefined): Answer<JobDetails> {
  if (!job) return { kind: 'gone' };
  const { jobId, start, state = 'RUNNING', end = null, nodes = 'node01', adminComment = '', cpuIds = [0, 1], gres = [] } = job;
  const active = { ...common, cluster: 'local', jobId, start, state: parseState(state), end, nodes, adminComment, sharing: 'shared' };
  const holding = { node: nodes, cpus: cpuIds.length, cpuIds, cores: null, memoryMiB: null, gres };
  const allocation = { cluster: 'local', jobId, start, whole: false, nodes: [holding] };
  const value = { job: active, allocation, script: '#!/bin/sh\n', description: `JobId=${jobId}` } as unknown as JobDetails;
  return { kind: 'known', value };
}

/** Keys of cc-slurm-sync's configuration for the stand-in's cluster; `keys` go over them. */
async function syncConfig(keys: object = {}) {
  const text = JSON.stringify({ clustername: 'labcluster', 'cc-backend': { host: 'http://127.0.0.1', apikey: 'x' }, ...keys });
  return (await loadSyncConfig({ file: 'config.json', text, strict: true })).config;
}

/** One sync between a scripted Slurm and the stand-in. */
export async function sync(
  { client }: Pick<StandIn, 'client'>,
  slurm: Scripted | SlurmReader,
  options: Partial<ClusterSyncOptions> & { readonly keys?: object } = {},
): Promise<ClusterSyncReport> {
  const { keys, ...rest } = options;
  const reader = 'controller' in slurm ? slurm : scriptedSlurm(slurm).slurm;
  return syncCluster({ config: await syncConfig(keys), slurm: reader, client, direction: 'both', limit: 200, ...rest });
}

/** `start 7 sent`, in the order of ids. */
export function said({ outcomes }: ClusterSyncReport): readonly string[] {
  return outcomes
    .toSorted((a, b) => a.run.jobId - b.run.jobId || a.run.start - b.run.start)
    .map(({ what, run, result }) => `${what} ${run.jobId} ${result}`);
}
