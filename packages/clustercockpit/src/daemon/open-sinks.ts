import type { Clock } from '@sluice/io';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { isOfHosts } from '../decide/decide.ts';
import { natsSink } from '../deliver/nats-sink.ts';
import { type RestSinkOptions, restSink } from '../deliver/rest-sink.ts';
import type { Sink } from '../deliver/sink.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import type { NatsPublisher } from '../nats/publisher.ts';
import type { Decisions } from './decisions.ts';

export interface OpenSinksOptions {
  readonly config: AdapterConfig;
  /** Who writes to cc-backend; null when the configuration names none. */
  readonly writer: RestSinkOptions['client'] | null;
  readonly publisher: NatsPublisher | null;
  readonly decider: Decisions;
  readonly journal: RunJournal;
  readonly clock: Clock;
  readonly hostname: string;
}

/** The sinks that a configuration asks for. */
export function openSinks({ config, writer, publisher, decider, journal, clock, hostname }: OpenSinksOptions): readonly Sink[] {
  decider.whenClustersChange(() => void retryHosts(journal).catch(() => {}));
  const sinks: Sink[] = [];
  if (config.ccRestSubmitJobs && writer) {
    sinks.push(
      restSink({
        client: writer,
        decider,
        deliveries: journal.deliveries,
        clock,
        requeuedJobs: config.requeuedJobs,
        commitIntervalMs: config.ccCommitInterval * 1000,
        tagged: config.startTag !== null,
        concurrency: { start: config.ccRestConcurrency, stop: config.ccStopConcurrency },
      }),
    );
  }
  if (publisher) {
    // A stop that comes by NATS can hit another job as one by REST can (contract W1); where NATS tells others alone, nothing can be hit.
    const commitMs = config.ccRestSubmitJobs || config.startTag !== null ? 0 : 2 * config.ccCommitInterval * 1000;
    sinks.push(natsSink({ publisher, decider, hostname, commitMs }));
  }
  return sinks;
}

/** Runs whose hosts cc-backend did not have are tried again with what it says now; what the journal does not take now, the next change brings. */
async function retryHosts({ deliveries }: RunJournal): Promise<void> {
  const jobIds = deliveries.setAside(100_000).flatMap(({ what, reason, jobId }) => (what === 'start' && isOfHosts(reason) ? [jobId] : []));
  if (jobIds.length > 0) await deliveries.retry(jobIds);
}
