/**
 * What the daemon as built costs while nothing happens: 1,000 nodes, 10,000 running jobs, a look every minute. Slurm is
 * scripted; cc-backend's stand-in runs in another process. Beside it stands a Node that does nothing.
 *
 *   node --conditions=@sluice/source bench/clustercockpit/idle.ts [minutes] [--record] [--profile]
 *
 * Two minutes by default; ten are what is promised. Ends with 1 above 0.5 % of a core or 80 MB.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { conclude, quantile, rounded, until } from '../recorded.ts';
import { processStatus } from '../slurm-scale/processes.ts';
import { BuiltDaemon, buildSluice, costSince, launcherFlags } from './built-daemon.ts';
import { scriptedSlurm } from './scripted-slurm.ts';
import { startStandIn } from './stand-in.ts';

const largestShare = 0.5;
const largestMB = 80;
const minutes = Number(process.argv.find((word) => /^[\d.]+$/.test(word)) ?? 2);
const scale = { nodes: 1000, jobs: 10_000, began: Math.floor(Date.now() / 1000) - 3600 };
const megabytes = (kib: number) => (kib * 1024) / 1e6;

const dir = mkdtempSync(join(tmpdir(), 'sluice-idle-'));
const standIn = await startStandIn({ commitIntervalMs: 1000, nodes: scale.nodes });
const nothing = spawn(process.execPath, [...launcherFlags(), '-e', 'setInterval(() => {}, 60000)'], { stdio: 'ignore' });
let daemon: BuiltDaemon | undefined;
try {
  mkdirSync(join(dir, 'spool'));
  const program = await buildSluice(dir);
  const config = {
    pidFilePath: join(dir, 'daemon.pid'),
    prepSockListenPath: join(dir, 'daemon.sock'),
    lastRunPath: join(dir, 'lastrun'),
    spoolPath: join(dir, 'spool'),
    slurmBinPath: scriptedSlurm(join(dir, 'slurm'), scale),
    clusters: ['labcluster'],
    ccRestUrl: standIn.url,
    ccRestJwt: standIn.token,
    ccCommitInterval: 1,
    operationsListen: '127.0.0.1:0',
  };
  const profile = process.argv.includes('--profile');
  const running = BuiltDaemon.start(program, dir, config, { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }, profile);
  daemon = running;
  const began = performance.now();
  await until('all starts in cc-backend', 600, async () => ((await standIn.counts()).starts >= scale.jobs ? true : undefined), 1000);
  const startSeconds = (performance.now() - began) / 1000;
  const atStart = { seconds: rounded(startSeconds, 1), ...running.cost(), peakMB: megabytes(processStatus(running.pid)?.peakKiB ?? 0) };
  console.log('all starts delivered', atStart);
  // Two further looks, so that what the beginning left behind is collected.
  await sleep(130_000);
  const before = running.cost();
  const beganIdle = performance.now();
  const rss: number[] = [];
  while (performance.now() - beganIdle < minutes * 60_000) {
    await sleep(1000);
    rss.push(megabytes(processStatus(running.pid)?.rssKiB ?? 0));
  }
  const seconds = (performance.now() - beganIdle) / 1000;
  const cost = costSince(before, running.cost());
  const share = (cpuSeconds: number) => rounded((cpuSeconds / seconds) * 100, 3);
  const bareMB = megabytes(processStatus(nothing.pid ?? 0)?.rssKiB ?? 0);
  const highestMB = Math.max(...rss);
  const journal = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true });
  const runs = journal.prepare('SELECT count(*) AS n FROM run').get()?.['n'];
  journal.close();
  const missed = [];
  if (share(cost.own) > largestShare) missed.push(`${share(cost.own)} % of a core, ${largestShare} % are promised`);
  if (highestMB > largestMB) missed.push(`${rounded(highestMB, 1)} MB resident, ${largestMB} MB are promised`);
  if (runs !== scale.jobs) missed.push(`${runs} runs in the journal instead of ${scale.jobs}`);
  conclude(
    'idle',
    {
      ...scale,
      minutes,
      flags: launcherFlags().join(' '),
      ownPercent: share(cost.own),
      commandsPercent: share(cost.children),
      medianMB: rounded(quantile(rss, 0.5), 1),
      highestMB: rounded(highestMB, 1),
      bareNodeMB: rounded(bareMB, 1),
      ratioToBareNode: rounded(highestMB / bareMB),
      start: { ...atStart, peakMB: rounded(atStart.peakMB, 1) },
    },
    missed,
    import.meta.dirname,
  );
} catch (error) {
  console.error(daemon?.log());
  throw error;
} finally {
  await daemon?.stop();
  nothing.kill();
  standIn.stop();
  rmSync(dir, { recursive: true, force: true });
}
