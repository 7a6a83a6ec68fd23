/**
 * How long Slurm's commands take on an emulated cluster of 1,000 nodes with 20,000 jobs in accounting: the executables of a directory, from
 * start to end, beside a `cat` of the same bytes.
 *
 *   node --conditions=@sluice/source bench/emulator/questions.ts [--jobs N] [--nodes N] [--record]
 *
 * Ends with 1 when squeue or sacct takes a second.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { allCommands, openEmulator, startEmulator } from '@sluice/emulator';
import { systemClock, systemProcesses } from '@sluice/io';
import { conclude, quantile, rounded } from '../recorded.ts';
import { generator, siteCluster, siteRequest } from './site.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '20000' }, nodes: { type: 'string', default: '1000' }, record: { type: 'boolean' } },
});
const [jobs, nodes] = [Number(values.jobs), Number(values.nodes)];
const runs = 7;
const promisedMs = 1000;
const days = 6;
const run = promisify(execFile);

const random = generator(1);
const dir = mkdtempSync(join(tmpdir(), 'sluice-emulator-bench-'));
const start = Math.floor(Date.now() / 1000) - days * 86_400;
const emulator = await startEmulator({
  directory: join(dir, 'slurm'),
  newSpec: siteCluster(nodes),
  open: (spec, file) => openEmulator({ spec, file, clock: systemClock(), start, rate: 0, random }),
  commands: allCommands,
  clock: systemClock(),
  processes: systemProcesses(process.env),
  random,
  env: process.env,
  pid: process.pid,
  client: ['false'],
  onFault: (error) => {
    throw error;
  },
});
try {
  const { slurm, paths } = emulator;
  const arrivals = Array.from({ length: jobs }, () => start + Math.floor(random() * days * 86_400)).sort((a, b) => a - b);
  for (const arrival of arrivals) {
    slurm.time.advance(Math.max(0, arrival - slurm.time.now()));
    const { as, request } = siteRequest(random);
    slurm.controller.submit([request], as);
  }
  const { pending, running } = slurm.controller.statistics();
  const questions: Readonly<Record<string, readonly string[]>> = {
    squeue: [],
    'squeue -t all': ['-t', 'all'],
    sacct: [
      '-X',
      '-a',
      '-P',
      '-S',
      'now-10days',
      '--noconvert',
      '--format=JobID,User,Account,Partition,State,Start,End,NodeList,AllocTRES',
    ],
    'sacct of a user': ['-X', '-u', 'user0', '-S', 'now-10days'],
    sinfo: [],
    'scontrol show node': ['show', 'node', '-o'],
    'scontrol show job': ['show', 'job', '-o'],
  };
  const found: Record<string, unknown> = {};
  const missed: string[] = [];
  for (const [name, args] of Object.entries(questions)) {
    const command = join(paths.bin, name.split(' ')[0] ?? '');
    let output = '';
    const times: number[] = [];
    for (let at = 0; at < runs; at++) {
      const began = performance.now();
      ({ stdout: output } = await run(command, [...args], { maxBuffer: 1 << 30, env: { PATH: process.env['PATH'] ?? '' } }));
      times.push(performance.now() - began);
    }
    const file = join(dir, 'output');
    writeFileSync(file, output);
    const cats: number[] = [];
    for (let at = 0; at < runs; at++) {
      const began = performance.now();
      await run('/bin/cat', [file], { maxBuffer: 1 << 30 });
      cats.push(performance.now() - began);
    }
    const medianMs = quantile(times, 0.5);
    found[name] = {
      lines: output.split('\n').length - 1,
      medianMs: rounded(medianMs, 0),
      highestMs: rounded(Math.max(...times), 0),
      timesCat: rounded(medianMs / quantile(cats, 0.5), 1),
    };
    if (/^(squeue|sacct)/.test(name) && Math.max(...times) >= promisedMs) missed.push(`${name}: ${rounded(Math.max(...times), 0)} ms`);
  }
  conclude(
    'questions',
    { jobs, nodes, pending, running, peakMB: rounded(process.resourceUsage().maxRSS / 1000, 0), ...found },
    missed,
    import.meta.dirname,
  );
} finally {
  await emulator.stop();
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true, force: true });
}
