import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manualClock, readRecording, replayProcesses } from '@sluice/io';
import { type Connector, commandsConnector } from '@sluice/slurm';
import { askEnded, askLive, type EndedAnswers, type Facts, type LiveAnswers, recordedNonce } from './questions.ts';

const folder = join(import.meta.dirname, 'recordings');

/** The releases that were recorded, oldest first, e.g. `22.05`. */
export const recordedReleases: readonly string[] = readdirSync(folder)
  .filter((name) => existsSync(join(folder, name, 'facts.json')))
  .sort();

export interface Replayed {
  readonly facts: Facts;
  readonly live: LiveAnswers;
  readonly ended: EndedAnswers;
}

/** What our connector makes of the recorded answers of one release; `chunkBytes` is how Slurm's output comes in. */
export async function replay(release: string, chunkBytes = 65_536): Promise<Replayed> {
  const facts = JSON.parse(readFileSync(join(folder, release, 'facts.json'), 'utf8')) as Facts;
  const connector = (name: string): Connector =>
    commandsConnector({
      processes: replayProcesses(readRecording(join(folder, release, `${name}.json.gz`)), { chunkBytes }),
      clock: manualClock(facts.to * 1000),
      user: 'root',
      nonce: () => recordedNonce,
    });
  return { facts, live: await askLive(connector('live'), facts), ended: await askEnded(connector('ended'), facts) };
}
