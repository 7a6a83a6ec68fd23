import type { EmulatedSlurm } from '../../model/emulated-slurm.ts';
import type { Commands } from '../../server/commands.ts';
import type { ControlBooks } from '../control-books.ts';
import type { Transition } from '../policy-actions.ts';
import type { WholeCluster } from './scenario-cluster.ts';

/** What a scenario has going while it runs. */
export interface ScenarioWorld {
  readonly slurm: EmulatedSlurm;
  readonly books: ControlBooks;
  readonly cluster: WholeCluster;
  readonly commands: Commands;
  /** Milliseconds of the machine's time that a command may take. */
  readonly commandMs?: number;
  /** All jobs that it submitted, in order. */
  readonly jobs: number[];
  /** Each account's last transition. */
  readonly transitions: Map<string, Transition>;
}

/** What one action came to: `did` tells what was done, `met` and `failed` what was expected and found. */
export interface ActionReport {
  readonly kind: 'did' | 'met' | 'failed';
  readonly text: string;
}

export const did = (text: string): readonly ActionReport[] => [{ kind: 'did', text }];

/** A figure for people: whole, or with two digits. */
export function figureText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Math.round(value * 100) / 100);
}
