import { type Call, type Ended, type Finished, manualClock, type Processes } from '@sluice/io';
import { type Connector, commandsConnector } from '@sluice/slurm';
import { nonce } from './hostile.ts';
import type { Random } from './random.ts';

/** What a command answers; one character of stdout is one byte. */
export interface Scripted {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}

/** The connector over commands that answer as told. `cut` divides what a command writes into what a pipe gives at a time. */
export function scriptedSlurm(answer: (call: Call) => Scripted, cut: (bytes: Buffer) => readonly Buffer[]): Connector {
  async function run(call: Call): Promise<Finished> {
    const { stdout = '', stderr = '', code = 0 } = answer(call);
    return { code, signal: null, stderr, durationMs: 1, stdout: Buffer.from(stdout, 'latin1') };
  }
  function stream(call: Call) {
    const finished = run(call);
    async function* stdout(): AsyncGenerator<Buffer> {
      yield* cut((await finished).stdout);
    }
    return { stdout: stdout(), ended: finished as Promise<Ended> };
  }
  const processes: Processes = { run, stream };
  return commandsConnector({ processes, clock: manualClock(1_795_260_000_000), nonce: () => nonce, user: 'sluice' });
}

/** Sizes of chunks for one input: all at once, as pipes give them, or byte by byte. */
export function chunker(random: Random): (bytes: Buffer) => readonly Buffer[] {
  const size = random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 4096, 1000, 300, 64]);
  const sizes = random.oneIn(200) ? [1] : [size, Math.max(1, Math.floor(size / (1 + random.below(3)))), size + random.below(9)];
  return function cut(bytes) {
    const chunks: Buffer[] = [];
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const until = Math.min(bytes.length, at + (sizes[turn % sizes.length] ?? 1));
      chunks.push(bytes.subarray(at, until));
      at = until;
    }
    return chunks;
  };
}
