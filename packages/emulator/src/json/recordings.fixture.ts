import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The releases that were recorded: what `squeue -V` said, the dialect of `--json`, where the lab stood, and on which port. */
export const recordedReleases = [
  { name: '22.05', release: '22.05.8', dialect: 'v0.0.38', lab: '/tmp/slurm-lab', port: 17_000 },
  { name: '23.11', release: '23.11.11', dialect: 'v0.0.40', lab: '/tmp/lab-23.11', port: 18_100 },
  { name: '24.11', release: '24.11.7', dialect: 'v0.0.42', lab: '/tmp/lab-24.11', port: 18_300 },
  { name: '25.05', release: '25.05.8', dialect: 'v0.0.43', lab: '/tmp/lab-25.05', port: 18_400 },
  { name: '26.05', release: '26.05.3', dialect: 'v0.0.45', lab: '/tmp/lab-26.05', port: 18_600 },
] as const;
export type RecordedRelease = (typeof recordedReleases)[number];

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };
export type PlainObject = { readonly [key: string]: Plain };

/** A recorded document, e.g. `live-squeue-all`. */
export function recording(release: RecordedRelease, name: string): PlainObject {
  const text = gunzipSync(readFileSync(new URL(`recordings/${release.name}/${name}.json.gz`, import.meta.url))).toString('utf8');
  return readPrinted(text);
}

/** An object that Slurm, or this room, printed; 23.11 prints bare Infinity. */
export function readPrinted(text: string): PlainObject {
  const parsed = JSON.parse(text.replace(/: Infinity\b/g, ': "Infinity"')) as Plain;
  if (!isObject(parsed)) throw new Error('the document is not an object');
  return parsed;
}

export function isObject(value: Plain | undefined): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Objects in a list of a document. */
export function objects(value: Plain | undefined): readonly PlainObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A number however a dialect wraps it; null when it is unset. */
export function numberIn(value: Plain | undefined): number | null {
  if (typeof value === 'number') return value;
  if (!isObject(value) || value['set'] !== true) return null;
  return typeof value['number'] === 'number' ? value['number'] : null;
}

/** Differences as `path: recorded → written`, every leaf of its own. */
export function differences(recorded: Plain | undefined, written: Plain | undefined, path = ''): readonly string[] {
  if (isObject(recorded) && isObject(written)) {
    const keys = [...new Set([...Object.keys(recorded), ...Object.keys(written)])];
    return keys.flatMap((key) => differences(recorded[key], written[key], path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(recorded) && Array.isArray(written) && recorded.length === written.length && recorded.some(isObject)) {
    return recorded.flatMap((item: Plain, index) => differences(item, written[index], `${path}[${index}]`));
  }
  const [before, after] = [JSON.stringify(recorded), JSON.stringify(written)];
  return before === after ? [] : [`${path}: ${before ?? 'no key'} → ${after ?? 'no key'}`];
}

/** The row's id that a SLUID stands for. */
export function numberOfSluid(given: Plain | undefined): string {
  if (typeof given !== 'string') return '0';
  return [...given.slice(1)].reduce((sum, digit) => sum * 32n + BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(digit)), 0n).toString();
}
