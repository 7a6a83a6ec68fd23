import { type Clock, type Processes, SluiceError } from '@sluice/io';
import { commandsController } from '../src/commands/controller.ts';
import { commandsJobs } from '../src/commands/jobs.ts';
import { releaseWatch } from '../src/commands/release.ts';
import { slurmCommands } from '../src/commands/slurm-command.ts';
import type { Answer, Controller } from '../src/facets.ts';
import type { Allocation } from '../src/records.ts';
import type { Roles } from './controller-scenario.ts';

export const unknownJob = 4_000_000;

/** The controller facet with nonces that repeat: those of `purpose`, counted. */
export function controllerOn(processes: Processes, clock: Clock, purpose: string): Controller {
  let count = 0;
  const nonce = () => `${purpose}${String(++count).padStart(12, '0')}`;
  const commands = slurmCommands({ processes, clock, nonce });
  return commandsController({ commands, clock, releases: releaseWatch(commands, clock), nonce, cluster: undefined });
}

/** Every question of the facet, each on a facet of its own, so that a recording answers them in any order. */
export async function askController(processes: Processes, clock: Clock, roles: Roles) {
  const on = (purpose: string) => controllerOn(processes, clock, purpose);
  const id = (role: string) => roles[role] ?? 0;
  return {
    offers: await on('offers').offers(),
    config: await on('config').config(),
    activeJobs: await on('activeJobs').activeJobs(),
    running: await on('running').activeJobs({ states: ['RUNNING'], users: ['bob'], accounts: ['chem'], partitions: ['gpu'] }),
    jobsById: await on('jobsById').jobsById([id('array'), id('plain'), unknownJob]),
    oneUnknown: await on('oneUnknown').jobsById([unknownJob]),
    allAllocations: await on('allAllocations').allAllocations(),
    allocations: await eachAllocation(on, [...Object.values(roles), unknownJob]),
    nodes: await on('nodes').nodes(),
    partitions: await on('partitions').partitions(),
    batchScript: await on('batchScript').batchScript(id('failed')),
    noScript: await on('noScript').batchScript(unknownJob),
    describe: await on('describe').describe(id('plain')),
    noJob: await on('noJob').describe(unknownJob),
    ping: await on('ping').ping(),
    diagnostics: await on('diagnostics').diagnostics(),
  };
}

/** Few jobs at a time, so that each is asked about by itself. */
async function eachAllocation(on: (purpose: string) => Controller, jobIds: readonly number[]) {
  const answers = new Map<number, Answer<Allocation>>();
  for (let from = 0; from < jobIds.length; from += 8) {
    const some = await on(`allocations${from}x`).allocations(jobIds.slice(from, from + 8));
    for (const [jobId, answer] of some) answers.set(jobId, answer);
  }
  return answers;
}

/** Every write of the jobs facet, on jobs of its own, as the user we are. */
export async function askJobs(processes: Processes, clock: Clock, directory: string) {
  const commands = slurmCommands({ processes, clock, nonce: () => 'unused' });
  const jobs = commandsJobs({ commands, releases: releaseWatch(commands, clock), cluster: undefined, binPath: undefined, conf: undefined });
  const script = '#!/bin/sh\nsleep 600\n';
  const common = { script, workDir: directory, stdout: `${directory}/%j.out` };
  const awkward = {
    ...common,
    name: '--wrap=x "y"\n\'z\' $HOME',
    comment: '-x',
    timeLimit: 30,
    nodes: { min: 1, max: 2 },
    nodeList: 'node04,node01',
    tasks: 2,
    cpusPerTask: 2,
    memoryPerCpuMiB: 10,
    begin: 2_000_000_000,
    hold: true,
    requeue: true,
    nice: 7,
    environment: { MODE: 'a,b\nc', SECRET: 'not to be seen' },
  };
  const { jobId } = await jobs.submit(awkward).run();
  const id = `${jobId}`;
  const seen = await controllerOn(processes, clock, 'submitted').jobsById([jobId]);
  await jobs.setTimeLimit(id, 'unlimited').run();
  await jobs.release([id]).run();
  await jobs.hold([id]).run();
  const after = await controllerOn(processes, clock, 'changed').jobsById([jobId]);
  await jobs.cancel([id, `${unknownJob}`, `${unknownJob + 1}_3`]).run();
  const array = await jobs.submit({ ...common, array: '1-3', hold: true, partition: 'cpu' }).run();
  await jobs.cancel([`${array.jobId}_[1-3]`]).run();
  return {
    plan: jobs.submit(awkward).text,
    jobId,
    seen: seen.get(jobId),
    after: after.get(jobId),
    tested: await jobs.test(common).run(),
    badPartition: await refusal(() => jobs.submit({ ...common, partition: 'nosuch' }).run()),
    badAccount: await refusal(() => jobs.submit({ ...common, account: 'nosuch' }).run()),
    unknownHold: await refusal(() => jobs.hold([`${unknownJob}`]).run()),
    unknownLimit: await refusal(() => jobs.setTimeLimit(`${unknownJob}`, 5).run()),
    endedRequeue: await refusal(() => jobs.suspend([id]).run()),
  };
}

async function refusal(action: () => Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await action();
  } catch (error) {
    if (error instanceof SluiceError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'ok', message: '' };
}
