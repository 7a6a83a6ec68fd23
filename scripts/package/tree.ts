import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a host needs of our documents; the others are for whoever works on the sources, and lead to them. */
const shipped = ['LICENSE', 'docs/configuration.md', 'docs/errors.md', 'docs/state.md', 'docs/sluice.schema.json'];

/** The flags of deploy/packaging/node-flags. */
function nodeFlags(root: string): string[] {
  const lines = readFileSync(join(root, 'deploy', 'packaging', 'node-flags'), 'utf8').split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** The names of the executables, `sluice` and those of the programs that it replaces. */
function executables(root: string): string[] {
  const { bin } = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8')) as { bin: Record<string, string> };
  return Object.keys(bin);
}

/** The launcher of a name, with its flags written out. */
function launcher(root: string, name: string): string {
  const quoted = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}' `).join('');
  const words = name === 'sluice' ? [] : ['--as', name];
  return readFileSync(join(root, 'deploy', 'packaging', 'launcher.sh'), 'utf8')
    .replace('@NODE_FLAGS@', () => quoted(nodeFlags(root)))
    .replace('@WORDS@', () => quoted(words));
}

/** Gives every file and folder its final mode and the same time, whatever the umask and the clock of the builder. */
function settle(folder: string, epoch: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) settle(path, epoch);
    else {
      chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
      utimesSync(path, epoch, epoch);
    }
  }
  chmodSync(folder, 0o755);
  utimesSync(folder, epoch, epoch);
}

/**
 * Lays out what is installed, as it lies beneath /usr or beneath the tarball's folder: bin/sluice and other
 * names of it, lib/sluice, share/doc/sluice. Needs a finished build in `root`/dist.
 */
export function layTree(root: string, nodePackage: string, tree: string, epoch: number): void {
  const lib = join(tree, 'lib', 'sluice');
  const doc = join(tree, 'share', 'doc', 'sluice');
  const dist = join(root, 'dist');

  for (const name of executables(root)) {
    write(join(tree, 'bin', name), launcher(root, name));
    chmodSync(join(tree, 'bin', name), 0o755);
  }
  copy(join(nodePackage, 'bin', 'node'), join(lib, 'node'));
  // The name says ES module to Node, which in dist/ has to look into the file.
  const code = readFileSync(join(dist, 'sluice'), 'utf8');
  write(join(lib, 'sluice.mjs'), code.replace(/(\n\/\/# sourceMappingURL=)sluice\.map\n$/, '$1sluice.mjs.map\n'));
  copy(join(dist, 'sluice.map'), join(lib, 'sluice.mjs.map'));

  copy(join(dist, 'THIRD-PARTY-LICENSES.txt'), join(doc, 'THIRD-PARTY-LICENSES.txt'));
  copy(join(nodePackage, 'LICENSE'), join(doc, 'NODE-LICENSE'));
  copy(join(root, 'deploy', 'packaging', 'copyright'), join(doc, 'copyright'));
  for (const name of shipped) copy(join(root, name), join(doc, name));
  for (const name of readdirSync(join(root, 'deploy')).sort()) {
    if (name === 'packaging') continue;
    cpSync(join(root, 'deploy', name), join(doc, name === 'examples' ? name : join('examples', name)), { recursive: true });
  }
  settle(tree, epoch);
}

/** The files beneath `folder`, relative to it, in a fixed order. */
export function filesBeneath(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}
