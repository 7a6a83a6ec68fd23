import type { StartPayload, StopPayload } from '../cc/payloads.ts';
import type { RunKey } from '../run.ts';
import type { Differences } from './differences.ts';

/** A line of a dry run's report. `at` is RFC 3339. */
export type ShadowLine =
  /** What would have been sent. */
  | { readonly kind: 'start'; readonly at: string; readonly payload: StartPayload }
  | { readonly kind: 'stop'; readonly at: string; readonly payload: StopPayload }
  | { readonly kind: 'remove'; readonly at: string; readonly cluster: string; readonly jobId: number; readonly startTime: number }
  /** What would not have been sent: refused for good, or by policy or configuration. */
  | {
      readonly kind: 'withheld';
      readonly at: string;
      readonly run: RunKey;
      readonly what: 'start' | 'stop';
      readonly because: 'aside' | 'unsent';
      readonly reason: string;
    }
  /** What stands otherwise in cc-backend, by the names there. `run` with `ours` alone: the run is missing there. */
  | {
      readonly kind: 'difference';
      readonly at: string;
      readonly cluster: string;
      readonly jobId: number;
      readonly startTime: number;
      readonly fields: Differences;
    }
  /** Jobs that run for cc-backend and that we know nothing of. */
  | { readonly kind: 'only-there'; readonly at: string; readonly runs: readonly RunKey[] }
  | ({ readonly kind: 'summary'; readonly at: string } & ShadowSummary);

/** What a dry run has come to since it began. */
export interface ShadowSummary {
  readonly since: string;
  /** Would have been sent. */
  readonly starts: number;
  readonly stops: number;
  readonly removals: number;
  readonly withheld: number;
  /** Runs that were looked up in cc-backend: at their start, at their end, or once for both. */
  readonly compared: number;
  readonly same: number;
  readonly different: number;
  /** Of these, runs that cc-backend does not have. */
  readonly missingThere: number;
  /** How often each field differed. */
  readonly fields: Readonly<Record<string, number>>;
  /** Could not be looked up. */
  readonly unknown: number;
  /** Not due yet. */
  readonly pending: number;
  /** Jobs that run for cc-backend alone, at the last look; null before it. */
  readonly onlyThere: number | null;
}
