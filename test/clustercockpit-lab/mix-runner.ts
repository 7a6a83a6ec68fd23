import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCode } from '@sluice/io';
import type { Lab } from '../lab/lab.ts';
import { allocationsDir, type Deed, type PlannedJob } from './job-kinds.ts';

const users = ['alice', 'bob'] as const;
/** What commands say when slurmctld is away, or goes while it is asked. */
const noController =
  /Unable to contact|connect failure|timed out|Connection (refused|reset)|Broken pipe|Zero Bytes|receive failure|send failure|standby|not connected|shutting down|temporarily/i;

export interface SubmittedJob extends PlannedJob {
  readonly jobId: number;
}

/** Submits jobs and does to them what their kind needs. */
export class MixRunner {
  readonly #lab: Lab;
  readonly submitted: SubmittedJob[] = [];
  /** What Slurm refused: a deed that came too late, or while slurmctld was away. */
  readonly refusals: string[] = [];
  readonly #stop = new AbortController();
  readonly #deeds: Promise<void>[] = [];
  readonly #watching: Promise<void>;
  /** State by job id, as squeue said last. */
  #states: ReadonlyMap<string, string> = new Map();
  /** Told of every change of state that squeue shows. */
  readonly #changed: (jobId: string, state: string) => void;

  constructor(lab: Lab, changed: (jobId: string, state: string) => void = () => {}) {
    this.#lab = lab;
    this.#changed = changed;
    const notes = join(lab.workDir, allocationsDir);
    mkdirSync(notes, { recursive: true });
    // The umask has its say on the mode that mkdir is given.
    chmodSync(notes, 0o1777);
    this.#watching = this.#watch();
  }

  async submit(job: PlannedJob): Promise<SubmittedJob | undefined> {
    const args = ['--parsable', '-D', this.#lab.workDir, ...job.args];
    const { code, stdout, stderr } = await this.#lab.run('sbatch', args, { user: job.user, stdin: job.script });
    const jobId = Number.parseInt(stdout.toString('utf8'), 10);
    if (code !== 0 || !(jobId > 0)) {
      this.refusals.push(`sbatch of ${job.kind}: ${stderr.trim().split('\n').at(-1)}`);
      return undefined;
    }
    const submitted = { ...job, jobId };
    this.submitted.push(submitted);
    for (const deed of job.deeds) this.#deeds.push(this.#do(deed, submitted));
    return submitted;
  }

  /** Submits all, with so many milliseconds between. */
  async submitAll(jobs: readonly PlannedJob[], everyMs = 0): Promise<void> {
    const began = performance.now();
    for (const [index, job] of jobs.entries()) {
      const waitMs = began + index * everyMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      await this.submit(job);
    }
  }

  /** Submits jobs that run until they are cancelled, and waits until they do. */
  async submitLong(count: number): Promise<readonly number[]> {
    const ids: number[] = [];
    const args = ['--parsable', '-n1', '-p', 'cpu', '-t', '600', '-o', '/dev/null', '-D', this.#lab.workDir];
    for (let n = 0; n < count; n++) {
      ids.push(Number.parseInt(await this.#lab.ask('sbatch', args, { user: 'alice', stdin: '#!/bin/sh\nexec sleep 86400\n' }), 10));
    }
    while (!ids.every((jobId) => this.#states.get(String(jobId)) === 'RUNNING')) await sleep(200);
    return ids;
  }

  async #do(deed: Deed, { jobId, kind }: SubmittedJob): Promise<void> {
    const { signal } = this.#stop;
    while (deed.after === 'running' && this.#states.get(String(jobId)) !== 'RUNNING') {
      if (signal.aborted) return;
      await sleep(100);
    }
    await sleep(deed.waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const args = deed.args.map((arg) => arg.replace('{id}', String(jobId)));
    for (;;) {
      const { code, stderr } = await this.#lab.run(deed.command, args, { user: deed.user ?? 'root' }).catch(unanswered);
      if (code === 0) return;
      // While slurmctld is away the deed waits.
      if (noController.test(stderr) && !signal.aborted) {
        await sleep(1000);
        continue;
      }
      this.refusals.push(`${deed.command} ${args.join(' ')} (${kind}): ${stderr.trim().split('\n').at(-1)}`);
      return;
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Requeued jobs would wait for two minutes (slurm.md §5).
      const said = await this.#lab.run('squeue', ['-h', '-r', '-t', 'all', '-o', '%A %T %r'], { timeoutMs: 20_000 }).catch(() => undefined);
      if (said?.code === 0) await this.#take(said.stdout.toString('utf8').split('\n').filter(Boolean));
      await sleep(250, undefined, { signal }).catch(() => {});
    }
  }

  async #take(lines: readonly string[]): Promise<void> {
    const states = new Map<string, string>();
    for (const line of lines) {
      const [jobId = '', state = '', reason] = line.split(' ');
      states.set(jobId, state);
      if (this.#states.get(jobId) !== state) this.#changed(jobId, state);
      if (state !== 'PENDING' || this.#isToWait(jobId)) continue;
      if (reason === 'BeginTime') await this.#lab.run('scontrol', ['update', `jobid=${jobId}`, 'starttime=now']).catch(() => {});
      // slurmctld holds what a failed node left suspended; it would wait for ever.
      if (reason?.startsWith('JobHeld')) await this.#lab.run('scancel', [jobId]).catch(() => {});
    }
    this.#states = states;
  }

  #isToWait(jobId: string): boolean {
    return this.submitted.some((job) => String(job.jobId) === jobId && job.args.some((arg) => arg === '-H' || arg.startsWith('--begin')));
  }

  /** Jobs that run or wait, as squeue said last. */
  get alive(): readonly string[] {
    const over = new Set([
      'COMPLETED',
      'FAILED',
      'CANCELLED',
      'TIMEOUT',
      'NODE_FAIL',
      'DEADLINE',
      'PREEMPTED',
      'OUT_OF_MEMORY',
      'BOOT_FAIL',
    ]);
    return [...this.#states].filter(([, state]) => !over.has(state)).map(([jobId]) => jobId);
  }

  /** Waits until every job has ended, and cancels what has not after so many milliseconds. */
  async allEnded(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    while (!(await this.#queueIsEmpty())) {
      // One by one: scancel knows no list of users.
      if (performance.now() > end) for (const user of users) await this.#lab.run('scancel', ['-u', user]);
      if (performance.now() > end + 120_000) {
        throw new Error(`jobs that do not end: ${this.alive.join(' ')}; refused were: ${this.refusals.join('; ')}`);
      }
      await sleep(500);
    }
  }

  async #queueIsEmpty(): Promise<boolean> {
    const { code, stdout } = await this.#lab.run('squeue', ['-h', '-r', '-o', '%A']);
    return code === 0 && stdout.length === 0;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await Promise.allSettled(this.#deeds);
  }
}

/** A command that hung is one that no controller answered. */
function unanswered(error: unknown): { readonly code: number; readonly stderr: string } {
  if (isCode(error, 'process.timeout')) return { code: 1, stderr: 'timed out' };
  throw error;
}
