import type { Run, RunEnd, RunKey } from '../run.ts';

/** Where runs are delivered to. */
export type SinkName = 'rest' | 'nats';

/** What was seen of a run. */
export interface Sighting {
  readonly run: Run;
  /** Nothing more will be asked about how it started; only then is its start sent. */
  readonly complete: boolean;
  /** It comes from history: what happens now goes before it. */
  readonly backlog: boolean;
  /** It stands in cc-backend already, as far as said here; what stands is not sent again. */
  readonly stands?: 'start' | 'stop';
}

/** The end of a run that is in the journal; of one that is not it says nothing. */
export interface Ending extends RunKey {
  readonly ended: RunEnd;
}

/** A row of accounting that a resize ended; the next row of the job goes on with the run that began at `start`. */
export interface Resize extends RunKey {
  readonly at: number;
}

/** A run whose end is not known yet. */
export interface OpenRun {
  readonly id: number;
  readonly jobId: number;
  readonly start: number;
  /** Whether all has been asked about how it started. */
  readonly complete: boolean;
  /** Milliseconds since the epoch at which the controller was first found without it; null while it has it. */
  readonly missingMs: number | null;
}

/** A run about which a sink is to be told something now. */
export interface DueRun extends DueStop {
  readonly run: Run;
}

/** What a stop needs of a run; how it started may be much, a script of megabytes, and stands on the other side already. */
export type EndedRun = RunKey & Pick<Run, 'ended' | 'partition'>;

export interface DueStop {
  readonly id: number;
  readonly run: EndedRun;
  readonly attempts: number;
  /** Milliseconds since the epoch at which its start was accepted; null when a comparison found it there. */
  readonly startedMs: number | null;
  /** Milliseconds since the epoch at which this was read, and whether no other run of the job was known then. */
  readonly readMs: number;
  readonly alone: boolean;
}

/** What became of an attempt. */
export type Settled =
  /** `stopAfterMs`: how long its stop must wait from now on. */
  | { readonly id: number; readonly did: 'start'; readonly stopAfterMs: number }
  | { readonly id: number; readonly did: 'stop' }
  /** The other side knows nothing of its start. */
  | { readonly id: number; readonly did: 'missing'; readonly reason: string; readonly dueMs: number }
  | { readonly id: number; readonly did: 'later'; readonly reason: string; readonly dueMs: number }
  | { readonly id: number; readonly did: 'aside' | 'unsent'; readonly reason: string };

export interface SetAside extends RunKey {
  readonly sink: SinkName;
  readonly what: 'start' | 'stop';
  readonly reason: string;
}

/** How many runs of a sink are in which condition. */
export interface SinkCounts {
  readonly startsWaiting: number;
  readonly stopsWaiting: number;
  /** Of the waiting stops, those that only wait until the server has committed the start. */
  readonly awaitingCommit: number;
  readonly aside: number;
  readonly unsent: number;
  /** Since when the oldest that could be sent waits, in milliseconds since the epoch. */
  readonly oldestMs: number | null;
}

export interface Recorded {
  readonly started: number;
  readonly ended: number;
}

export interface Gap {
  readonly cluster: string;
  /** Seconds since the epoch. */
  readonly since: number;
  readonly until: number;
}

/** What the journal keeps beside the runs, by name. */
export type Notes = Readonly<Record<string, string>>;

export interface Standing {
  readonly id: number;
  readonly ended: boolean;
  readonly stands: 'start' | 'stop' | null;
  /** Its start is still to be sent. */
  readonly waits: boolean;
  readonly aside: boolean;
  /** Milliseconds since the epoch at which its start was accepted; null when it was not, or a comparison found it there. */
  readonly startedMs: number | null;
  readonly doneMs: number | null;
}
