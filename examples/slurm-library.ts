/**
 * Reads a Slurm cluster through the library: the jobs of the last hour, what running jobs hold, and a write that is only
 * shown. Run it where Slurm's commands are:  node --conditions=@sluice/source examples/slurm-library.ts
 */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { systemClock, systemProcesses } from '@sluice/io';
import { commandsConnector } from '@sluice/slurm';

const clock = systemClock();
const slurm = commandsConnector({
  processes: systemProcesses(process.env),
  clock,
  user: userInfo().username,
  nonce: () => randomBytes(16).toString('hex'),
});

// History: pieces as they arrive. Only a slice says that all of a window has been seen.
const now = Math.floor(clock.now() / 1000);
for await (const piece of slurm.accounting.endedJobs({ from: now - 3600, to: now })) {
  if (piece.kind === 'records')
    for (const job of piece.records) console.log(job.jobId, job.user, job.state.base, job.allocated['cpu'] ?? 0);
  if (piece.kind === 'rejects') for (const reject of piece.rejects) console.error(reject.source, reject.reason, reject.excerpt);
  if (piece.kind === 'slice') console.log(`seen all that ended up to ${new Date(piece.to * 1000).toISOString()}`);
}

// The queue, and what running jobs hold on each node: three answers, never two.
const running = (await slurm.controller.activeJobs({ states: ['RUNNING'] })).records.map(({ jobId }) => jobId);
for (const [jobId, answer] of await slurm.controller.allocations(running)) {
  if (answer.kind === 'known') for (const { node, cpuIds, gres } of answer.value.nodes) console.log(jobId, node, cpuIds, gres);
  if (answer.kind === 'gone') console.log(jobId, 'holds nothing any more');
  if (answer.kind === 'unasked') console.log(jobId, 'could not be asked:', answer.error.message);
}

// A write is a plan: it can be shown, and run.
const plan = slurm.jobs.submit({ script: '#!/bin/sh\nhostname\n', name: 'hello', tasks: 1, timeLimit: 5 });
console.log(plan.text);
