import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runProgram } from '../../scripts/package/program.ts';

/** The workspace. */
export const root = join(import.meta.dirname, '..', '..');

/** A folder that is gone when its holder is disposed of. */
export interface Folder extends Disposable {
  readonly path: string;
}

function newFolder(parent: string): Folder {
  const path = mkdtempSync(join(parent, 'sluice-packaging-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A new folder outside the workspace, from which no module of the workspace is found. */
export function emptyFolder(): Folder {
  return newFolder(tmpdir());
}

/** A new folder on the workspace's file system, for staged workspaces: their node modules are hard links. */
export function workshop(): Folder {
  mkdirSync(join(root, 'out'), { recursive: true });
  return newFolder(join(root, 'out'));
}

const leftOut = /^(?:packages\/[^/]+\/)?(?:dist|out)$|^\.git$|^node_modules$|\.tsbuildinfo$/;

/**
 * Copies the workspace's sources into `folder` and links its node modules, so that a test builds there and not under
 * the feet of whoever works in the workspace. `from` is a staged workspace whose sources are wanted once more.
 */
export function stageWorkspace(folder: string, from = root): void {
  const filter = (path: string) => !leftOut.test(relative(from, path));
  for (const name of readdirSync(from)) cpSync(join(from, name), join(folder, name), { recursive: true, verbatimSymlinks: true, filter });
  const modules = join(from, 'node_modules');
  try {
    runProgram('cp', ['-al', modules, folder]);
  } catch {
    // Some systems let nobody link the files of another user.
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
    runProgram('cp', ['-a', modules, folder]);
  }
}

/**
 * Puts a shell script in the place of Node's 120 MB in a staged workspace, for every processor, so that what is tested
 * of packing is quick and the same everywhere.
 */
export function putStubsForNode(folder: string): void {
  const { optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = join(folder, 'node_modules', name);
    rmSync(place, { recursive: true, force: true });
    mkdirSync(join(place, 'bin'), { recursive: true });
    writeFileSync(join(place, 'bin', 'node'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    writeFileSync(join(place, 'LICENSE'), 'a licence\n');
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name, version }));
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
