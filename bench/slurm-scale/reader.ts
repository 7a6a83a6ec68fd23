/**
 * A process that reads Slurm through the connector and does nothing else, so that its memory is the connector's.
 * Arguments: `FROM TO ACTIVE`; reads the jobs that ended in [FROM, TO], then, when ACTIVE is 1, the active ones.
 * Writes one line of JSON.
 */
import { randomUUID } from 'node:crypto';
import { systemProcesses } from '@sluice/io';
import { commandsConnector } from '@sluice/slurm';
import { systemClock } from './clock.ts';
import { childrenCpuSeconds, processStatus } from './processes.ts';

const [from = '', to = '', active = ''] = process.argv.slice(2);
const connector = commandsConnector({
  processes: systemProcesses(process.env),
  clock: systemClock,
  nonce: () => randomUUID().replaceAll('-', ''),
  user: 'root',
});

const began = performance.now();
const bare = processStatus(process.pid)?.rssKiB ?? 0;
let ended = 0;
let rejected = 0;
let questions = 0;
let largest = 0;
for await (const piece of connector.accounting.endedJobs({ from: Number(from), to: Number(to) })) {
  if (piece.kind === 'records') ended += piece.records.length;
  if (piece.kind === 'rejects') rejected += piece.rejects.length;
  if (piece.kind !== 'slice') continue;
  questions += 1;
  largest = Math.max(largest, piece.rows);
}
const endedSeconds = (performance.now() - began) / 1000;
let queued = 0;
if (active === '1') queued = (await connector.controller.activeJobs({ states: ['PENDING', 'RUNNING', 'SUSPENDED'] })).records.length;

const status = processStatus(process.pid);
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    ended,
    active: queued,
    rejected,
    questions,
    largestQuestion: largest,
    seconds: (performance.now() - began) / 1000,
    endedSeconds,
    bareMiB: bare / 1024,
    peakMiB: (status?.peakKiB ?? 0) / 1024,
    cpuSeconds: (user + system) / 1e6,
    childrenCpuSeconds: childrenCpuSeconds(),
  }),
);
