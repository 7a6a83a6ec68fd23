import { parseScaled } from './text.ts';

/**
 * Memory as Slurm writes it (`4000M`, `62.50G`, `16K`, `1T`), in MiB. A number without a letter is MiB, as in sbatch(1)
 * `--mem`. Rounded to whole KiB, the finest that Slurm writes. Undefined when the text is not an amount of memory, or
 * when it is more than 2^53 KiB.
 */
export function parseMemoryMiB(text: string): number | undefined {
  const value = parseScaled(text, 2);
  const kib = value === undefined ? undefined : Math.round(value * 1024);
  return Number.isSafeInteger(kib) && kib !== undefined ? kib / 1024 : undefined;
}

/** `4000M`; an amount that is no whole number of MiB as KiB: `1536K`. Takes what {@link parseMemoryMiB} gives. */
export function formatMemory(mib: number): string {
  return Number.isInteger(mib) ? `${mib}M` : `${Math.round(mib * 1024)}K`;
}

/** Memory that a job asked for; `per` is null where Slurm does not say (sacct since 21.08 gives the job's total). */
export interface RequestedMemory {
  readonly mib: number;
  readonly per: 'node' | 'cpu' | null;
}

/** sacct's ReqMem: `4G`, or of releases before 21.08 `4Gn` (per node) and `4Gc` (per CPU). */
export function parseRequestedMemory(text: string): RequestedMemory | undefined {
  const last = text.slice(-1);
  const per = last === 'n' ? 'node' : last === 'c' ? 'cpu' : null;
  const mib = parseMemoryMiB(per === null ? text : text.slice(0, -1));
  return mib === undefined ? undefined : { mib, per };
}
