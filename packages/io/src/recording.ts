import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type ErrorCode, errorTable, SluiceError } from './errors.ts';
import type { Call, Ended, Finished, Processes, ProcessStream } from './process.ts';

/** Bytes in a recording: text where they are UTF-8, base64 otherwise. */
export type RecordedBytes = string | { readonly base64: string };

/** One question to a program and its answer. What the program inherited and its bounds are not part of the question. */
export interface RecordedCall {
  /** Name of the program, e.g. `sacct`; never its directory, so that a recording replays anywhere. */
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin?: RecordedBytes;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: RecordedBytes;
  readonly stderr: string;
  /** The typed error with which the call ended instead; `stdout` is what came before it. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** The file: calls in the order in which they ended. `about` says where the recording comes from. */
export interface ProcessRecording {
  readonly format: 'sluice-processes/1';
  readonly about?: string;
  readonly calls: readonly RecordedCall[];
}

/**
 * Passes every call on to `inner` and hands it to `sink` once it has ended. Only answers and typed errors are recorded;
 * calls that their caller aborted are not, nor those whose stdin comes piece by piece. A call left early is recorded with the bytes
 * that were read.
 */
export function recordingProcesses(inner: Processes, sink: (call: RecordedCall) => void): Processes {
  function stream(call: Call): ProcessStream {
    const running = inner.stream(call);
    if (isPiecemeal(call.stdin)) return running;
    const chunks: Buffer[] = [];
    async function* stdout(): AsyncGenerator<Buffer> {
      for await (const chunk of running.stdout) {
        chunks.push(chunk);
        yield chunk;
      }
    }
    const ended = running.ended.then(
      (end) => {
        sink({ ...question(call), ...answer(end, chunks) });
        return end;
      },
      (error: unknown) => {
        if (error instanceof SluiceError) sink({ ...question(call), ...failure(error, chunks) });
        throw error;
      },
    );
    ended.catch(() => {});
    return { stdout: stdout(), ended };
  }
  return { run: (call) => collect(stream(call)), stream };
}

export interface ReplayOptions {
  /** Bytes per chunk of stdout; 65,536 by default. Small values show readers that trip over the edges of chunks. */
  readonly chunkBytes?: number;
}

/**
 * Answers calls from a recording. A call is the same when program, arguments and stdin are equal; recorded several
 * times, its answers are given in order and the last one repeats. An unknown call is the error `process.missing` that
 * names it and the nearest recorded one.
 */
export function replayProcesses(recording: ProcessRecording, options: ReplayOptions = {}): Processes {
  const answers = new Map<string, RecordedCall[]>();
  for (const call of recording.calls) {
    const key = keyOf(call.program, call.args, call.stdin === undefined ? undefined : bytesOf(call.stdin));
    const known = answers.get(key);
    if (known) known.push(call);
    else answers.set(key, [call]);
  }

  function next(call: Call): RecordedCall {
    const known = isPiecemeal(call.stdin) ? undefined : answers.get(keyOf(call.program.name, call.args, stdinOf(call)));
    const recorded = known && known.length > 1 ? known.shift() : known?.[0];
    if (recorded) return recorded;
    throw new SluiceError('process.missing', `the recording holds no answer to: ${commandLine(call.program.name, call.args)}`, {
      hint: nearest(recording, call),
    });
  }

  function stream(call: Call): ProcessStream {
    return replayOne(call, () => next(call), options.chunkBytes ?? 65_536);
  }
  return { run: (call) => collect(stream(call)), stream };
}

/**
 * Reads a recording, `.json` or `.json.gz`.
 * Errors: `config.unreadable` when the file cannot be read, `data.invalid` when it is not a recording.
 */
export function readRecording(path: string | URL): ProcessRecording {
  let raw: Buffer;
  try {
    raw = readFileSync(path);
  } catch (cause) {
    throw new SluiceError('config.unreadable', `the recording ${path} cannot be read`, { cause });
  }
  try {
    const text = (raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw).toString('utf8');
    const parsed: unknown = JSON.parse(text);
    if (isRecording(parsed)) return parsed;
  } catch (cause) {
    throw new SluiceError('data.invalid', `the recording ${path} is not whole JSON`, { cause });
  }
  throw new SluiceError('data.invalid', `${path} is not a recording of the format sluice-processes/1`);
}

/** Writes a recording; compressed when the path ends in `.gz`. Equal recordings give equal bytes. */
export function writeRecording(path: string, recording: ProcessRecording): void {
  const text = `${JSON.stringify(recording, undefined, 1)}\n`;
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text);
}

function replayOne(call: Call, find: () => RecordedCall, chunkBytes: number): ProcessStream {
  const { promise: ended, resolve, reject } = Promise.withResolvers<Ended>();
  ended.catch(() => {});
  let recorded: RecordedCall | undefined;
  try {
    call.signal?.throwIfAborted();
    recorded = find();
  } catch (error) {
    reject(error);
  }
  async function* stdout(): AsyncGenerator<Buffer> {
    if (!recorded) {
      await ended;
      return;
    }
    const bytes = bytesOf(recorded.stdout);
    let sent = 0;
    try {
      while (sent < bytes.length) {
        call.signal?.throwIfAborted();
        const chunk = bytes.subarray(sent, sent + chunkBytes);
        sent += chunk.length;
        yield chunk;
      }
      if (recorded.error) throw new SluiceError(recorded.error.code, recorded.error.message);
      resolve({ code: recorded.code, signal: recorded.signal, stderr: recorded.stderr, durationMs: 0 });
    } catch (error) {
      reject(error);
      throw error;
    } finally {
      // The reader left: a real program is ended by that.
      resolve({ code: null, signal: 'SIGTERM', stderr: recorded.stderr, durationMs: 0 });
    }
  }
  return { stdout: stdout(), ended };
}

async function collect(running: ProcessStream): Promise<Finished> {
  const chunks: Buffer[] = [];
  for await (const chunk of running.stdout) chunks.push(chunk);
  return { ...(await running.ended), stdout: Buffer.concat(chunks) };
}

function question(call: Call): Pick<RecordedCall, 'program' | 'args' | 'stdin'> {
  const asked = { program: call.program.name, args: [...call.args] };
  const stdin = stdinOf(call);
  return stdin === undefined ? asked : { ...asked, stdin: recordedBytes(stdin) };
}

function isPiecemeal(stdin: Call['stdin']): stdin is AsyncIterable<string> {
  return typeof stdin === 'object' && Symbol.asyncIterator in stdin;
}

function stdinOf({ stdin }: Call): Buffer | undefined {
  return stdin === undefined || isPiecemeal(stdin) ? undefined : Buffer.from(stdin);
}

function answer(end: Ended, chunks: readonly Buffer[]): Omit<RecordedCall, 'program' | 'args' | 'stdin'> {
  return { code: end.code, signal: end.signal, stdout: recordedBytes(Buffer.concat(chunks)), stderr: end.stderr };
}

function failure(error: SluiceError, chunks: readonly Buffer[]): Omit<RecordedCall, 'program' | 'args' | 'stdin'> {
  const stdout = recordedBytes(Buffer.concat(chunks));
  return { code: null, signal: null, stdout, stderr: '', error: { code: error.code, message: error.message } };
}

function recordedBytes(bytes: Buffer): RecordedBytes {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : { base64: bytes.toString('base64') };
}

function bytesOf(recorded: RecordedBytes): Buffer {
  return typeof recorded === 'string' ? Buffer.from(recorded, 'utf8') : Buffer.from(recorded.base64, 'base64');
}

function keyOf(program: string, args: readonly string[], stdin: Buffer | undefined): string {
  return JSON.stringify([program, args, stdin?.toString('base64') ?? null]);
}

function commandLine(program: string, args: readonly string[]): string {
  return [program, ...args].map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

/** The recorded call of the same program that shares most arguments: nearly always the one that was meant. */
function nearest(recording: ProcessRecording, call: Call): string {
  const same = recording.calls.filter((one) => one.program === call.program.name);
  const shared = (one: RecordedCall) => one.args.filter((arg, at) => arg === call.args[at]).length;
  const best = same.reduce<RecordedCall | undefined>((top, one) => (top && shared(top) >= shared(one) ? top : one), undefined);
  if (!best) return `It holds no call of ${call.program.name} at all.`;
  const stdin = best.stdin === undefined ? '' : ' (with other or the same stdin)';
  return `The nearest recorded call is: ${commandLine(best.program, best.args)}${stdin}`;
}

function isRecording(value: unknown): value is ProcessRecording {
  const { format, calls } = (value ?? {}) as Partial<ProcessRecording>;
  return format === 'sluice-processes/1' && Array.isArray(calls) && calls.every(isRecordedCall);
}

function isRecordedCall(value: unknown): boolean {
  const call = (value ?? {}) as Partial<RecordedCall>;
  const isBytes = (bytes: unknown) => typeof bytes === 'string' || typeof (bytes as { base64?: unknown } | undefined)?.base64 === 'string';
  return (
    typeof call.program === 'string' &&
    Array.isArray(call.args) &&
    call.args.every((arg) => typeof arg === 'string') &&
    (call.code === null || typeof call.code === 'number') &&
    (call.signal === null || typeof call.signal === 'string') &&
    isBytes(call.stdout) &&
    (call.stdin === undefined || isBytes(call.stdin)) &&
    typeof call.stderr === 'string' &&
    (call.error === undefined || call.error.code in errorTable)
  );
}
