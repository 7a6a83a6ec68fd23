/**
 * `npm run record:demo`: records what `sluice demo` replays, as root on Debian 12. Submits real jobs to a lab of its own, lets the same code that the demo runs ask Slurm at two moments, and
 * asks sacct apart from it what must stand in cc-backend at the end.
 */
import { writeFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ccBackendClient } from '@sluice/clustercockpit';
import { httpClient, type RecordedCall, recordingProcesses, systemClock, systemProcesses } from '@sluice/io';
import { generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';
import { scriptArguments } from '../../../../scripts/test/arguments.ts';
import { type Lab, LabUnavailable, startLab } from '../../../../test/lab/lab.ts';
import type { DemoRecording, ExpectedJob, Moment } from '../../src/demo/demo-recording.ts';
import { passAt } from '../../src/demo/pass.ts';
import { type Role, roles } from './jobs.ts';

const usage = `Usage: npm run record:demo

Records what sluice demo replays into packages/cli/recordings/demo.json, from a real cluster of its own: as root on
Debian 12 with the packages of npm test, in 40 s.

  --help  this text`;
scriptArguments(usage, { options: { help: { type: 'boolean', short: 'h' } } });

const file = new URL('../../recordings/demo.json', import.meta.url);
const clock = systemClock();
const now = () => Math.floor(clock.now() / 1000);
const lab = await startLab({ suite: 'bookworm', progress: console.log }).catch((error: unknown) => {
  if (!(error instanceof LabUnavailable)) throw error;
  process.stderr.write(`nothing is recorded: no cluster can be had here: ${error.message}\n`);
  process.exit(69);
});
const keys = generateKeys();
const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock });
const http = httpClient({ baseUrl: backend.url, env: {} });
try {
  const recording = await record(lab);
  writeFileSync(file, `${JSON.stringify(recording, (_, value) => (typeof value === 'string' ? neutral(value, lab) : value), 1)}\n`);
  console.log(
    `${recording.expected.length} jobs, ${recording.moments.map((moment) => moment.recording.calls.length).join(' and ')} questions`,
  );
} finally {
  await http.close();
  await backend.stop();
  await lab.down();
}

/** What names this machine tells a reader nothing and would change with each recording. */
function neutral(text: string, { dir }: Lab): string {
  const host = hostname();
  const names = [
    [host, 'ctl01'],
    [host.split('.')[0] ?? host, 'ctl01'],
    [release(), '6.1.0'],
  ] as const;
  const pathless = text.replaceAll(dir, '/lab');
  return names.reduce((said, [name, other]) => said.replaceAll(new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`, 'g'), other), pathless);
}

async function record(lab: Lab): Promise<DemoRecording> {
  const began = now();
  const ids = new Map<number, Role>();
  for (const role of roles) ids.set(await lab.submit(role.user, ['-o', '/dev/null', '-J', role.name, ...role.args], role.script), role);
  const running = async (...states: string[]) => {
    const rows = await lab.ask('squeue', ['-h', '-r', '-t', 'all', '-j', [...ids.keys()].join(), '-o', '%T']);
    return rows.split('\n').filter((state) => states.includes(state)).length;
  };
  const all = roles.reduce((sum, { tasks }) => sum + tasks, 0);
  await until('all are running', async () => (await running('RUNNING')) === all);
  await sleep(2000);

  const standing = new Set<string>();
  const moments = [await pass(lab, 'jobs are running', began, standing)];
  for (const [id, { cancel }] of ids) if (cancel) await lab.ask('scancel', [String(id)]);
  await until('most have ended', async () => (await running('RUNNING', 'COMPLETING')) === 1);
  await until('accounting knows the ends', async () => (await truth(lab, ids)).filter(({ end }) => end === null).length === 1);
  await sleep(1000);
  moments.push(await pass(lab, 'most have ended', began, standing));

  const about = `Slurm ${lab.release}, a real cluster of six nodes, ${new Date(began * 1000).toISOString().slice(0, 10)}`;
  return { format: 'sluice-demo/1', about, moments, expected: await truth(lab, ids) };
}

/** One pass of the thin line with real processes, written down. */
async function pass(lab: Lab, title: string, began: number, standing: Set<string>): Promise<Moment> {
  const calls: RecordedCall[] = [];
  const processes = recordingProcesses(systemProcesses(lab.env), (call) => calls.push(call));
  const client = ccBackendClient(http, () => mintToken(keys, { name: 'recorder', roles: ['api'] }, now()));
  const moment = { time: now(), from: began - 60 };
  const report = await passAt({ ...moment, processes, clock, client, standing, conf: lab.conf });
  backend.sync();
  for (const failure of [...report.problems, ...report.failed, ...report.rejects]) console.error(failure);
  return { title, ...moment, recording: { format: 'sluice-processes/1', calls } };
}

/** What must stand in cc-backend, as sacct says it in columns that no user can write into. */
async function truth(lab: Lab, ids: ReadonlyMap<number, Role>): Promise<readonly ExpectedJob[]> {
  const format = '--format=JobIDRaw,JobID,State,Start,End,NodeList,AllocTRES,AllocCPUS';
  const env = { TZ: 'UTC', SLURM_TIME_FORMAT: '%s' };
  const rows = await lab.ask('sacct', ['-n', '-X', '-P', '-a', '-j', [...ids.keys()].join(), format], { env });
  const jobs: ExpectedJob[] = [];
  for (const row of rows.split('\n')) {
    const [raw, id = '', state = '', start, end, nodes = '', tres = '', cpus] = row.split('|');
    const role = ids.get(Number.parseInt(id, 10));
    if (role === undefined || start === 'Unknown' || nodes === 'None assigned') continue;
    jobs.push({
      jobId: Number(raw),
      name: role.name,
      user: role.user,
      state: state.split(' ')[0]?.toLowerCase() ?? '',
      start: Number(start),
      end: end === 'Unknown' ? null : Number(end),
      hosts: (await lab.ask('scontrol', ['show', 'hostnames', nodes])).split('\n'),
      gpus: Number(/gres\/gpu=(\d+)/.exec(tres)?.[1] ?? 0),
      cpus: Number(cpus),
      shared: role.shared,
    });
  }
  return jobs.toSorted((a, b) => a.jobId - b.jobId);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await sleep(500);
  }
  throw new Error(`it did not come to this: ${what}`);
}
