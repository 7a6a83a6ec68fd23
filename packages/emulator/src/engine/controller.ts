import type { Epoch } from '@sluice/slurm';
import type { EmulatedJob, Identity, JobRequest } from '../model/job.ts';
import type { ControllerStatistics, EmulatedPartition, JobChanges, NodeChanges, Reservation, Slurmctld } from '../model/slurmctld.ts';
import type { ClusterSpec, PartitionSpec } from '../model/spec.ts';
import { shownConfig } from './config.ts';
import { updateJob } from './job-changes.ts';
import { updateNodes } from './node-changes.ts';
import type { NodeRecord } from './node-record.ts';
import { hold, release, requeue, resume, signal, suspend } from './operations.ts';
import { partitionView, updatePartition } from './partition-changes.ts';
import { createReservation, deleteReservation } from './reservation-changes.ts';
import { selectJobs } from './select-jobs.ts';
import { completeJob, endStep, startStep } from './steps.ts';
import { submit } from './submit.ts';
import { testStart } from './test-start.ts';
import type { World } from './world.ts';

/** How the controller is tied to its surroundings. */
export interface ControllerTies {
  /** Lets everything happen that is due, and gives the time. Called before every answer. */
  sync(): Epoch;
  /** Something was changed by a caller. */
  changed(): void;
  /** Whether each controller answers. */
  controllersUp(): readonly boolean[];
}

/** The emulated slurmctld: answers from the world, and changes it. */
export class Controller implements Slurmctld {
  readonly #world: World;
  readonly #ties: ControllerTies;

  constructor(world: World, ties: ControllerTies) {
    this.#world = world;
    this.#ties = ties;
  }

  get spec(): ClusterSpec {
    return this.#world.spec;
  }

  config(): Readonly<Record<string, string>> {
    this.#ties.sync();
    return shownConfig(this.#world);
  }

  now(): Epoch {
    return this.#ties.sync();
  }

  jobs(): Iterable<EmulatedJob> {
    this.#ties.sync();
    return this.#world.jobs.values();
  }

  job(jobId: number): EmulatedJob | undefined {
    this.#ties.sync();
    return this.#world.jobs.get(jobId);
  }

  select(selector: string): readonly EmulatedJob[] {
    this.#ties.sync();
    return selectJobs(this.#world, selector).map(({ job }) => job);
  }

  nodes(): readonly NodeRecord[] {
    this.#ties.sync();
    return this.#world.nodes;
  }

  node(name: string): NodeRecord | undefined {
    this.#ties.sync();
    return this.#world.nodeByName.get(name);
  }

  partitions(): readonly EmulatedPartition[] {
    this.#ties.sync();
    return [...this.#world.partitions.values()].map((partition) => partitionView(this.#world, partition));
  }

  reservations(): readonly Reservation[] {
    this.#ties.sync();
    return [...this.#world.reservations.values()];
  }

  statistics(): ControllerStatistics {
    this.#ties.sync();
    const { statistics, agent, jobs } = this.#world;
    let pending = 0;
    let running = 0;
    for (const { state } of jobs.values()) {
      if (state === 'PENDING') pending += 1;
      else if (state === 'RUNNING') running += 1;
    }
    return { ...statistics, pending, running, dbdAgentQueue: agent.waiting };
  }

  controllers(): readonly { readonly host: string; readonly up: boolean }[] {
    const up = this.#ties.controllersUp();
    return this.#world.spec.controllers.map(({ host }, at) => ({ host, up: up[at] ?? true }));
  }

  submit(requests: readonly JobRequest[], as: Identity): { readonly jobId: number } {
    return this.#change(() => ({ jobId: submit(this.#world, requests, as)[0]?.jobId ?? 0 }));
  }

  test(requests: readonly JobRequest[], as: Identity): ReturnType<Slurmctld['test']> {
    this.#ties.sync();
    return testStart(this.#world, requests, as);
  }

  signal(selector: string, number: number | null, options: { readonly batchOnly: boolean; readonly full: boolean }, as: Identity): void {
    this.#change(() => signal(this.#world, selector, number, options, as));
  }

  updateJob(selector: string, changes: JobChanges, as: Identity): void {
    this.#change(() => updateJob(this.#world, selector, changes, as));
  }

  hold(selector: string, by: 'user' | 'admin', as: Identity): void {
    this.#change(() => hold(this.#world, selector, by, as));
  }

  release(selector: string, as: Identity): void {
    this.#change(() => release(this.#world, selector, as));
  }

  requeue(selector: string, options: { readonly hold: boolean; readonly specialExit: boolean }, as: Identity): void {
    this.#change(() => requeue(this.#world, selector, options, as));
  }

  suspend(selector: string, as: Identity): void {
    this.#change(() => suspend(this.#world, selector, as));
  }

  resume(selector: string, as: Identity): void {
    this.#change(() => resume(this.#world, selector, as));
  }

  updateNode(names: readonly string[], changes: NodeChanges, as: Identity): void {
    this.#change(() => updateNodes(this.#world, names, changes, as));
  }

  updatePartition(name: string, changes: Partial<PartitionSpec>, as: Identity): void {
    this.#change(() => updatePartition(this.#world, name, changes, as));
  }

  createReservation(reservation: Parameters<Slurmctld['createReservation']>[0], as: Identity): { readonly name: string } {
    return this.#change(() => createReservation(this.#world, reservation, as));
  }

  deleteReservation(name: string, as: Identity): void {
    this.#change(() => deleteReservation(this.#world, name, as));
  }

  completeJob(jobId: number, exit: { readonly code: number; readonly signal: number }, as: Identity): void {
    this.#change(() => completeJob(this.#world, jobId, exit, as));
  }

  startStep(jobId: number, step: Parameters<Slurmctld['startStep']>[1], as: Identity): number {
    return this.#change(() => startStep(this.#world, jobId, step, as));
  }

  endStep(jobId: number, step: number, exit: { readonly code: number; readonly signal: number }): void {
    this.#change(() => endStep(this.#world, jobId, step, exit));
  }

  #change<Result>(act: () => Result): Result {
    this.#ties.sync();
    try {
      return act();
    } finally {
      this.#ties.changed();
    }
  }
}
