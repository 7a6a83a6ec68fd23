import type { Tres } from '@sluice/slurm';
import type { JsonContext } from './context.ts';
import type { Fields, Value } from './value.ts';

/** `cpu=4,mem=4000M,node=1,billing=4,gres/gpu=2`: in the order of the resources' ids. */
export function tresText(tres: Tres, context: JsonContext): string {
  return byId(tres, context)
    .map(([name, count]) => `${name}=${name === 'mem' ? memoryText(count) : count}`)
    .join(',');
}

/**
 * Memory of MiB as slurmctld writes it: in the largest unit that loses nothing but a half (`4000M`, `62.50G`, `125G`), as measured on
 * all releases.
 */
function memoryText(mib: number): string {
  const units = ['M', 'G', 'T', 'P'];
  let amount = mib;
  let unit = 0;
  while (amount >= 1024 && amount % 512 === 0 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(amount) ? amount : amount.toFixed(2)}${units[unit]}`;
}

/** As slurmdbd lists resources: `{type, name, id, count}`. A count of null is unknown: null in v0.0.38, -2 later. */
export function tresList(tres: Readonly<Record<string, number | null>>, context: JsonContext): readonly Fields[] {
  return byId(tres, context).map(([name, count]) => {
    const kind = context.tres(name);
    const [type = name, rest = ''] = name.split('/', 2);
    return {
      type: kind?.type ?? type,
      name: noName(kind?.name ?? rest, context),
      id: kind?.id ?? 0,
      count: count ?? (context.dialect < 39 ? null : -2),
    };
  });
}

function noName(name: string, context: JsonContext): Value {
  return name === '' && context.dialect < 39 ? null : name;
}

function byId<C>(tres: Readonly<Record<string, C>>, context: JsonContext): readonly (readonly [string, C])[] {
  return Object.entries(tres)
    .map(([name, count]) => [name, count, context.tres(name)?.id ?? Number.MAX_SAFE_INTEGER] as const)
    .sort((a, b) => a[2] - b[2])
    .map(([name, count]) => [name, count] as const);
}
