import { type Clock, SluiceError } from '@sluice/io';
import type { Health } from '@sluice/service';
import type { DeliveryState } from '../deliver/delivery.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import type { SinkName } from '../journal/types.ts';
import type { ClusterWatch } from './cluster-watch.ts';

export interface DaemonHealthOptions {
  readonly clock: Clock;
  readonly journal: () => RunJournal | undefined;
  readonly watches: () => readonly ClusterWatch[];
  readonly deliveries: () => readonly { readonly name: SinkName; readonly state: DeliveryState }[];
  /** Why the clusters are not known yet, as far as it has been said. */
  readonly whyNoClusters: () => string | undefined;
  /** Milliseconds between two looks at the controller. */
  readonly pollMs: number;
}

/** So long a look at the controller may take; who neither succeeds nor fails for longer is stuck. */
const stuckMs = 600_000;
/** So long a sink may take nothing until the daemon counts as not ready. */
const troubleMs = 300_000;
const readyNote = 'ready';

/**
 * What health is asked of the daemon. `live`: the looks at the controllers go on, whether they succeed or not. `ready`: the journal
 * can be written, the controllers have been looked at or it is known why not, and every sink has taken something lately.
 */
export function addDaemonHealth(health: Health, options: DaemonHealthOptions): void {
  const { clock, journal, watches, deliveries, whyNoClusters, pollMs } = options;

  health.add(
    'looks',
    () => {
      for (const { observer, controller } of watches()) {
        const still = controller.turnedMs === null ? 0 : clock.monotonic() - controller.turnedMs;
        if (still <= stuckMs + 2 * pollMs) continue;
        throw new SluiceError(
          'internal',
          `the look at slurmctld of ${observer.cluster} has neither succeeded nor failed for ${Math.round(still / 1000)} s`,
        );
      }
      return undefined;
    },
    { kind: 'live' },
  );

  health.add('journal', async () => {
    const open = journal();
    if (!open) throw new SluiceError('journal.unusable', 'the journal is not open');
    await open.book.setNotes({ [readyNote]: String(clock.now()) });
    return undefined;
  });

  health.add('slurmctld', () => {
    const all = watches();
    if (all.length === 0) return known('the clusters', whyNoClusters());
    return all.flatMap(({ observer, controller }) => {
      if (controller.failure === null && controller.doneMs !== null) return [];
      return [known(observer.cluster, controller.failure ?? undefined)];
    })[0];
  });

  health.add('sinks', () => {
    for (const { name, state } of deliveries()) {
      const { trouble } = state;
      if (trouble !== null && clock.now() - trouble.sinceMs > troubleMs) {
        throw new SluiceError('internal', `${name} takes nothing since ${new Date(trouble.sinceMs).toISOString()}: ${trouble.message}`);
      }
    }
    return undefined;
  });
}

/** What is not there is well as long as it is known why: a restart would not bring it. */
function known(what: string, why: string | undefined): string {
  if (why !== undefined) return `${what}: ${why}`;
  throw new SluiceError('internal', `${what}: not looked at yet`);
}
