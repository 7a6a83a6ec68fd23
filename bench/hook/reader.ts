/** What the daemon pays for the spool, in a process that does nothing else: `reader.ts DIRECTORY`, in which `crowded` is a full spool. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hookScript, openSpool, type Spool } from '@sluice/clustercockpit';
import { systemClock } from '@sluice/io';
import { quantile } from '../recorded.ts';

const [, , root = '.'] = process.argv;
const clock = systemClock();
const path = join(root, 'reader');
const script = join(root, 'reader.sh');
mkdirSync(path);
writeFileSync(script, hookScript({ spool: path }), { mode: 0o755 });

const spool = openSpool({ path, clock });
const delays: number[] = [];
const end = new AbortController();
const watching = spool.watch(() => {
  const { events } = spool.read(500);
  for (const { event } of events) delays.push(Date.now() - event.seenMs);
  spool.remove(events.map(({ file }) => file));
}, end.signal);

await clock.sleep(2000);
const idle = await coreShare(20_000);
// Written by another process, as by slurmctld's children; what that costs is not the reader's.
const environment = { SLURM_JOB_ID: '42', SLURM_CLUSTER_NAME: 'lab', SLURM_SCRIPT_CONTEXT: 'prolog_slurmctld', PATH: '/usr/bin:/bin' };
const writer = spawn('/bin/sh', ['-c', `while sleep 0.05; do ${script} & done`], { env: environment, stdio: 'ignore' });
const before = delays.length;
const busyShare = await coreShare(20_000);
const perSecond = (delays.length - before) / 20;
writer.kill('SIGKILL');
await once(writer, 'exit');
end.abort();
await watching;

console.log(
  JSON.stringify({
    idlePercentOfCore: idle,
    eventsPerSecond: perSecond,
    busyPercentOfCore: busyShare,
    hookToReadMedianMs: quantile(delays, 0.5),
    hookToReadP99Ms: quantile(delays, 0.99),
    backlogCpuMicrosPerEvent: backlog(openSpool({ path: join(root, 'crowded'), clock })),
  }),
);

async function coreShare(ms: number): Promise<number> {
  const start = process.cpuUsage();
  await clock.sleep(ms);
  const { user, system } = process.cpuUsage(start);
  return Math.round((user + system) / (ms / 10)) / 100;
}

function backlog(full: Spool): number {
  const start = process.cpuUsage();
  let count = 0;
  for (let batch = full.read(500); batch.events.length > 0; batch = full.read(500)) {
    count += batch.events.length;
    full.remove(batch.events.map(({ file }) => file));
  }
  const { user, system } = process.cpuUsage(start);
  return Math.round((user + system) / count);
}
