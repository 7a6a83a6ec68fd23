/**
 * How long a start and an end take from Slurm to cc-backend: from the moment at which slurmctld runs our hook to the
 * moment at which cc-backend's stand-in has accepted it. A real lab runs 10 jobs a second, that is 20 events; the daemon
 * is the one that is built, with slurmQueryDelay at its default.
 *
 *   node --conditions=@sluice/source bench/clustercockpit/latency.ts [seconds] [--record] [--profile]
 *
 * 60 seconds by default; `--bursts` leaves slurmctld its scheduling in bursts, `--together` has nodes and users compete with it for
 * the CPU. Ends with 1 when a median is above 250 ms, a 99th percentile above 1 s, or an event is lost.
 * The machine runs Slurm, six slurmd and the jobs as well: the figures hold only when nothing else runs on it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { hookScript } from '@sluice/clustercockpit';
import { startLab } from '../../test/lab/lab.ts';
import { conclude, quantile, rounded, until } from '../recorded.ts';
import { processStatus } from '../slurm-scale/processes.ts';
import { BuiltDaemon, buildSluice } from './built-daemon.ts';
import { elsewhere } from './elsewhere.ts';
import { startStandIn } from './stand-in.ts';

const largestMedianMs = 250;
const largestP99Ms = 1000;
const jobsPerSecond = 10;
const seconds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 60);
const jobs = seconds * jobsPerSecond;
const inherited = process.env['PATH'] ?? '';

interface Told {
  readonly what: 'start' | 'stop';
  readonly jobId: number;
  readonly atMs: number;
}

const dir = mkdtempSync(join(tmpdir(), 'sluice-latency-'));
chmodSync(dir, 0o755);
const told = join(dir, 'told');
const spool = join(dir, 'spool');
mkdirSync(spool);
chmodSync(spool, 0o777);
writeFileSync(told, '');
chmodSync(told, 0o666);
const script = (name: string, text: string) => {
  writeFileSync(join(dir, name), text, { mode: 0o755 });
  chmodSync(join(dir, name), 0o755);
  return join(dir, name);
};
const hook = script('hook.sh', hookScript({ spool }));
const timed = script('timed.sh', `#!/bin/sh\necho "$SLURM_SCRIPT_CONTEXT $SLURM_JOB_ID $(date +%s%N)" >>'${told}'\nexec '${hook}'\n`);

// By default slurmctld waits up to three seconds for further submissions and begins jobs in bursts; here they begin at an even pace.
const extraConf = 'SchedulerParameters=bf_interval=5,bf_continue,sched_min_interval=0,batch_sched_delay=0';
const hooks = { prologSlurmctld: timed, epilogSlurmctld: timed };
const lab = await startLab({ suite: 'bookworm', port: 17100, hooks, ...(process.argv.includes('--bursts') ? {} : { extraConf }) });
// What nodes and users do takes no CPU from slurmctld's machine on a real cluster.
const others = process.argv.includes('--together') ? undefined : elsewhere();
for (const name of readdirSync(join(lab.dir, 'run')).filter((name) => /^slurmd-.*\.lab$/.test(name))) {
  others?.take(Number.parseInt(readFileSync(join(lab.dir, 'run', name), 'utf8'), 10));
}
const standIn = await startStandIn({ commitIntervalMs: 500 });
let daemon: BuiltDaemon | undefined;
try {
  const program = await buildSluice(dir);
  const config = {
    pidFilePath: join(dir, 'daemon.pid'),
    prepSockListenPath: '',
    lastRunPath: join(dir, 'lastrun'),
    spoolPath: spool,
    // Slurm's own commands: those of the lab's directory are shell scripts around them.
    slurmBinPath: '/usr/bin',
    slurmConf: lab.conf,
    clusters: ['labcluster'],
    ccRestUrl: standIn.url,
    ccRestJwt: standIn.token,
    ccCommitInterval: 1,
  };
  const profile = process.argv.includes('--profile');
  daemon = BuiltDaemon.start(program, dir, config, { PATH: `${lab.binPath()}:${inherited}`, LANG: 'C.UTF-8' }, profile);
  await sleep(3000);
  const loadBefore = loadavg()[0] ?? 0;
  const submitting: Promise<unknown>[] = [];
  const began = performance.now();
  for (let job = 0; job < jobs; job++) {
    await sleep(Math.max(0, began + (job * 1000) / jobsPerSecond - performance.now()));
    const args = ['-Q', '-D', lab.workDir, '-J', `latency-${job}`, '-p', 'shared', '-s', '--mem=10', '-o', '/dev/null', '--wrap=sleep 8'];
    const child = spawn(join(lab.binPath('alice'), 'sbatch'), args, { env: { ...lab.env }, stdio: 'ignore' });
    if (child.pid !== undefined) others?.take(child.pid);
    submitting.push(once(child, 'exit'));
  }
  await Promise.all(submitting);
  const submitSeconds = (performance.now() - began) / 1000;
  await until('all jobs in cc-backend', 60, async () => ((await standIn.counts()).stops >= jobs ? true : undefined), 500).catch(() => {});
  const accepted = new Map((await standIn.events()).map(({ what, jobId, atMs }) => [`${what}/${jobId}`, atMs]));
  const events = readFileSync(told, 'utf8').trim().split('\n').map(toldOf);
  const startedMs = (jobId: number) => accepted.get(`start/${jobId}`) ?? Number.POSITIVE_INFINITY;
  const lost = events.filter(({ what, jobId }) => !accepted.has(`${what}/${jobId}`));
  const lagsOf = (kind: Told['what']) =>
    events
      // A stop is held back until its start is committed; what is measured are those that need not wait for it.
      .filter(({ what, jobId, atMs }) => what === kind && (kind === 'start' || atMs - startedMs(jobId) > 2000))
      .map(({ what, jobId, atMs }) => (accepted.get(`${what}/${jobId}`) ?? Number.POSITIVE_INFINITY) - atMs);
  const of = (lags: readonly number[]) => ({
    events: lags.length,
    medianMs: rounded(quantile(lags, 0.5), 0),
    p90Ms: rounded(quantile(lags, 0.9), 0),
    p99Ms: rounded(quantile(lags, 0.99), 0),
    maxMs: rounded(Math.max(...lags), 0),
  });
  const recordedMs = journalTimes(join(dir, 'journal.db'));
  const recorded = events
    .filter(({ what }) => what === 'start')
    .map(({ jobId, atMs }) => (recordedMs.get(jobId) ?? Number.POSITIVE_INFINITY) - atMs);
  const [starts, stops] = [of(lagsOf('start')), of(lagsOf('stop'))];
  const missed = Object.entries({ starts, stops }).flatMap(([name, { medianMs, p99Ms }]) => [
    ...(medianMs < largestMedianMs ? [] : [`${name}: a median of ${medianMs} ms, ${largestMedianMs} are promised`]),
    ...(p99Ms < largestP99Ms ? [] : [`${name}: a 99th percentile of ${p99Ms} ms, ${largestP99Ms} are promised`]),
  ]);
  if (lost.length > 0) missed.push(`${lost.length} of ${events.length} events are not in cc-backend`);
  const eventsPerSecond = rounded(
    events.length / ((Math.max(...events.map(({ atMs }) => atMs)) - Math.min(...events.map(({ atMs }) => atMs))) / 1000),
    1,
  );
  conclude(
    'latency',
    {
      slurm: lab.release,
      jobs,
      submitSeconds: rounded(submitSeconds, 1),
      eventsPerSecond,
      loadBefore: rounded(loadBefore),
      nodes: others ? 'aside' : 'together',
      starts,
      ofThemUntilRecorded: of(recorded),
      stops,
      ratioToMedianPromised: rounded(Math.max(starts.medianMs, stops.medianMs) / largestMedianMs),
      daemon: { ...daemon.cost(), peakMB: rounded(((processStatus(daemon.pid)?.peakKiB ?? 0) * 1024) / 1e6, 1) },
    },
    missed,
    import.meta.dirname,
  );
} catch (error) {
  console.error(daemon?.log());
  throw error;
} finally {
  await daemon?.stop();
  standIn.stop();
  await lab.down();
  others?.remove();
  rmSync(dir, { recursive: true, force: true });
}

/** When each run was first recorded. */
function journalTimes(path: string): ReadonlyMap<number, number> {
  const journal = new DatabaseSync(path, { readOnly: true });
  const rows = journal.prepare('SELECT job_id, seen_ms FROM run').all();
  journal.close();
  return new Map(rows.map((row) => [Number(row['job_id']), Number(row['seen_ms'])]));
}

/** A line that the hook's wrapper wrote. */
function toldOf(line: string): Told {
  const [context = '', jobId, nanoseconds] = line.split(' ');
  return { what: context.startsWith('prolog') ? 'start' : 'stop', jobId: Number(jobId), atMs: Number(nanoseconds) / 1e6 };
}
