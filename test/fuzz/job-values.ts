import type { ArrayPosition, Epoch, ExitCode, HetPosition, JobState, TimeLimit, Tres } from '@sluice/slurm';
import type { Random } from './random.ts';
import type { Pair } from './records.ts';

export const endedStates: readonly Pair<JobState>[] = [
  ['COMPLETED', { base: 'COMPLETED', flags: [], cancelledBy: null }],
  ['FAILED', { base: 'FAILED', flags: [], cancelledBy: null }],
  ['TIMEOUT', { base: 'TIMEOUT', flags: [], cancelledBy: null }],
  ['OUT_OF_MEMORY', { base: 'OUT_OF_MEMORY', flags: [], cancelledBy: null }],
  ['NODE_FAIL', { base: 'NODE_FAIL', flags: [], cancelledBy: null }],
  ['CANCELLED', { base: 'CANCELLED', flags: [], cancelledBy: null }],
];

export const exitCodes: readonly Pair<ExitCode>[] = [
  ['0:0', { code: 0, signal: 0 }],
  ['1:0', { code: 1, signal: 0 }],
  ['0:15', { code: 0, signal: 15 }],
];

export const timeLimits: readonly Pair<TimeLimit | null>[] = [
  ['60', 60],
  ['1440', 1440],
  ['UNLIMITED', 'unlimited'],
  ['Partition_Limit', 'partition'],
];

export const resources: readonly Pair<Tres>[] = [
  ['', {}],
  ['cpu=4,mem=8000M,node=1,billing=4', { cpu: 4, mem: 8000, node: 1, billing: 4 }],
  [
    'billing=32,cpu=32,gres/gpu:a100=8,gres/gpu=8,mem=2G,node=2',
    { billing: 32, cpu: 32, 'gres/gpu:a100': 8, 'gres/gpu': 8, mem: 2048, node: 2 },
  ],
];

export const reasons: readonly Pair<string | null>[] = [
  ['None', null],
  ['NonZeroExitCode', 'NonZeroExitCode'],
  ['Resources', 'Resources'],
];

export const nodeLists: readonly string[] = ['node01', 'node[01-04]', 'gpu01,node[02-03]'];
export const users: readonly (readonly [name: string, id: number])[] = [
  ['alice', 1001],
  ['bob', 1002],
  ['root', 0],
];
export const accounts: readonly string[] = ['physics', 'chem', 'root'];

export function epoch(random: Random): Pair<Epoch> {
  const seconds = 1_795_000_000 + random.below(1_000_000);
  return [`${seconds}`, seconds];
}

/** A job alone, a task of an array, an array's tasks still pending, or a part of a het job. */
export function position(random: Random, jobId: number): { readonly array: ArrayPosition | null; readonly het: HetPosition | null } {
  const leader = Math.max(1, jobId - random.below(9));
  switch (random.below(6)) {
    case 0:
      return { array: { jobId: leader, taskId: random.below(1000), pending: null }, het: null };
    case 1:
      return { array: { jobId: leader, taskId: null, pending: random.pick(['7-10%4', '1,3,5-9']) }, het: null };
    case 2:
      return { array: null, het: { jobId: leader, offset: random.below(5) } };
    default:
      return { array: null, het: null };
  }
}
