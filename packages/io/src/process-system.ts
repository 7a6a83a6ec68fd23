import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { SluiceError } from './errors.ts';
import type { Call, Ended, Finished, Processes, ProcessStream, Program } from './process.ts';

const stderrCap = 64 * 1024;
const killGraceMs = 2000;

/** The real door: starts programs of this machine, without a shell. */
export function systemProcesses(environment: Readonly<Record<string, string | undefined>>): Processes {
  function stream(call: Call): ProcessStream {
    const { program } = call;
    const started = performance.now();
    const child = spawn(locate(program, environment), [...call.args], {
      env: childEnvironment(program, environment),
      stdio: [call.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const bounds = new Bounds(child, call);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', (error) => {
        bounds.release();
        reject(bounds.broken ?? startError(program, error));
      });
      child.once('close', (code, signal) => {
        bounds.release();
        if (bounds.broken) reject(bounds.broken);
        else resolve({ code, signal, stderr: bounds.stderr(), durationMs: performance.now() - started });
      });
    });
    ended.catch(() => {});
    if (child.stdin) {
      child.stdin.on('error', () => {});
      child.stdin.end(call.stdin);
    }
    return { stdout: bounds.stdout(), ended };
  }

  async function run(call: Call): Promise<Finished> {
    const running = stream(call);
    const chunks: Buffer[] = [];
    for await (const chunk of running.stdout) chunks.push(chunk);
    const ended = await running.ended;
    return { ...ended, stdout: Buffer.concat(chunks) };
  }

  return { run, stream };
}

/** Holds one child to its time-out, its output cap and its caller's signal. */
class Bounds {
  broken: SluiceError | undefined;
  readonly #child: ChildProcess;
  readonly #program: Program;
  readonly #timer: NodeJS.Timeout;
  #killer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.end(undefined);
  #stderr: Buffer[] = [];
  #stderrBytes = 0;

  constructor(child: ChildProcess, call: Call) {
    this.#child = child;
    this.#program = call.program;
    this.#signal = call.signal;
    this.#timer = setTimeout(() => {
      this.end(new SluiceError('process.timeout', `${call.program.name} did not end within ${call.program.timeoutMs / 1000} s`));
    }, call.program.timeoutMs);
    if (call.signal?.aborted) this.#onAbort();
    else call.signal?.addEventListener('abort', this.#onAbort, { once: true });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (this.#stderrBytes >= stderrCap) return;
      this.#stderr.push(chunk.subarray(0, stderrCap - this.#stderrBytes));
      this.#stderrBytes += chunk.length;
    });
  }

  async *stdout(): AsyncGenerator<Buffer> {
    let bytes = 0;
    let whole = false;
    try {
      for await (const chunk of this.#child.stdout ?? []) {
        bytes += chunk.length;
        if (bytes > this.#program.maxOutputBytes) {
          this.end(new SluiceError('process.output', `${this.#program.name} wrote more than ${this.#program.maxOutputBytes} bytes`));
          return;
        }
        yield chunk;
      }
      whole = true;
    } finally {
      if (!whole) this.end(undefined);
    }
  }

  stderr(): string {
    return Buffer.concat(this.#stderr).toString('utf8');
  }

  end(reason: SluiceError | undefined): void {
    this.broken ??= reason;
    if (this.#killer || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    this.#killer = setTimeout(() => this.#child.kill('SIGKILL'), killGraceMs);
  }

  release(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#killer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

function childEnvironment(program: Program, environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const name of program.inherit) {
    const value = environment[name];
    if (value !== undefined) chosen[name] = value;
  }
  return { ...chosen, ...program.env };
}

function locate(program: Program, environment: Readonly<Record<string, string | undefined>>): string {
  if (isAbsolute(program.name)) return program.name;
  if (program.dir !== undefined) return join(program.dir, program.name);
  const searched = environment['PATH'] ?? '/usr/bin:/bin';
  for (const dir of searched.split(delimiter)) {
    const candidate = join(dir, program.name);
    if (isAbsolute(dir) && isExecutable(candidate)) return candidate;
  }
  throw new SluiceError('process.missing', `${program.name} is in none of the directories of PATH (${searched})`, {
    hint: `Install it, or name the directory that holds it in the configuration.`,
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function startError(program: Program, error: Error): SluiceError {
  const code = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'process.denied' : 'process.missing';
  return new SluiceError(code, `${program.name} cannot be started: ${error.message}`, { cause: error });
}
