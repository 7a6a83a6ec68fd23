import { dirname, join } from 'node:path';
import type { AdapterConfig } from '../config/adapter-config.ts';

/**
 * The configuration of a daemon that runs beside the one it may replace and touches nothing of it: a journal of its own, no
 * socket, no spool, no node states, and one sink, which records.
 */
export function shadowConfig(config: AdapterConfig): AdapterConfig {
  return {
    ...config,
    journalPath: shadowJournalPath(config.journalPath),
    spoolPath: join(dirname(config.journalPath), 'no-spool-in-dry-run'),
    prepSockListenPath: null,
    nodeStateInterval: 0,
    natsServer: null,
    ccRestSubmitJobs: true,
  };
}

/** Where a dry run keeps its journal. */
export function shadowJournalPath(journalPath: string): string {
  return `${journalPath}.dry-run`;
}
