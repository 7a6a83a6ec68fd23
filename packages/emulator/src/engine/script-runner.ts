import { closeSync, constants, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { join } from 'node:path';
import type { Processes } from '@sluice/io';
import type { ExitCode } from '@sluice/slurm';
import type { Environment } from './job-environment.ts';
import type { JobRecord } from './job-record.ts';
import { expandPattern } from './paths.ts';

/** The longest that a timer of Node lasts: a job's time limit is slurmctld's affair. */
const noTimeout = 2 ** 31 - 1;

/** Says its pid, which is its process group's, goes to the directory, and becomes the script. */
const starter = 'echo $$; cd "$1" || cd /tmp; exec >>"$2" 2>>"$3" <"$4"; shift 4; exec "$@"';

/** A batch script that runs as a process of this machine. */
interface LocalScript {
  /** Null until the process has said it. */
  pid: number | null;
  /** Signals that came before. */
  readonly early: { readonly signal: number; readonly batchOnly: boolean }[];
  readonly ended: Promise<void>;
}

/** Runs batch scripts, each in a process group of its own, as the user of the emulator. */
export class ScriptRunner {
  readonly #processes: Processes;
  readonly #spool: string;
  readonly #running = new Map<string, LocalScript>();
  #closed = false;

  /** `spool` is a directory for copies of the scripts; it is made, and removed at the end. */
  constructor(processes: Processes, spool: string) {
    this.#processes = processes;
    this.#spool = spool;
  }

  /** Starts a run; `done` gets its exit code. Slurm's for an output file that can't be opened is 0:53 (recorded). */
  start(job: JobRecord, environment: Environment, done: (exit: ExitCode) => void): void {
    const key = job.dbIndex;
    const paths = outputPaths(job);
    if (!openable(paths.stdout, job.request.openMode) || (paths.stderr !== paths.stdout && !openable(paths.stderr, job.request.openMode))) {
      setImmediate(() => this.#closed || done({ code: 0, signal: 53 }));
      return;
    }
    const dir = join(this.#spool, `job${job.jobId}-${key}`);
    const path = join(dir, 'slurm_script');
    mkdirSync(dir, { recursive: true });
    writeFileSync(path, job.request.script ?? '', { mode: 0o700 });
    const local: LocalScript = { pid: null, early: [], ended: Promise.resolve() };
    const ended = this.#run(local, job, { path, environment, paths }).then((exit) => {
      this.#running.delete(key);
      rmSync(dir, { recursive: true, force: true });
      if (!this.#closed) done(exit);
    });
    this.#running.set(key, Object.assign(local, { ended }));
  }

  /** Signals a run's process group, or the script's own process. False when there is none. */
  signal(key: string, signal: number, batchOnly: boolean): boolean {
    const local = this.#running.get(key);
    if (local === undefined) return false;
    if (local.pid === null) local.early.push({ signal, batchOnly });
    else send(local.pid, signal, batchOnly);
    return true;
  }

  /** Ends all runs at once; nothing is told any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#running.keys()].flatMap((key) => {
      this.signal(key, 9, false);
      return this.#running.get(key)?.ended ?? [];
    });
    await Promise.all(all);
    rmSync(this.#spool, { recursive: true, force: true });
  }

  async #run(
    local: LocalScript,
    job: JobRecord,
    {
      path,
      environment,
      paths,
    }: { readonly path: string; readonly environment: Environment; readonly paths: ReturnType<typeof outputPaths> },
  ): Promise<ExitCode> {
    const { workDir, scriptArguments = [] } = job.request;
    const stream = this.#processes.stream({
      program: { name: '/bin/sh', timeoutMs: noTimeout, inherit: [], env: environment, maxOutputBytes: 4096 },
      args: ['-c', starter, 'slurm_script', workDir, paths.stdout, paths.stderr, paths.stdin, path, ...scriptArguments],
    });
    try {
      let said = '';
      for await (const chunk of stream.stdout) {
        said += chunk.toString('latin1');
        if (local.pid !== null || !said.includes('\n')) continue;
        local.pid = Number.parseInt(said, 10);
        for (const { signal, batchOnly } of local.early) send(local.pid, signal, batchOnly);
      }
      const { code, signal } = await stream.ended;
      return { code: code ?? 0, signal: signal === null ? 0 : osConstants.signals[signal] };
    } catch {
      // The shell itself could not be started: slurmd's launch failure.
      return { code: 0, signal: 53 };
    }
  }
}

function send(pid: number, signal: number, batchOnly: boolean): void {
  try {
    process.kill(batchOnly ? pid : -pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}

function outputPaths(job: JobRecord): { readonly stdout: string; readonly stderr: string; readonly stdin: string } {
  const onNode = (path: string) => expandPattern(path, job, job.batchHost);
  return { stdout: onNode(job.stdout), stderr: onNode(job.stderr), stdin: onNode(job.stdin) };
}

function openable(path: string, mode: 'append' | 'truncate' | undefined): boolean {
  const truncate = mode === 'append' ? 0 : constants.O_TRUNC;
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | truncate, 0o644));
    return true;
  } catch {
    return false;
  }
}
