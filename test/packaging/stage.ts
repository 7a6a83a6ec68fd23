import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runProgram } from '../../scripts/package/program.ts';

/** The workspace. */
export const root = join(import.meta.dirname, '..', '..');

/** A new folder outside the workspace that is gone when the holder is disposed of. */
export function emptyFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-packaging-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const leftOut = /^(?:packages\/[^/]+\/)?(?:dist|out)$|^\.git$|^node_modules$|\.tsbuildinfo$/;

/**
 * Copies the workspace's sources into `folder` and links its node modules, so that a test builds there and not under
 * the feet of whoever works in the workspace.
 */
export function stageWorkspace(folder: string): void {
  cpSync(root, folder, { recursive: true, verbatimSymlinks: true, filter: (path) => !leftOut.test(relative(root, path)) });
  const modules = join(root, 'node_modules');
  try {
    runProgram('cp', ['-al', modules, folder]);
  } catch {
    // Hard links do not reach another file system.
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
    runProgram('cp', ['-a', modules, folder]);
  }
}

/** Runs one of the workspace's scripts as its npm script does, in a staged workspace. */
export function runScript(
  folder: string,
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): string {
  return runProgram(process.execPath, ['--conditions=@sluice/source', join(folder, script), ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
}
