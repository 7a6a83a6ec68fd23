import { readFileSync, statSync } from 'node:fs';

/** Where SQLite takes the lock of the one process that may write (sqlite.org/fileformat2.html, "The Lock-Byte Page": PENDING_BYTE + 1). */
const reservedByte = 0x40000001;

/**
 * The process that holds a lock of `lockInstance`, without touching it: as the kernel lists its locks. Null when nobody does;
 * undefined when the kernel does not tell.
 */
export function instanceHolder(path: string, kernelLocks = '/proc/locks'): number | null | undefined {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  if (inode === undefined) return null;
  let locks: string;
  try {
    locks = readFileSync(kernelLocks, 'utf8');
  } catch {
    return undefined;
  }
  // `4: POSIX  ADVISORY  WRITE 1533 fe:00:9978130 1073741825 1073741825`; lines with `->` wait for one.
  for (const line of locks.split('\n')) {
    const [, kind, , access, pid, file, first] = line.split(/\s+/);
    if (kind !== 'POSIX' || access !== 'WRITE' || Number(first) > reservedByte) continue;
    if (file?.split(':')[2] === String(inode) && lastByte(line) >= reservedByte) return Number(pid);
  }
  return null;
}

function lastByte(line: string): number {
  const last = line.trim().split(/\s+/).at(-1);
  return last === 'EOF' ? Number.POSITIVE_INFINITY : Number(last);
}
