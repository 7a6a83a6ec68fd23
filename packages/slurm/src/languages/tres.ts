import type { Tres } from '../records.ts';
import { formatMemory, parseMemoryMiB } from './memory.ts';
import { parseScaled } from './text.ts';

/** NO_VAL64 and INFINITE64 of Slurm, which it writes where it counted nothing (e.g. `energy`) or there is no limit. */
const noValues: ReadonlySet<string> = new Set(['18446744073709551614', '18446744073709551615']);

/** Resources in one list; far more than any database tracks. */
const maxResources = 4096;

/** Resources that Slurm counts in MiB: memory and burst buffers; `2` is the id of `mem` in every database. */
function isMemory(name: string): boolean {
  return name === 'mem' || name === '2' || name.startsWith('bb/');
}

/**
 * Trackable resources, `cpu=4,mem=4000M,node=1,billing=4,gres/gpu=2,gres/gpu:a100=2`, by name, or by id in the form
 * that slurmdbd stores (`1=4,2=4000`). Memory is MiB; other counts may carry a letter (powers of 1024). Empty text,
 * `(null)` and `N/A` are no resources. A resource that Slurm did not count (2^64 - 2, 2^64 - 1) is left out.
 * Undefined when the text is not such a list, names a resource twice, or counts beyond 2^53.
 */
export function parseTres(text: string): Tres | undefined {
  if (text === '' || text === '(null)' || text === 'N/A') return {};
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0));
    if (!isName(name) || seen.has(name) || seen.size === maxResources) return undefined;
    seen.add(name);
    const value = part.slice(equals + 1);
    if (noValues.has(value)) continue;
    const count = isMemory(name) ? parseMemoryMiB(value) : parseScaled(value, 0);
    if (count === undefined) return undefined;
    counts.set(name, count);
  }
  return Object.fromEntries(counts);
}

function isName(name: string): boolean {
  return name.length <= 255 && /^[^\p{Cc}\p{Z},=]+$/u.test(name);
}

/** `cpu=4,mem=4000M,…` in the order of the keys; what {@link parseTres} reads. */
export function formatTres(tres: Tres): string {
  return Object.entries(tres)
    .map(([name, count]) => `${name}=${isMemory(name) ? formatMemory(count) : count}`)
    .join(',');
}
