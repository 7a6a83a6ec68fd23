/**
 * Records what `sluice demo` replays, on a cluster that test/lab/slurm-lab.sh has brought up and nobody else uses:
 *
 *   eval "$(test/lab/slurm-lab.sh env)"; node --conditions=@sluice/source test/end-to-end/record-demo/run.ts
 *
 * Submits real jobs, lets the same code that the demo runs ask Slurm at two moments, and asks sacct apart from it what
 * must stand in cc-backend at the end.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoRecording, type ExpectedJob, type Moment, passAt } from '@sluice/cli';
import { ccBackendClient } from '@sluice/clustercockpit';
import { httpClient, type RecordedCall, recordingProcesses, systemClock, systemProcesses } from '@sluice/io';
import { generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';
import { type Role, roles } from './jobs.ts';

const conf = process.env['SLURM_CONF'];
if (conf === undefined) throw new Error('SLURM_CONF names no lab; see the head of this file');
const file = new URL('../../../packages/cli/recordings/demo.json', import.meta.url);
const clock = systemClock();
const now = () => Math.floor(clock.now() / 1000);

function slurm(program: string, args: readonly string[], options: { user?: string; input?: string } = {}): string {
  const as = options.user === undefined ? [] : ['setpriv', `--reuid=${options.user}`, `--regid=${options.user}`, '--init-groups'];
  const [command = program, ...rest] = [...as, program, ...args];
  return execFileSync(command, rest, {
    encoding: 'utf8',
    cwd: '/tmp',
    env: { ...process.env, SLURM_TIME_FORMAT: '%s', TZ: 'UTC' },
    input: options.input ?? '',
  });
}

function submit(role: Role): number {
  const out = slurm('sbatch', ['--parsable', '-o', '/dev/null', '-J', role.name, ...role.args], { user: role.user, input: role.script });
  return Number.parseInt(out, 10);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (holds()) return;
    await sleep(500);
  }
  throw new Error(`${what} did not come`);
}

const ids = new Map(roles.map((role) => [submit(role), role]));
const jobs = [...ids.keys()].join();
const states = () =>
  slurm('squeue', ['-h', '-r', '-t', 'all', '-j', jobs, '-o', '%T %A'])
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
const started = now();
const wanted = [...ids.values()].reduce((sum, role) => sum + role.tasks, 0);
await until('all running', () => states().filter(([state]) => state === 'RUNNING').length === wanted);
await sleep(2000);

const keys = generateKeys();
const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock });
const http = httpClient({ baseUrl: backend.url, env: {} });
const client = ccBackendClient(http, () => mintToken(keys, { name: 'recorder', roles: ['api'] }, now()));
const standing = new Set<string>();

async function record(title: string): Promise<Moment> {
  const calls: RecordedCall[] = [];
  const processes = recordingProcesses(systemProcesses(process.env), (call) => calls.push(call));
  const time = now();
  const from = started - 60;
  const report = await passAt({ processes, clock, time, from, client, standing, ...(conf === undefined ? {} : { conf }) });
  backend.sync();
  for (const problem of [...report.problems, ...report.failed]) console.error(problem);
  return { title, time, from, recording: { format: 'sluice-processes/1', calls } };
}

const moments = [await record('jobs are running')];
for (const [id, { cancel }] of ids) if (cancel) slurm('scancel', [String(id)]);
await until('the ends', () => states().filter(([state]) => state === 'RUNNING' || state === 'COMPLETING').length === 1);
await until('the ends in accounting', () => truth().filter(({ end }) => end === null).length === 1);
await sleep(1000);
moments.push(await record('most have ended'));

function truth(): ExpectedJob[] {
  const format = 'JobIDRaw,JobID,State,Start,End,NodeList,AllocTRES,AllocCPUS';
  const rows = slurm('sacct', ['-n', '-X', '-P', '-a', '-j', jobs, `--format=${format}`])
    .trim()
    .split('\n');
  return rows.flatMap((line): ExpectedJob[] => {
    const [raw = '', id = '', state = '', start = '', end = '', nodes = '', tres = '', cpus = ''] = line.split('|');
    const role = ids.get(Number.parseInt(id, 10));
    if (role === undefined || start === 'Unknown' || nodes === 'None assigned') return [];
    return [
      {
        jobId: Number(raw),
        name: role.name,
        user: role.user,
        state: state.split(' ')[0]?.toLowerCase() ?? '',
        start: Number(start),
        end: end === 'Unknown' ? null : Number(end),
        hosts: slurm('scontrol', ['show', 'hostnames', nodes]).trim().split('\n'),
        gpus: Number(/gres\/gpu=(\d+)/.exec(tres)?.[1] ?? 0),
        cpus: Number(cpus),
        shared: role.shared,
      },
    ];
  });
}

const expected = truth().toSorted((a, b) => a.jobId - b.jobId);
const release = slurm('sbatch', ['--version']).trim();
const about = `${release}, six nodes of test/lab, recorded ${new Date(started * 1000).toISOString().slice(0, 10)}`;
const recording: DemoRecording = { format: 'sluice-demo/1', about, moments, expected };
writeFileSync(file, `${JSON.stringify(recording, undefined, 1)}\n`);
console.log(`${expected.length} jobs, ${moments.map(({ recording: { calls } }) => calls.length).join(' and ')} questions`);
for (const id of ids.keys()) slurm('scancel', [String(id)]);
await http.close();
await backend.stop();
