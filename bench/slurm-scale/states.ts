/**
 * Asking which jobs run, over and over, without Slurm: an answer of squeue as large as JOBS running jobs make it, from
 * memory, through `activeStates`. Run with `--expose-gc`; argument: `JOBS` (10,000). Writes one line of JSON: CPU of the
 * first reading of a process and of the median one, and the heap that its records take when they are kept.
 */
import { randomUUID } from 'node:crypto';
import type { Processes } from '@sluice/io';
import { type ActiveState, commandsConnector } from '@sluice/slurm';
import { systemClock } from './clock.ts';

const jobs = Number(process.argv[2] ?? 10_000);
const chunkBytes = 64 * 1024;
const gc = (globalThis as { gc?: () => void }).gc ?? (() => {});
const start = 1_795_260_000;
const ended = { code: 0, signal: null, stderr: '', durationMs: 0 };
let answerBytes = 0;

/** What the last question left to be given out in pieces, made before the clock of the reader runs. */
let answer: { readonly question: string; readonly bytes: Buffer } | undefined;

function answerTo(format: string): Buffer {
  const columns = format.split(',').map((column) => column.split(':'));
  const rows = Array.from({ length: jobs }, (_, index) => {
    const fields: Readonly<Record<string, string>> = {
      JobID: `${1_000_000 + index}`,
      Cluster: 'labcluster',
      State: index % 500 === 0 ? 'COMPLETING' : 'RUNNING',
      StartTime: `${start + index}`,
      EndTime: `${start + index + 86_400}`,
      RestartCnt: '0',
      NodeList: `node[${String(index % 1000).padStart(4, '0')}-${String((index % 1000) + 3).padStart(4, '0')}]`,
    };
    return `${columns.map(([name = '', delimiter = '']) => `${fields[name] ?? ''}${delimiter}`).join('')}\n`;
  });
  return Buffer.from(rows.join(''));
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

const processes: Processes = {
  run: () => Promise.resolve({ ...ended, stdout: Buffer.from('ClusterName = labcluster\n') }),
  stream: ({ args }) => {
    const question = args.find((word) => word.startsWith('--Format='))?.slice('--Format='.length) ?? '';
    if (answer?.question !== question) answer = { question, bytes: answerTo(question) };
    answerBytes = answer.bytes.length;
    return { stdout: pieces(answer.bytes), ended: Promise.resolve(ended) };
  },
};
const nonce = randomUUID().replaceAll('-', '');
const { controller } = commandsConnector({ processes, clock: systemClock, nonce: () => nonce, user: 'root' });

async function read(): Promise<ActiveState[]> {
  const states: ActiveState[] = [];
  for await (const piece of controller.activeStates()) {
    if (piece.kind === 'rejects') throw new Error(`rejects: ${JSON.stringify(piece.rejects[0])}`);
    if (piece.kind === 'records') states.push(...piece.records);
  }
  if (states.length !== jobs) throw new Error(`${states.length} of ${jobs} jobs`);
  return states;
}

async function cpuMs(action: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

// Makes the answer, and leaves after its first piece.
for await (const _ of controller.activeStates()) break;
const first = await cpuMs(read);
const readings: number[] = [];
for (let count = 0; count < 31; count++) readings.push(await cpuMs(read));
readings.sort((a, b) => a - b);
gc();
const bare = process.memoryUsage().heapUsed;
const kept = await read();
gc();
const keptMB = (process.memoryUsage().heapUsed - bare) / 1e6;
console.log(
  JSON.stringify({
    jobs: kept.length,
    megabytes: answerBytes / 1e6,
    firstCpuMs: first,
    medianCpuMs: readings[15],
    keptMB,
  }),
);
