import { SluiceError } from '@sluice/io';
import type { ActiveState, Node } from '@sluice/slurm';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { StartPayload } from '../cc/payloads.ts';
import type { SyncConfig } from '../config/sync-config.ts';
import type { DecideContext } from '../decide/context.ts';
import { decideStart, decideStop } from '../decide/decide.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import type { Run, RunEnd, RunKey } from '../run.ts';
import { judgeStart, judgeStop } from './judge.ts';
import { askEnds, heldBy } from './listed-ends.ts';
import { askNewRuns } from './new-runs.ts';
import type { SyncOutcome } from './report.ts';
import { type Work, Writes } from './writes.ts';

export interface SyncProgress {
  readonly step: 'asking cc-backend' | 'asking Slurm' | 'stopping' | 'starting';
  /** Runs dealt with, of how many; both 0 where that is not known. */
  readonly done: number;
  readonly of: number;
}

export interface SyncStepsOptions {
  readonly config: SyncConfig;
  readonly slurm: SlurmReader;
  readonly client: CcBackendClient;
  readonly context: DecideContext;
  readonly cluster: string;
  readonly nodes: readonly Node[];
  /** What slurmctld holds, by job id. */
  readonly states: ReadonlyMap<number, ActiveState>;
  readonly limit: number;
  readonly dryRun?: boolean | undefined;
  readonly progress?: ((progress: SyncProgress) => void) | undefined;
  readonly told?: ((outcome: SyncOutcome) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Starts are short; a stop makes cc-backend archive the job, which is the slowest thing that it does. */
const concurrency = { start: 4, stop: 2 };
/** Jobs in one question about ends, or about starts. */
const atOnce = { start: 100, stop: 200 };

/** The two steps of a sync, and what came of them. Errors: the signal's reason, and faults of ours. */
export class SyncSteps {
  readonly #options: SyncStepsOptions;
  readonly outcomes: SyncOutcome[] = [];
  readonly limited: SyncOutcome['what'][] = [];
  trouble: SluiceError | null = null;

  constructor(options: SyncStepsOptions) {
    this.#options = options;
  }

  /** Stops those of the listed runs that have ended, as far as Slurm says how. */
  async stopEnded(listed: readonly RunKey[]): Promise<void> {
    const { slurm, cluster, states, signal } = this.#options;
    const held = listed.map((run) => ({ run, held: heldBy(states.get(run.jobId), run) })).filter((one) => one.held !== 'goes on');
    const unknown = held.flatMap(({ run, held }) => (held === undefined ? [run] : []));
    const writes = this.#writes('stop', held.length);
    let left = await writes.all(held.flatMap(({ run, held }) => (typeof held === 'object' ? [this.#stop(run, held)] : [])));
    for (const runs of chunks(unknown, atOnce.stop)) {
      if (!writes.open) {
        left += runs.length;
        continue;
      }
      const work: Work[] = [];
      for (const end of await askEnds(slurm, cluster, runs, signal)) {
        if ('ended' in end) work.push(this.#stop(end.run, end.ended));
        else if ('stray' in end) writes.tell({ what: 'stop', run: end.run, result: 'stray', reason: end.stray });
        else writes.tell({ what: 'stop', run: end.run, result: 'waits', reason: end.waits });
      }
      left += await writes.all(work);
    }
    this.#finish('stop', writes, left);
  }

  /** Starts runs that go on and are not listed, oldest first. */
  async startMissing(missing: readonly RunKey[]): Promise<void> {
    if (this.trouble) return;
    const { states } = this.#options;
    const isConfiguring = ({ jobId }: RunKey) => states.get(jobId)?.state.flags.includes('CONFIGURING') ?? false;
    const writes = this.#writes('start', missing.length);
    for (const run of missing.filter(isConfiguring)) writes.tell({ what: 'start', run, result: 'left out', reason: configuring });
    const begun = missing.filter((run) => !isConfiguring(run));
    let left = 0;
    for (const keys of chunks(begun, atOnce.start)) {
      const work = writes.open ? await this.#newWork(keys, writes) : undefined;
      left += work ? await writes.all(work) : keys.length;
    }
    this.#finish('start', writes, left);
  }

  /** What there is to send of some runs; undefined when the controller cannot be asked. */
  async #newWork(keys: readonly RunKey[], writes: Writes): Promise<readonly Work[] | undefined> {
    const { slurm, cluster, config, nodes } = this.#options;
    if (this.trouble) return undefined;
    try {
      const work: Work[] = [];
      for (const found of await askNewRuns({ slurm, cluster, config, nodes }, keys)) {
        if ('run' in found) work.push(...this.#start(found.run, writes));
        else if ('leftOut' in found) writes.tell({ what: 'start', run: found.key, result: 'left out', reason: found.leftOut });
        else writes.tell({ what: 'start', run: found.key, result: 'waits', reason: found.waits });
      }
      return work;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.trouble = error;
      return undefined;
    }
  }

  #stop(key: RunKey, ended: RunEnd): Work {
    const { client, context, dryRun } = this.#options;
    const decided = decideStop({ ...key, ended }, context);
    return {
      what: 'stop',
      run: key,
      async act() {
        if (!('payload' in decided)) return { result: 'refused', reason: 'refused' in decided ? decided.refused : decided.ignored };
        return dryRun ? { result: 'sent' } : judgeStop(await client.stop(decided.payload));
      },
    };
  }

  #start(run: Run, writes: Writes): readonly Work[] {
    const decided = decideStart(run, this.#options.context);
    if ('payload' in decided) return [{ what: 'start', run: keyIn(run), act: () => this.#sendStart(decided.payload) }];
    if ('ignored' in decided) writes.tell({ what: 'start', run: keyIn(run), result: 'left out', reason: decided.ignored });
    else writes.tell({ what: 'start', run: keyIn(run), result: 'refused', reason: decided.refused });
    return [];
  }

  /** A start that is there already is no failure: what the server has not committed yet is in no list (contract W3 to W5). */
  async #sendStart(payload: StartPayload): ReturnType<Work['act']> {
    const { client, config, dryRun } = this.#options;
    const { cluster, jobId, startTime } = payload;
    if (dryRun) {
      const found = await client.find(cluster, jobId, startTime);
      return found ? judgeStart({ kind: 'there', state: found.jobState }, config.requeuedJobs) : { result: 'sent' };
    }
    const written = await client.start(payload);
    const other = written.kind === 'other-run' ? written.startTime : null;
    if (config.requeuedJobs === 'keep-first' || other === null || other > startTime) return judgeStart(written, config.requeuedJobs);
    await client.remove(cluster, jobId, other);
    return judgeStart(await client.start(payload), config.requeuedJobs);
  }

  #writes(what: SyncOutcome['what'], of: number): Writes {
    const { limit, signal, told, progress } = this.#options;
    const step = what === 'stop' ? 'stopping' : 'starting';
    let done = 0;
    progress?.({ step, done, of });
    return new Writes({
      limit,
      concurrency: concurrency[what],
      signal,
      told: (outcome) => {
        this.outcomes.push(outcome);
        told?.(outcome);
        progress?.({ step, done: ++done, of });
      },
    });
  }

  #finish(what: SyncOutcome['what'], writes: Writes, left: number): void {
    this.trouble ??= writes.trouble;
    if (left > 0 && this.trouble === null) this.limited.push(what);
  }
}

const configuring = 'its nodes are being made ready (CONFIGURING)';

function keyIn({ cluster, jobId, start }: Run): RunKey {
  return { cluster, jobId, start };
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[], void> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
