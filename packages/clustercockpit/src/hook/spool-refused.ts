import { lstatSync, mkdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { spoolNames } from './spool-layout.ts';
import { attempt, eachName } from './spool-list.ts';

/** What is larger is deleted: the directory of refused files is bounded in bytes, too. */
const largestKept = 8192;

/**
 * Takes files that are no events out of the way: the first `most` are kept in `refused/`, further and larger ones are deleted. Gives whether
 * the file is out of the way.
 */
export function refusedFiles(path: string, most: number): { setAside(file: string): boolean } {
  const directory = join(path, spoolNames.refused);

  function room(): boolean {
    let count = 0;
    attempt(() => eachName(directory, () => (count += 1)));
    return count < most;
  }

  return {
    setAside(file) {
      const from = join(path, file);
      const kept = attempt(() => {
        if (lstatSync(from).size > largestKept || !room()) return false;
        mkdirSync(directory, { recursive: true, mode: 0o770 });
        renameSync(from, join(directory, file.replace('/', '.')));
        return true;
      });
      return kept || attempt(() => unlinkSync(from)) || attempt(() => rmdirSync(from));
    },
  };
}
