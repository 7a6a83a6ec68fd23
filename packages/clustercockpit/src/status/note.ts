import type { ServerProfile } from '../cc/server-profile.ts';
import type { DeliveryState } from '../deliver/delivery.ts';
import type { SpoolDepth } from '../hook/spool.ts';
import type { SinkName } from '../journal/types.ts';
import type { Compared } from '../verify/comparison.ts';

/** The name of the note in which the daemon keeps what it says of itself; `status` reads it beside the journal. */
export const statusNote = 'status';

/** Counted up when the note changes so that an older reader would misunderstand it. */
export const statusFormat = 1 as const;

/** What the daemon last noted about itself. Times are milliseconds since the epoch unless said otherwise. */
export interface StatusNote {
  readonly format: typeof statusFormat;
  /** Release of Sluice. */
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  /** When the note was written. */
  readonly atMs: number;
  /** Written at the end of an orderly stop. */
  readonly stopped: boolean;
  /** False beside a controller that does not act: then the daemon of the other delivers. */
  readonly acting: boolean;
  /** Empty until Slurm has named them. */
  readonly clusters: readonly ClusterNote[];
  readonly sinks: Readonly<Partial<Record<SinkName, DeliveryState>>>;
  /** What cc-backend was found to be; null before it answered. */
  readonly server: ServerProfile | null;
  /** When the token expires, in seconds since the epoch; null when it does not. Missing in notes of Sluice before it said so. */
  readonly tokenExpires?: number | null;
  /** The last comparison of each cluster with cc-backend. */
  readonly comparisons: Readonly<Record<string, Compared & { readonly atMs: number }>>;
  readonly spool: SpoolDepth & { readonly fullMs: number | null };
  /** Jobs of events about which Slurm has not answered. */
  readonly eventsWaiting: number;
  /** What is wrong now. */
  readonly problems: readonly ProblemNote[];
  /** What was wrong and is not any more, the latest first. */
  readonly over: readonly PastProblem[];
}

export interface ClusterNote {
  readonly cluster: string;
  /** Release of Slurm; null before it was asked. */
  readonly slurm: string | null;
  /** Jobs that ran at the last look, or null before the first. */
  readonly running: number | null;
  /** Up to when accounting has been read in whole, in seconds since the epoch. */
  readonly watermark: number | null;
  readonly controller: LoopNote;
  readonly accounting: LoopNote;
}

/** How the repeated questions to one daemon of Slurm fare. */
export interface LoopNote {
  /** Why the last one failed; null when it did not. */
  readonly failure: string | null;
  /** When one last succeeded. */
  readonly doneMs: number | null;
}

export interface ProblemNote {
  readonly message: string;
  readonly since: number;
  readonly count: number;
}

export interface PastProblem extends ProblemNote {
  readonly endedMs: number;
}

/** The note as it was read; a text that is none, or that another release wrote in another form, gives undefined. */
export function readStatusNote(text: string | undefined): StatusNote | undefined {
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Partial<StatusNote> | null;
    return note?.format === statusFormat ? (note as StatusNote) : undefined;
  } catch {
    return undefined;
  }
}
