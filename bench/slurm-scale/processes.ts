import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface ProcessStatus {
  readonly name: string;
  /** Most that was ever resident (VmHWM), or since {@link resetPeak}. */
  readonly peakKiB: number;
  readonly rssKiB: number;
}

/** What /proc says of a process; undefined when it is gone. */
export function processStatus(pid: number): ProcessStatus | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { name: /^Name:\s+(.*)$/m.exec(text)?.[1] ?? '', peakKiB: number('VmHWM'), rssKiB: number('VmRSS') };
  } catch {
    return undefined;
  }
}

/** CPU seconds a process has spent itself, user and system. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(stat[11]) + Number(stat[12])) / 100;
}

/** CPU seconds of our children that have ended, user and system. */
export function childrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(stat[13]) + Number(stat[14])) / 100;
}

/** Sets VmHWM to what is resident now. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Children of a process, by the kernel's own list. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/**
 * Looks every few milliseconds at the descendants of this process and keeps the highest peak per program name. Short
 * lives between two looks are missed, and so is what a process took in its last milliseconds.
 */
export function watchChildren(): { readonly peaksMiB: ReadonlyMap<string, number>; stop(): void } {
  const peaksMiB = new Map<string, number>();
  function look(pid: number): void {
    for (const child of childrenOf(pid)) {
      const status = processStatus(child);
      if (status) peaksMiB.set(status.name, Math.max(peaksMiB.get(status.name) ?? 0, status.peakKiB / 1024));
      look(child);
    }
  }
  const timer = setInterval(() => look(process.pid), 3);
  return { peaksMiB, stop: () => clearInterval(timer) };
}

/** Id of a daemon of the lab, from the file that slurm-lab.sh writes for it. */
export function daemonPid(labDir: string, name: string): number {
  return Number(readFileSync(`${labDir}/run/${name}.lab`, 'latin1').split(' ')[0]);
}
