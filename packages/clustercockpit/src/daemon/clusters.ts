import { type Clock, SluiceError } from '@sluice/io';
import type { SaidOnce } from '@sluice/service';
import type { RunJournal } from '../journal/run-journal.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { told } from '../trouble.ts';

const note = 'clusters';
const retryMs = 5000;

export interface ClustersOptions {
  /** The connector of the cluster that this host belongs to. */
  readonly slurm: SlurmReader;
  readonly wanted: 'all' | readonly string[];
  readonly journal: RunJournal;
  readonly clock: Clock;
  readonly said: SaidOnce;
  readonly stopping: AbortSignal;
}

/** As clustersToWatch, asked until Slurm names them; undefined when the daemon ends before. */
export async function untilClustersKnown({
  slurm,
  wanted,
  journal,
  clock,
  said,
  stopping,
}: ClustersOptions): Promise<readonly string[] | undefined> {
  while (!stopping.aborted) {
    try {
      const names = await clustersToWatch(slurm, wanted, journal);
      said.ends('clusters', 'Slurm names its clusters now');
      return names;
    } catch (error) {
      if (stopping.aborted) return undefined;
      if (!(error instanceof SluiceError)) throw error;
      said.begins('clusters', `Slurm cannot be asked for the name of its cluster: ${told(error)}; it is asked again`);
      await clock.sleep(retryMs, stopping).catch(() => {});
    }
  }
  return undefined;
}

/**
 * The clusters to observe, the one of this host first: all that slurmdbd knows, as cc-slurm-adapter does, or those that are
 * named. What Slurm said last holds while it cannot be asked. Errors: those of the questions, when it never could.
 */
async function clustersToWatch(slurm: SlurmReader, wanted: 'all' | readonly string[], journal: RunJournal): Promise<readonly string[]> {
  const local = await localName(slurm, journal);
  const others = wanted === 'all' ? await allNames(slurm, journal) : wanted;
  const names = wanted === 'all' || wanted.includes(local) ? [local, ...others.filter((name) => name !== local)] : others;
  await journal.book.setNotes({ local, [note]: JSON.stringify(names) });
  return names;
}

/** The clusters that a daemon of this journal has observed. */
export function knownClusters({ book }: RunJournal): { readonly local: string | undefined; readonly all: readonly string[] } {
  return { local: book.note('local'), all: JSON.parse(book.note(note) ?? '[]') as readonly string[] };
}

async function localName({ controller }: SlurmReader, journal: RunJournal): Promise<string> {
  try {
    const name = (await controller.config())['ClusterName'];
    if (name) return name;
    throw new SluiceError('slurm.unparsable', 'slurmctld names no cluster (scontrol show config)');
  } catch (error) {
    const known = journal.book.note('local');
    if (error instanceof SluiceError && known !== undefined) return known;
    throw error;
  }
}

/**
 * While its slurmctld is away, slurmdbd has no host for a cluster (seen on 22.05), as for one that never had any; one that was observed
 * before is observed further.
 */
async function allNames({ accounting }: SlurmReader, journal: RunJournal): Promise<readonly string[]> {
  const { all } = knownClusters(journal);
  try {
    const { records } = await accounting.clusters();
    return records.filter(({ name, controlHost }) => controlHost !== '' || all.includes(name)).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return all;
  }
}
