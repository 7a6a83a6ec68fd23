import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Processes, SluiceError, systemClock } from '@sluice/io';
import type { Epoch } from '@sluice/slurm';
import { Accounting } from './accounting/accounting.ts';
import { EmulatedClock } from './engine/clock.ts';
import { Controller } from './engine/controller.ts';
import { DbdAgent } from './engine/dbd-agent.ts';
import { nextEventAt, runUntil } from './engine/events.ts';
import { LocalEffects } from './engine/local-effects.ts';
import { loseScripts } from './engine/node-changes.ts';
import { loadState, savedTime, saveState } from './engine/saved-state.ts';
import { refusal } from './engine/slurm-errors.ts';
import { World } from './engine/world.ts';
import { type EmulatedSlurm, noFaults } from './model/emulated-slurm.ts';
import type { ClusterSpec } from './model/spec.ts';
import { stateStore } from './store/state-store.ts';
import { openStore } from './store/store.ts';

export interface EmulatorOptions {
  readonly spec: ClusterSpec;
  /** Path of the SQLite file that keeps the cluster's state, or `:memory:`. One process at a time. */
  readonly file: string;
  /** The machine's time; the system's by default. */
  readonly clock?: Clock;
  /** The cluster's time when it is new; that of the clock by default. A cluster that was kept goes on from where it stood. */
  readonly start?: Epoch;
  /** How fast the cluster's time goes at first: 1, the machine's pace, by default; 0: it stands still until it is moved. */
  readonly rate?: number;
  /** 0 to 1. */
  readonly random?: () => number;
  /** Runs batch scripts and hooks; without it all jobs are only played and hooks do not run. */
  readonly processes?: Processes;
  /** Directory for copies of scripts while they run; by default beside the file, or in the system's temporary directory. */
  readonly spool?: string;
  readonly log?: (line: string) => void;
  /**
   * Called once when the state cannot be written, as on a full disk: the cluster goes no further, and is to be closed. Without it the error
   * is thrown at whoever has changed something.
   */
  readonly failed?: (error: SluiceError) => void;
}

/** How long a change may wait before it is written, in milliseconds. */
const writeDelayMs = 1000;

/** Opens an emulated Slurm: a new one, or the one that the file holds. Errors: `journal.unusable`, `journal.newer`, `instance.running`. */
export function openEmulator(options: EmulatorOptions): EmulatedSlurm {
  const clock = options.clock ?? systemClock();
  const store = openStore(options.file);
  const state = stateStore(store);
  const saved = savedTime(state);
  const start = saved?.now ?? options.start ?? Math.floor(clock.now() / 1000);
  const listeners = new Set<() => void>();
  // Accounting asks for the time while it is set up, before there is a world.
  let standing: World | undefined;
  let faults = noFaults;
  let dirty = false;
  // Somebody has changed something that is not written.
  let owed = false;
  let broken = false;
  let written = clock.monotonic();
  let alarm = new AbortController();
  // When the loop below wakes by itself, on the machine's clock.
  let wakesAt = 0;
  const closed = new AbortController();

  const database = new Accounting({
    store,
    spec: options.spec,
    now: () => standing?.now ?? start,
    isKnown: (row) => world.jobs.has(row.jobId),
    // slurmdbd tells slurmctld at once, which looks at what waits.
    written: () => {
      if (standing === undefined) return;
      standing.scheduleSoon(standing.now + 1);
      // Limits of minutes may be others now.
      if (standing.running.size > 0) standing.wakeAt('minutes', standing.now + 1);
      changedByCaller();
    },
  });
  const agent = new DbdAgent((message) => database.receive(message));
  const world: World = new World({
    spec: options.spec,
    now: start,
    manager: database,
    agent,
    random: options.random ?? Math.random,
    log: options.log ?? (() => {}),
  });
  standing = world;
  const spool =
    options.spool ??
    (options.file === ':memory:' ? join(tmpdir(), `sluice-spool-${process.pid}-${randomUUID()}`) : `${options.file}.spool`);
  const local = options.processes === undefined ? undefined : new LocalEffects(world, { processes: options.processes, spool, happened });
  if (local !== undefined) world.effects = local;
  if (saved !== undefined) {
    loadState(world, state);
    loseScripts(world);
  }

  const time = new EmulatedClock({
    clock,
    start,
    rate: options.rate ?? saved?.rate ?? 1,
    runUntil: (to) => {
      const next = nextEventAt(world);
      const something = next !== undefined && next <= to;
      runUntil(world, to);
      if (something) changed();
    },
    jump: (to) => {
      world.now = to;
    },
    changed: () => changedByCaller(),
  });

  function happened(act: () => void): void {
    if (closed.signal.aborted) return;
    time.sync();
    act();
    changed();
  }

  function changedByCaller(): void {
    owed = true;
    changed();
  }

  function changed(): void {
    dirty = true;
    if (clock.monotonic() - written > writeDelayMs) write();
    if (clock.monotonic() + (untilNext() ?? Number.POSITIVE_INFINITY) < wakesAt) {
      wakesAt = 0;
      alarm.abort();
    }
    for (const listener of listeners) listener();
  }

  function write(): void {
    dirty = false;
    owed = false;
    if (broken) return;
    written = clock.monotonic();
    try {
      saveState(world, state, time.rate);
    } catch (cause) {
      broken = true;
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new SluiceError('journal.unusable', `the state of the cluster cannot be written to ${options.file}: ${why}`, {
        cause,
        hint: 'Make room, and start the cluster again: it goes on from what was written last.',
      });
      if (options.failed === undefined) throw error;
      options.failed(error);
    }
  }

  /** Milliseconds of the machine's time until something is to be done; undefined: nothing is, until something changes. */
  function untilNext(): number | undefined {
    const next = time.rate > 0 ? nextEventAt(world) : undefined;
    const event = next === undefined ? undefined : Math.max(0, (next * 1000 - time.exact()) / time.rate);
    const writing = dirty ? Math.max(0, writeDelayMs - (clock.monotonic() - written)) : undefined;
    if (event === undefined || writing === undefined) return event ?? writing;
    return Math.min(event, writing);
  }

  async function keepGoing(): Promise<void> {
    while (!closed.signal.aborted) {
      alarm = new AbortController();
      const wait = untilNext() ?? 3_600_000;
      wakesAt = clock.monotonic() + wait;
      await clock.sleep(wait, AbortSignal.any([alarm.signal, closed.signal])).catch(() => {});
      if (closed.signal.aborted) return;
      time.sync();
      if (dirty && clock.monotonic() - written >= writeDelayMs) write();
    }
  }

  const controller = new Controller(world, {
    sync: () => time.sync(),
    changed: changedByCaller,
    controllersUp: () => {
      const up = faults.slurmctld === 'up';
      return options.spec.controllers.map((_, at) => up && (at > 0 || faults.primary !== 'down'));
    },
  });
  const going = keepGoing();

  return {
    spec: options.spec,
    controller,
    database,
    time: {
      now: () => time.sync(),
      get rate() {
        return time.rate;
      },
      setRate: (rate) => time.setRate(rate),
      advance: (seconds) => time.advance(seconds),
      set: (to) => time.set(to),
    },
    get faults() {
      return faults;
    },
    setFaults(changes) {
      time.sync();
      faults = { ...faults, ...changes };
      agent.up = faults.slurmdbd === 'up';
      agent.lagSeconds = faults.accountingLagSeconds;
      agent.flush(world.now);
      changed();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    injectUsage({ account, user, seconds, at, row }) {
      const now = time.sync();
      const association = database.association({ account, user, partition: '' });
      if (association === undefined) throw refusal('ESLURM_INVALID_ACCOUNT');
      database.addUsage(association.id, seconds, at ?? now);
      if (row !== undefined) database.receive({ kind: 'job', row });
      changedByCaller();
    },
    keep() {
      if (owed) write();
    },
    async close() {
      if (closed.signal.aborted) return;
      closed.abort();
      await going;
      await local?.close();
      time.sync();
      write();
      try {
        state.close();
      } catch (error) {
        // That was said already.
        if (!broken) throw error;
      }
    },
  };
}
