import { randomBytes } from 'node:crypto';
import { type Clock, type Processes, systemClock, systemProcesses } from '@sluice/io';
import { type Connector, commandsConnector, type Piece, type Reject } from '@sluice/slurm';
import type { Lab, LabUser } from '../lab.ts';
import type { Scenario } from '../scenario.ts';

/** What all cases work on; filled before the first of them runs. */
export interface Bed {
  readonly lab: Lab;
  readonly scenario: Scenario;
  readonly clock: Clock;
  /** Our connector, as one of the lab's users. */
  connector(
    user?: LabUser,
    options?: {
      readonly timeoutMs?: number;
      readonly processes?: Processes;
      readonly nonce?: () => string;
      readonly binPath?: string;
      readonly conf?: string;
      readonly keepUntil?: AbortSignal;
    },
  ): Connector;
}

export function makeBed(lab: Lab, scenario: Scenario): Bed {
  const clock = systemClock();
  const connector: Bed['connector'] = (user = 'root', options = {}) =>
    commandsConnector({
      processes: systemProcesses(lab.env),
      clock,
      binPath: lab.binPath(user),
      conf: lab.conf,
      user,
      nonce: () => randomBytes(16).toString('hex'),
      ...options,
    });
  return { lab, scenario, clock, connector };
}

/** All records of a long answer, which must be whole: with its slices, and without rejects. */
export async function collect<T>(pieces: AsyncIterable<Piece<T>>): Promise<{ records: T[]; rejects: Reject[]; slices: Piece<T>[] }> {
  const records: T[] = [];
  const rejects: Reject[] = [];
  const slices: Piece<T>[] = [];
  for await (const piece of pieces) {
    if (piece.kind === 'records') records.push(...piece.records);
    else if (piece.kind === 'rejects') rejects.push(...piece.rejects);
    else slices.push(piece);
  }
  return { records, rejects, slices };
}
