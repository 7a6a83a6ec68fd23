import type { Tres, TresKind } from '@sluice/slurm';

/** What every database has (slurm_protocol_defs.h, TRES_CPU…). */
const ownKinds: readonly TresKind[] = [
  { id: 1, type: 'cpu', name: '' },
  { id: 2, type: 'mem', name: '' },
  { id: 3, type: 'energy', name: '' },
  { id: 4, type: 'node', name: '' },
  { id: 5, type: 'billing', name: '' },
  { id: 6, type: 'fs', name: 'disk' },
  { id: 7, type: 'vmem', name: '' },
  { id: 8, type: 'pages', name: '' },
];

/** Slurm's own eight and those of AccountingStorageTRES, from 1001 on; with GPUs releases from 23.11 on add two of their own. */
export function tresKinds(tracked: readonly string[], major: number): readonly TresKind[] {
  const gpus = tracked.some((name) => name === 'gres/gpu' || name.startsWith('gres/gpu:'));
  const names = gpus && major >= 2311 ? [...tracked, 'gres/gpumem', 'gres/gpuutil'] : tracked;
  const further = [...new Set(names)].map((full, index) => {
    const slash = full.indexOf('/');
    return { id: 1001 + index, type: slash < 0 ? full : full.slice(0, slash), name: slash < 0 ? '' : full.slice(slash + 1) };
  });
  return [...ownKinds, ...further];
}

/** `gres/gpu` of a kind. */
export function tresName({ type, name }: TresKind): string {
  return name === '' ? type : `${type}/${name}`;
}

/** `1=4,1001=2`, as the database writes it, in the order of the ids. */
export function tresIds(tres: Tres, kinds: readonly TresKind[]): string {
  return kinds.flatMap((kind) => (tres[tresName(kind)] === undefined ? [] : [`${kind.id}=${tres[tresName(kind)]}`])).join(',');
}
