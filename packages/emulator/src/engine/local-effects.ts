import type { Processes } from '@sluice/io';
import { components } from './het.ts';
import { HookRunner } from './hooks.ts';
import { batchEnvironment, hookEnvironment } from './job-environment.ts';
import type { JobRecord } from './job-record.ts';
import { endingOf, endJob, epilogDone } from './lifecycle.ts';
import { requeueJob } from './operations.ts';
import { ScriptRunner } from './script-runner.ts';
import type { JobEffects, World } from './world.ts';

/** What jobs do to the machine: their scripts as processes, PrologSlurmctld before and EpilogSlurmctld after them. */
export class LocalEffects implements JobEffects {
  readonly runsScripts = true;
  readonly #world: World;
  readonly #hooks: HookRunner;
  readonly #scripts: ScriptRunner;
  readonly #happened: (act: () => void) => void;

  constructor(
    world: World,
    options: {
      readonly processes: Processes;
      /** Directory for copies of scripts. */
      readonly spool: string;
      /** Something ended by itself: brings the time to the present, acts, and tells those who listen. */
      happened(act: () => void): void;
    },
  ) {
    this.#world = world;
    this.#hooks = new HookRunner(options.processes, world.log);
    this.#scripts = new ScriptRunner(options.processes, options.spool);
    this.#happened = (act) => options.happened(act);
  }

  begun(job: JobRecord, local: boolean): void {
    const { prologSlurmctld } = this.#world.settings;
    if (prologSlurmctld.length === 0) {
      if (local) this.#startScript(job);
      return;
    }
    job.flags = ['CONFIGURING'];
    const run = job.dbIndex;
    this.#hooks.run(`${job.jobId}`, prologSlurmctld, this.#hookEnvironment(job, 'prolog_slurmctld'), (good) => {
      this.#happened(() => {
        if (job.dbIndex !== run || !job.flags.includes('CONFIGURING')) return;
        job.flags = [];
        this.#world.touch(job);
        // A prolog that fails sends a batch job back into the queue (slurm.conf(5), PrologSlurmctld).
        if (!good) requeueJob(this.#world, job, { hold: false, specialExit: false });
        else if (local) this.#startScript(job);
      });
    });
  }

  signalled(job: JobRecord, signal: number, batchOnly = false): boolean {
    return this.#scripts.signal(job.dbIndex, signal, batchOnly);
  }

  ended(job: JobRecord): boolean {
    const { epilogSlurmctld } = this.#world.settings;
    if (epilogSlurmctld.length === 0) return false;
    const run = job.dbIndex;
    this.#hooks.run(`${job.jobId}`, epilogSlurmctld, this.#hookEnvironment(job, 'epilog_slurmctld'), () => {
      this.#happened(() => {
        if (job.dbIndex === run) epilogDone(this.#world, job);
      });
    });
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([this.#hooks.close(), this.#scripts.close()]);
  }

  #startScript(job: JobRecord): void {
    const run = job.dbIndex;
    this.#scripts.start(job, batchEnvironment(job, this.#world.spec.name), (exit) => {
      this.#happened(() => {
        if (job.dbIndex !== run || (job.state !== 'RUNNING' && job.state !== 'SUSPENDED')) return;
        for (const each of components(this.#world, job)) {
          if (each.state !== 'RUNNING' && each.state !== 'SUSPENDED') continue;
          endJob(this.#world, each, each.own.ending ?? endingOf(exit, this.#world.release));
        }
      });
    });
  }

  #hookEnvironment(job: JobRecord, hook: 'prolog_slurmctld' | 'epilog_slurmctld') {
    const { spec, release } = this.#world;
    return hookEnvironment(job, { cluster: spec.name, release, hook, components: components(this.#world, job) });
  }
}
