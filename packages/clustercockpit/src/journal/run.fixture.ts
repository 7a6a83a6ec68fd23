import type { Run } from '../run.ts';

/** A run that goes on, with what a test changes of it. */
export function aRun(changes: Partial<Run> = {}): Run {
  return {
    cluster: 'alpha',
    jobId: 7,
    start: 1_700_000_000,
    ended: null,
    submit: 1_699_999_990,
    user: 'alice',
    account: 'physics',
    partition: 'cpu',
    name: 'job',
    arrayJobId: null,
    nodes: ['node01'],
    cpus: 2,
    gpus: 0,
    walltime: 3600,
    whole: false,
    allocation: null,
    script: '#!/bin/sh\n',
    description: null,
    ...changes,
  };
}
