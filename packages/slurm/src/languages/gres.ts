import type { GresAllocation } from '../records.ts';
import { formatRanges, parseRanges } from './range.ts';
import { parseScaled } from './text.ts';

/** Devices of one kind on one node; far more than any node has. */
const maxDevices = 65_536;
/** Kinds of devices in one list; far more than any cluster has. */
const maxKinds = 4096;

/**
 * Generic resources as in scontrol's and sinfo's Gres, GresUsed, GRES and TresPerNode: `gpu:a100:2(IDX:0,2-3)`,
 * `gpu:2`, `gpu:a100:4(S:0-1)`, `gres/gpu:1`, and without files `fpga:u280(CNT:2)`. A resource without a count is one. Empty text, `(null)`, `N/A` and
 * `none` are no resources. The word `no_consume`, the use of shards, and the `(null)` that GresUsed has for the type of untyped
 * devices bound to cores (`gpu:(null):2(IDX:0-1)`, seen on 22.05) are read over. Undefined when it is not such a list.
 */
export function parseGres(text: string): readonly GresAllocation[] | undefined {
  if (text === '' || text === '(null)' || text === 'N/A' || text === 'none') return [];
  const parts = splitOutsideParentheses(text);
  if (parts === undefined) return undefined;
  const allocations: GresAllocation[] = [];
  for (const part of parts) {
    const allocation = parseOne(part);
    if (allocation === undefined) return undefined;
    allocations.push(allocation);
  }
  return allocations;
}

/** `gpu:a100:2(IDX:0,2-3)`, several joined by commas; what {@link parseGres} reads. */
export function formatGres(allocations: readonly GresAllocation[]): string {
  return allocations
    .map(({ name, type, count, indices, sockets }) => {
      const words = type === null ? [name, count] : [name, type, count];
      return words.join(':') + detail('IDX', indices) + detail('S', sockets);
    })
    .join(',');
}

function detail(word: string, numbers: readonly number[] | null | undefined): string {
  return numbers == null ? '' : `(${word}:${formatRanges(numbers)})`;
}

function splitOutsideParentheses(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  let start = 0;
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '(') {
      if (inside) return undefined;
      inside = true;
    } else if (character === ')') {
      if (!inside) return undefined;
      inside = false;
    } else if (character === ',' && !inside) {
      if (parts.length === maxKinds) return undefined;
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  if (inside || parts.length === maxKinds) return undefined;
  parts.push(text.slice(start));
  return parts;
}

function parseOne(part: string): GresAllocation | undefined {
  const text = part.replace(':(null)', '');
  const open = text.indexOf('(');
  const words = (open < 0 ? text : text.slice(0, open)).replace(/^gres[/:]/, '').split(':');
  const details = open < 0 ? [] : text.slice(open).split(/(?<=\))/);
  const name = words.shift();
  if (name === undefined || name === 'gres' || !/^[A-Za-z0-9_.-]{1,255}$/.test(name)) return undefined;

  const last = words.at(-1);
  const count = last === undefined ? undefined : parseCount(last);
  if (count !== undefined) words.pop();
  const kinds = words.filter((word) => word !== 'no_consume');
  const type = kinds[0] ?? null;
  if (kinds.length > 1 || (type !== null && !isType(type))) return undefined;

  const found: { count?: number | undefined; indices?: readonly number[]; sockets?: readonly number[] } = {};
  for (const part of details) {
    const [, word, list] = /^\((?:(IDX|S|CNT):)?(.*)\)$/s.exec(part) ?? [];
    if (list === undefined) return undefined;
    if (word === undefined || list === 'N/A') continue;
    if (word === 'CNT') {
      found.count = parseCount(list);
      if (found.count === undefined) return undefined;
      continue;
    }
    const numbers = parseRanges(list, maxDevices);
    if (numbers === undefined) return undefined;
    found[word === 'IDX' ? 'indices' : 'sockets'] = numbers;
  }
  const { indices = null, sockets } = found;
  return { name, type, count: count ?? found.count ?? 1, indices, ...(sockets === undefined ? {} : { sockets }) };
}

function parseCount(text: string): number | undefined {
  const count = /^[0-9]+[KMGTPkmgtp]?$/.test(text) ? parseScaled(text, 0) : undefined;
  return count !== undefined && Number.isInteger(count) ? count : undefined;
}

function isType(text: string): boolean {
  return text.length <= 255 && /^[^\p{Cc}\p{Z},=:()]+$/u.test(text);
}
