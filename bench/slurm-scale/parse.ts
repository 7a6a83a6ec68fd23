/**
 * Pure reading: recorded bytes of sacct, repeated from memory, through the very path that live answers take — framing,
 * decoding, batches — without a process. Arguments: `FILE NONCE RECORDS`. Writes one line of JSON.
 */
import { readFileSync } from 'node:fs';
import type { Processes } from '@sluice/io';
import { commandsConnector } from '@sluice/slurm';
import { systemClock } from './clock.ts';

const [file = '', nonce = '', wanted = ''] = process.argv.slice(2);
const helpFormat = readFileSync(`${file}.columns`);
const recorded = readFileSync(file);
const headerEnd = recorded.indexOf(`\x1f${nonce}\n`) + nonce.length + 2;
const header = recorded.subarray(0, headerEnd);
const body = recorded.subarray(headerEnd);
const rowsInBody = body.toString('latin1').split(`\x1f${nonce}\n`).length - 1;
const repeats = Math.ceil(Number(wanted) / rowsInBody);
const chunkBytes = 64 * 1024;

async function* bytes(): AsyncGenerator<Buffer> {
  yield Buffer.from(header);
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes);
  }
}

const ended = { code: 0, signal: null, stderr: '', durationMs: 0 };
const processes: Processes = {
  run: () => Promise.resolve({ ...ended, stdout: helpFormat }),
  stream: () => ({ stdout: bytes(), ended: Promise.resolve(ended) }),
};
const { accounting } = commandsConnector({ processes, clock: systemClock, nonce: () => nonce, user: 'root' });

async function readAll(): Promise<number> {
  let records = 0;
  for await (const piece of accounting.jobsById([1])) {
    if (piece.kind === 'rejects') throw new Error(`rejects: ${JSON.stringify(piece.rejects[0])}`);
    if (piece.kind === 'records') records += piece.records.length;
  }
  return records;
}

await readAll();
const before = process.cpuUsage();
const began = performance.now();
const records = await readAll();
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(before);
const delimiters = ((body.toString('latin1').split(`\x1f${nonce}`).length - 1) * (nonce.length + 1)) / body.length;
const megabytes = (header.length + repeats * body.length) / 1e6;
const cpu = (user + system) / 1e6;
console.log(
  JSON.stringify({
    records,
    megabytes,
    bytesPerRecord: Math.round((megabytes * 1e6) / records),
    seconds,
    cpuSeconds: cpu,
    recordsPerSecond: Math.round(records / cpu),
    megabytesPerSecond: megabytes / cpu,
    contentMegabytesPerSecond: (megabytes * (1 - delimiters)) / cpu,
  }),
);
