/**
 * Catching up six days, 20,880 ended jobs with their steps, on a real lab: the daemon as built beside the questions that
 * cc-slurm-adapter asks for the same (`sacct --json` over the span and `squeue --json`, whose answers are only counted
 * here, and would have to be decoded there). First cc-backend is away and everything goes into the journal; then it is
 * there and everything is delivered.
 *
 *   node --conditions=@sluice/source bench/clustercockpit/catch-up.ts [jobs] [--suite bookworm|trixie|sid] [--record]
 *       [--profile] [--ours]
 *
 * trixie (24.11) by default; `--ours` leaves out what it is compared with. The daemon runs where Slurm is installed and calls its commands
 * themselves, as on a site: the lab's scripts around them are three programs each, which would be a fifth of what they take. Ends with 1 when observing takes more than a twentieth of the CPU or of the peak memory,
 * delivering more than 0.15 ms of CPU a request or 120 MB, or when a run is missing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Lab, startLab, suites } from '../../test/lab/lab.ts';
import { conclude, rounded, until } from '../recorded.ts';
import { childrenCpuSeconds, cpuSeconds, daemonPid, processStatus, watchChildren } from '../slurm-scale/processes.ts';
import { BuiltDaemon, buildSluice, costSince } from './built-daemon.ts';
import { startStandIn } from './stand-in.ts';

const days = 6;
const smallestRatio = 20;
const largestMsPerRequest = 0.15;
const largestMB = 120;
const jobs = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 20_880);
const suite = suites.find((one) => process.argv.includes(one)) ?? 'trixie';
const profile = process.argv.includes('--profile');
const alone = process.argv.includes('--ours');
/** Those of the lab run beneath us, too: its daemons, and what enters its tree. */
const commands = /^(?:sacct|squeue|scontrol|sdiag|sacctmgr|sh|nsenter|env)$/;

/** What something cost: our processes and Slurm's commands; slurmdbd beside them. */
interface Took {
  readonly cpuSeconds: number;
  readonly peakMB: number;
  readonly slurmdbdCpuSeconds: number;
  readonly seconds: number;
}

const lab = await startLab({ suite, port: 17100, progress: console.error });
const dir = mkdtempSync(join(lab.dir, 'catch-up-'));
let daemon: BuiltDaemon | undefined;
try {
  mkdirSync(join(dir, 'spool'));
  await generate(lab);
  const slurmdbd = daemonPid(lab.dir, 'slurmdbd');
  const theirs = alone ? undefined : await askAsJson(lab, slurmdbd);
  if (theirs) console.log('sacct --json and squeue --json', theirs);
  const program = await buildSluice(dir, join(lab.binPath(), 'run'));
  const config = {
    pidFilePath: join(dir, 'daemon.pid'),
    prepSockListenPath: '',
    lastRunPath: join(dir, 'lastrun'),
    spoolPath: join(dir, 'spool'),
    slurmBinPath: '/usr/bin',
    slurmConf: lab.conf,
    clusters: ['labcluster'],
    ccCommitInterval: 1,
  };
  const env = { PATH: `${lab.binPath()}:/usr/bin:/bin`, LANG: 'C.UTF-8' };

  const away = { ...config, ccRestUrl: 'http://127.0.0.1:9', ccRestJwt: 'nobody-reads-it' };
  const began = performance.now();
  const dbdBefore = cpuSeconds(slurmdbd);
  const watch = watchChildren();
  const observer = BuiltDaemon.start(program, dir, away, env, profile);
  daemon = observer;
  await until('all ended jobs in the journal', 300, () => (journalSays().read ? true : undefined), 50);
  const spent = observer.cost();
  const seconds = (performance.now() - began) / 1000;
  const commandPeakMB = highest(watch.peaksMiB);
  watch.stop();
  const observing: Took = {
    cpuSeconds: spent.own + spent.children,
    peakMB: megabytes(processStatus(observer.pid)?.peakKiB ?? 0) + commandPeakMB,
    slurmdbdCpuSeconds: cpuSeconds(slurmdbd) - dbdBefore,
    seconds,
  };
  const { runs } = journalSays();
  console.log('observing', observing, { own: spent.own, commands: spent.children, commandPeakMB, runs });
  await observer.stop();

  const standIn = await startStandIn({ commitIntervalMs: 500 });
  const deliverer = BuiltDaemon.start(program, dir, { ...config, ccRestUrl: standIn.url, ccRestJwt: standIn.token }, env, profile);
  daemon = deliverer;
  await until('the first start', 60, async () => ((await standIn.counts()).starts > 0 ? true : undefined), 20);
  const [beganDelivery, costBefore, before] = [performance.now(), deliverer.cost(), await standIn.counts()];
  const after = await until('everything in cc-backend', 300, async () => {
    const counts = await standIn.counts();
    return counts.stops >= runs ? counts : undefined;
  });
  const deliverySeconds = (performance.now() - beganDelivery) / 1000;
  const requests = after.starts + after.stops - before.starts - before.stops;
  const delivery = costSince(costBefore, deliverer.cost());
  const delivering = {
    requests,
    refused: after.refused,
    msPerRequest: rounded((delivery.own * 1000) / requests, 3),
    cpuSeconds: rounded(delivery.own),
    seconds: rounded(deliverySeconds, 1),
    peakMB: rounded(megabytes(processStatus(deliverer.pid)?.peakKiB ?? 0), 1),
  };
  await deliverer.stop();
  standIn.stop();

  const cpuRatio = theirs && rounded(theirs.cpuSeconds / observing.cpuSeconds, 1);
  const memoryRatio = theirs && rounded(theirs.peakMB / observing.peakMB, 1);
  const missed = [];
  if (runs < jobs) missed.push(`${runs} of ${jobs} runs in the journal`);
  if (cpuRatio !== undefined && cpuRatio < smallestRatio) missed.push(`a ${cpuRatio}th of the CPU, a ${smallestRatio}th is promised`);
  if (memoryRatio !== undefined && memoryRatio < smallestRatio)
    missed.push(`a ${memoryRatio}th of the peak memory, a ${smallestRatio}th is promised`);
  if (delivering.msPerRequest > largestMsPerRequest)
    missed.push(`${delivering.msPerRequest} ms of CPU a request, ${largestMsPerRequest} are promised`);
  if (delivering.peakMB > largestMB) missed.push(`${delivering.peakMB} MB while delivering, ${largestMB} are promised`);
  conclude(
    `catchUp-${suite}`,
    {
      slurm: lab.release,
      jobs,
      days,
      ...(theirs && { theirs: shown(theirs) }),
      observing: { ...shown(observing), own: rounded(spent.own), commands: rounded(spent.children) },
      cpuRatio,
      memoryRatio,
      delivering,
    },
    missed,
    import.meta.dirname,
  );
} catch (error) {
  console.error(daemon?.log());
  throw error;
} finally {
  await daemon?.stop();
  await lab.down();
  rmSync(dir, { recursive: true, force: true });
}

function shown({ cpuSeconds, peakMB, slurmdbdCpuSeconds, seconds }: Took) {
  return {
    cpuSeconds: rounded(cpuSeconds),
    peakMB: rounded(peakMB, 1),
    slurmdbdCpuSeconds: rounded(slurmdbdCpuSeconds),
    seconds: rounded(seconds, 1),
  };
}

function megabytes(kib: number): number {
  return (kib * 1024) / 1e6;
}

/** The highest peak of a command of Slurm, in MB. */
function highest(peaksMiB: ReadonlyMap<string, number>): number {
  return Math.max(0, ...[...peaksMiB].filter(([name]) => commands.test(name)).map(([, mib]) => (mib * 2 ** 20) / 1e6));
}

function journalSays(): { readonly runs: number; readonly read: boolean } {
  try {
    const journal = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true });
    try {
      const runs = Number(journal.prepare('SELECT count(*) AS n FROM run WHERE ended IS NOT NULL').get()?.['n']);
      const mark = journal.prepare("SELECT value FROM note WHERE name = 'accounting/labcluster'").get()?.['value'];
      return { runs, read: Number(mark ?? 0) > Date.now() / 1000 - 600 };
    } finally {
      journal.close();
    }
  } catch {
    return { runs: 0, read: false };
  }
}

/** Real jobs as templates, then as many rows by bench/slurm-scale's generator. */
async function generate({ dir: labDir, submit, run, binPath }: Lab): Promise<void> {
  for (let kind = 1; kind <= 8; kind++) {
    const user = kind % 2 === 0 ? 'bob' : 'alice';
    const gpu = kind % 4 === 0 ? ['-p', 'gpu', '--gpus=1'] : [];
    const comment = `project=${kind}0${kind}; purpose=parameter sweep of kind ${kind}; contact=someone@example.org`;
    const args = ['-J', `template-${kind}-simulation`, '-t', `${kind * 60}`, '-o', '/dev/null', `--comment=${comment}`, ...gpu];
    await submit(user, args, `#!/bin/sh\nsrun -n1 true\nexit ${kind % 5 === 0 ? 3 : 0}\n`);
  }
  await until('the templates to end', 90, async () => {
    const { stdout } = await run('squeue', ['-h']);
    return stdout.length === 0 ? true : undefined;
  }).catch(() => {});
  await until(
    'the generator',
    90,
    async () => {
      const env = {
        PATH: `${binPath()}:/usr/sbin:/usr/bin:/sbin:/bin`,
        SLURM_LAB_DB_SOCKET: join(labDir, 'db', 'mariadb.sock'),
        SLURM_CONF: join(labDir, 'etc/slurm.conf'),
      };
      const script = join(import.meta.dirname, '..', 'slurm-scale', 'generate.sh');
      const child = spawn('bash', [script, 'ended', `${jobs}`, `${days}`], { env, stdio: ['ignore', 'inherit', 'inherit'] });
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`generate.sh ended with ${code}`);
      return true;
    },
    1000,
  );
}

/** What cc-slurm-adapter asks, its answers thrown away. */
async function askAsJson({ binPath, env }: Lab, slurmdbd: number): Promise<Took & { readonly megabytes: number }> {
  const stamp = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
  const now = Math.floor(Date.now() / 1000);
  const span = ['--starttime', stamp(now - days * 86_400), '--endtime', stamp(now)];
  const questions = [
    ['sacct', '--cluster', 'labcluster', '--allusers', ...span, '--json'],
    ['squeue', '--all', '--json'],
  ];
  const [began, before, dbdBefore] = [performance.now(), childrenCpuSeconds(), cpuSeconds(slurmdbd)];
  const watch = watchChildren();
  let bytes = 0;
  for (const [command = '', ...args] of questions) {
    const child = spawn(join(binPath(), command), args, { env: { ...env, TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${command} --json ended with ${code}`);
  }
  watch.stop();
  return {
    cpuSeconds: childrenCpuSeconds() - before,
    peakMB: highest(watch.peaksMiB),
    slurmdbdCpuSeconds: cpuSeconds(slurmdbd) - dbdBefore,
    seconds: (performance.now() - began) / 1000,
    megabytes: rounded(bytes / 1e6, 1),
  };
}
