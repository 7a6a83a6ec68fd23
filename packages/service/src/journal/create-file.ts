import { closeSync, openSync } from 'node:fs';

/**
 * Creates a file with a mode, which SQLite gives to its companions as well. One that is there is not opened: closing any
 * descriptor of a file drops the locks that SQLite has on it in this process (fcntl(2)).
 */
export function createFile(path: string, mode: number): void {
  try {
    closeSync(openSync(path, 'wx', mode));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
