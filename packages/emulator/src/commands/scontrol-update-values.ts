import { expandHostlist, parseTimeLimit } from '@sluice/slurm';
import { sceneOf } from './scene.ts';
import type { Pair, Scontrol } from './scontrol-call.ts';
import { invalidTimeText, readTimeWords } from './time-words.ts';

/** What cannot be understood, in scontrol's words; nothing is changed then. */
export class UpdateRefusal extends Error {}

export function refuse({ word }: Pair): never {
  throw new UpdateRefusal(`Update of this parameter is not supported: ${word}\nRequest aborted`);
}

export function hosts(text: string): readonly string[] {
  return expandHostlist(text) ?? [text];
}

export function words(text: string): readonly string[] {
  return text.split(',').filter((word) => word !== '');
}

export function yes(text: string): boolean {
  return /^(?:1|yes|y|true)$/i.test(text);
}

/** Minutes; undefined when it is no limit. */
export function limit(text: string): number | 'unlimited' | undefined {
  const read = parseTimeLimit(text);
  return typeof read === 'number' || read === 'unlimited' ? read : undefined;
}

export async function timeReader({ call }: Scontrol): Promise<(text: string) => number> {
  const { now, times } = sceneOf(call, await call.controller());
  return (text) => {
    const read = readTimeWords(text, { now, zone: times.zone, past: false });
    if ('position' in read) throw new UpdateRefusal(`${invalidTimeText(read.position, text)}Invalid time specification`);
    return read.epoch;
  };
}
