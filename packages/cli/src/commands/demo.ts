import { ccBackendClient, type Run, type SyncReport } from '@sluice/clustercockpit';
import { httpClient, replayProcesses } from '@sluice/io';
import { formatRanges } from '@sluice/slurm';
import { type CcBackend, generateKeys, type JobRow, labCluster, mintToken, startCcBackend } from '@sluice/standins';
import { differences } from '../demo/compare.ts';
import { type DemoRecording, readDemoRecording, shippedRecording } from '../demo/demo-recording.ts';
import { passAt } from '../demo/pass.ts';
import type { Surroundings } from '../surroundings.ts';
import { formatTable, oneLine } from '../table.ts';
import { formatEpoch } from '../time.ts';

/** Exit code when a recorded job does not stand in the stand-in as it should (EX_SOFTWARE of sysexits.h). */
const notAsItShould = 70;

/** Letters of a reason that are shown. */
const longest = 160;

/** `sluice demo`: plays the moments of a recording and compares what then stands in the stand-in. */
export async function runDemo(options: { readonly recording?: string }, around: Surroundings): Promise<number> {
  const recording = options.recording === undefined ? shippedRecording() : readDemoRecording(options.recording);
  const keys = generateKeys();
  let time = recording.moments[0]?.time ?? 0;
  const clock = { ...around.clock, now: () => time * 1000 };
  const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock });
  const http = httpClient({ baseUrl: backend.url, env: {} });
  const say = (text: string) => around.stdout.write(text);
  try {
    say(`Slurm's answers are recorded (${recording.about}).\n`);
    say(`What follows is live: connector → decisions → HTTP → a stand-in of cc-backend on ${backend.url}\n`);
    const client = ccBackendClient(http, () => mintToken(keys, { name: 'demo', roles: ['api'] }, time));
    const standing = new Set<string>();
    let failures = 0;
    for (const moment of recording.moments) {
      ({ time } = moment);
      const processes = replayProcesses(moment.recording);
      const report = await passAt({ processes, clock: around.clock, time, from: moment.from, client, standing });
      say(`\n${formatEpoch(time)} UTC · ${moment.title}\n${accountOf(report)}`);
      failures += report.failed.length + report.problems.length + report.held.length;
      backend.sync();
    }
    return conclude(recording, backend, failures, say);
  } finally {
    await http.close();
    await backend.stop();
  }
}

function conclude(recording: DemoRecording, backend: CcBackend, failures: number, say: (text: string) => void): number {
  const rows = backend.rows('job');
  say(`\nThe stand-in now holds\n${indent(tableOf(rows))}\n`);
  const wrong = differences(recording.expected, rows);
  for (const line of wrong) say(`WRONG  ${line}\n`);
  if (wrong.length > 0 || failures > 0) {
    say(`Not all is as it should be: ${wrong.length} differences, ${failures} failures.\n`);
    return notAsItShould;
  }
  say(
    `All ${recording.expected.length} jobs stand there as Slurm's accounting says: start, end, state, hosts, CPUs, GPUs, name, script.\n`,
  );
  say(
    'Next, on a machine with Slurm: sluice slurm check; all commands: sluice --help. From a clone: npm run --silent sluice -- slurm check\n',
  );
  return 0;
}

function accountOf(report: SyncReport): string {
  const running = report.runs.filter(({ ended }) => ended === null).length;
  const skipped = [...report.skipped].map(([why, count]) => `, ${count} ${why}`).join('');
  const lines = [
    `  seen     ${running} running, ${report.runs.length - running} ended${skipped}`,
    ...report.started.map((run) => `  start →  ${textOf(run)}`),
    ...report.stopped.map((run) => `  stop  →  ${textOf(run)}, ${run.ended?.state ?? ''}`),
    ...report.rejects.map(({ source, reason }) => `  unread   ${source}: ${reason}`),
    ...report.problems.map(
      ({ message, hint }) => `  FAILED   ${oneLine(message, longest)}${hint === undefined ? '' : `\n           ${oneLine(hint, longest)}`}`,
    ),
    ...report.held.map(({ run, reason }) => `  held     ${textOf(run)}: ${oneLine(reason, longest)}`),
    ...report.failed.map(({ run, what, reason }) => `  FAILED   ${what} of ${textOf(run)}: ${oneLine(reason, longest)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function textOf(run: Run): string {
  return `job ${run.jobId} ${oneLine(JSON.stringify(run.name), 40)} of ${run.user} on ${run.nodes.join(', ')}`;
}

function tableOf(rows: readonly JobRow[]): string {
  const columns = [
    { title: 'JOB', align: 'right' },
    { title: 'STATE' },
    { title: 'SECONDS', align: 'right' },
    { title: 'USER' },
    { title: 'NAME' },
    { title: 'SHARED' },
    { title: 'HOST: HWTHREADS / ACCELERATORS' },
  ] as const;
  return formatTable(
    columns,
    rows.map((row) => [
      row.job_id,
      row.job_state,
      row.job_state === 'running' ? '…' : row.duration,
      row.hpc_user,
      oneLine((JSON.parse(row.meta_data ?? '{}') as { jobName?: string }).jobName ?? '', 16),
      row.shared,
      resourcesText(row),
    ]),
  );
}

function resourcesText(row: JobRow): string {
  const resources = JSON.parse(row.resources) as { hostname: string; hwthreads: number[] | null; accelerators: string[] | null }[];
  return resources
    .map(({ hostname, hwthreads, accelerators }) => {
      const threads = hwthreads === null ? 'all' : formatRanges(hwthreads);
      return `${hostname}: ${threads}${accelerators === null ? '' : ` / ${accelerators.map((id) => id.slice(-7)).join(' ')}`}`;
    })
    .join('; ');
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
