import type { Processes } from '@sluice/io';
import type { Environment } from './job-environment.ts';

/** Hooks that run at a time; slurmctld has no such bound, but neither has it a cluster that goes a thousand times as fast as its machine. */
const atOnce = 8;
/** PrologEpilogTimeout of slurm.conf(5), by default. */
const timeoutMs = 65_534_000;

/** Runs PrologSlurmctld and EpilogSlurmctld: those of one job in their order, some jobs at a time. */
export class HookRunner {
  readonly #processes: Processes;
  readonly #log: (line: string) => void;
  readonly #perJob = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  readonly #abort = new AbortController();

  constructor(processes: Processes, log: (line: string) => void) {
    this.#processes = processes;
    this.#log = log;
  }

  /** Runs the programs one after the other, after all that the same job has queued before; `done` says whether all of them gave 0. */
  run(job: string, programs: readonly string[], environment: Environment, done: (good: boolean) => void): void {
    const before = this.#perJob.get(job) ?? Promise.resolve();
    const after = before.then(async () => {
      await this.#turn();
      try {
        const good = await this.#all(programs, environment);
        if (!this.#abort.signal.aborted) done(good);
      } finally {
        this.#leave();
      }
    });
    this.#perJob.set(job, after);
    void after.then(() => {
      if (this.#perJob.get(job) === after) this.#perJob.delete(job);
    });
  }

  /** Ends what runs; nothing is told any more. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('the emulator is closed'));
    for (const enter of this.#waiting.splice(0)) enter();
    await Promise.all(this.#perJob.values());
  }

  async #all(programs: readonly string[], environment: Environment): Promise<boolean> {
    for (const name of programs) {
      if (this.#abort.signal.aborted) return false;
      try {
        const { code, stderr } = await this.#processes.run({
          program: { name, timeoutMs, inherit: [], env: environment, maxOutputBytes: 1 << 20 },
          args: [],
          signal: this.#abort.signal,
        });
        if (code === 0) continue;
        this.#log(`${name} ended with ${code ?? 'a signal'}: ${stderr.slice(0, 200)}`);
        return false;
      } catch (error) {
        if (!this.#abort.signal.aborted) this.#log(`${name} could not be run: ${error instanceof Error ? error.message : error}`);
        return false;
      }
    }
    return true;
  }

  async #turn(): Promise<void> {
    if (this.#running < atOnce) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The turn goes to the next, or is free. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
