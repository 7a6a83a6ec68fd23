import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates a directory and those above it. Not `mkdirSync` with `recursive`: where the kernel answers ENOENT although the
 * parent is there, as /proc does, that never ends (Node 24.21).
 */
export function createDirectory(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    createDirectory(parent, mode);
    mkdirSync(path, { mode });
  }
}

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
