import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A user of the system, as far as file modes go. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gids: readonly number[];
}

const bits = { read: 4, write: 2, enter: 1 } as const;

/** Whether the mode of something lets a user do something with it; access lists and read-only mounts are not looked at. */
export function may(
  user: SystemUser,
  { uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>,
  ...wanted: readonly (keyof typeof bits)[]
): boolean {
  if (user.uid === 0) return true;
  const shift = user.uid === uid ? 6 : user.gids.includes(gid) ? 3 : 0;
  return wanted.every((one) => ((mode >> shift) & bits[one]) !== 0);
}

/** The first directory above a path that a user may not enter, or that does not exist; undefined when all are open. */
export function barrier(user: SystemUser, path: string): { readonly directory: string; readonly missing: boolean } | undefined {
  const above: string[] = [];
  for (let directory = dirname(path); above.at(-1) !== directory; directory = dirname(directory)) above.push(directory);
  for (const directory of above.reverse()) {
    const found = lookAt(directory);
    if (found === undefined) return { directory, missing: true };
    if (!may(user, found, 'enter')) return { directory, missing: false };
  }
  return undefined;
}

/** What stands at a path; undefined when there is nothing or we may not see it. */
export function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** `0770 slurm:1000`, of numbers: as `stat` would show it. */
export function modeText({ mode, uid, gid }: Pick<Stats, 'uid' | 'gid' | 'mode'>): string {
  return `mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, owner ${uid}:${gid}`;
}
