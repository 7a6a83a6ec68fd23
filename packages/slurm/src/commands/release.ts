import { type Clock, SluiceError } from '@sluice/io';
import type { Release } from '../records.ts';
import type { SlurmCommands } from './slurm-command.ts';

const freshMs = 60_000;

/** The release of Slurm's commands, asked again from time to time: an upgrade under a running program is noticed. */
export interface ReleaseWatch {
  /** The release, at most a minute old. */
  current(): Promise<Release>;
  /** The release, asked now: for a reader that meets what it does not understand. */
  again(): Promise<Release>;
}

export function releaseWatch(commands: SlurmCommands, clock: Clock): ReleaseWatch {
  let known: { readonly asked: number; readonly release: Promise<Release> } | undefined;

  function again(): Promise<Release> {
    const release = askRelease(commands);
    const entry = { asked: clock.monotonic(), release };
    known = entry;
    release.catch(() => {
      if (known === entry) known = undefined;
    });
    return release;
  }

  function current(): Promise<Release> {
    if (known && clock.monotonic() - known.asked < freshMs) return known.release;
    return again();
  }

  return { current, again };
}

async function askRelease(commands: SlurmCommands): Promise<Release> {
  const { stdout } = await commands.run('scontrol', ['-V']);
  const text = stdout.toString('utf8').trim();
  const release = parseRelease(text);
  if (!release) throw new SluiceError('slurm.unparsable', `scontrol -V says ${JSON.stringify(text.slice(0, 200))}, which names no release`);
  return release;
}

/** `slurm-wlm 22.05.8`, `slurm 26.05.3-rc1`; undefined when there is no release in the text. */
export function parseRelease(text: string): Release | undefined {
  const match = /\b(\d\d)\.(\d\d)\.(\d+)\S*/.exec(text);
  if (!match) return undefined;
  return { text: match[0], major: Number(match[1]) * 100 + Number(match[2]), micro: Number(match[3]) };
}
