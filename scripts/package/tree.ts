import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a host needs of our documents; the others are for whoever works on the sources, and lead to them. */
const shipped = [
  'LICENSE',
  'docs/cc-slurm-adapter.schema.json',
  'docs/cc-slurm-sync.schema.json',
  'docs/clustercockpit-configuration.md',
  'docs/clustercockpit-sync.md',
  'docs/clustercockpit.md',
  'docs/configuration.md',
  'docs/emulator-configuration.md',
  'docs/emulator-scenarios.md',
  'docs/emulator.md',
  'docs/emulator.schema.json',
  'docs/errors.md',
  'docs/from-cc-slurm-adapter.md',
  'docs/sluice.schema.json',
  'docs/state.md',
];

/** Where systemd looks for what lies in deploy/systemd, by the ends of the names, beneath /usr. */
const systemdFolders: readonly (readonly [RegExp, string])[] = [
  [/\.(?:service|timer|path)$/, 'lib/systemd/system'],
  [/\.sysusers$/, 'lib/sysusers.d'],
  [/\.tmpfiles$/, 'lib/tmpfiles.d'],
];

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

/** Executables that are a file of their own in lib/sluice; the others are sluice.mjs under another name. */
const ownPrograms: Readonly<Record<string, string>> = { sluice: 'sluice.mjs', 'cc-slurm-adapter': 'cc-slurm-adapter.cjs' };

/** The launcher of a name, with its flags written out. */
export function launcher(root: string, name: string): string {
  const quoted = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}' `).join('');
  const own = ownPrograms[name];
  const words = own === undefined ? ['--as', name] : [];
  return readFileSync(join(root, 'deploy', 'packaging', 'launcher.sh'), 'utf8')
    .replace('@NODE_FLAGS@', () => quoted(nodeFlags(root)))
    .replace('@PROGRAM@', own ?? 'sluice.mjs')
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
 * names of it, lib/sluice, lib/systemd, share/doc/sluice. Needs a finished build in `root`/dist.
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
  cpSync(join(dist, 'installed'), lib, { recursive: true });
  copy(join(dist, 'cc-slurm-adapter.cjs'), join(lib, 'cc-slurm-adapter.cjs'));

  copy(join(dist, 'THIRD-PARTY-LICENSES.txt'), join(doc, 'THIRD-PARTY-LICENSES.txt'));
  copy(join(nodePackage, 'LICENSE'), join(doc, 'NODE-LICENSE'));
  copy(join(root, 'deploy', 'packaging', 'copyright'), join(doc, 'copyright'));
  for (const name of shipped) copy(join(root, name), join(doc, name));
  for (const name of readdirSync(join(root, 'deploy')).sort()) {
    if (name === 'packaging' || name === 'systemd') continue;
    cpSync(join(root, 'deploy', name), join(doc, name === 'examples' ? name : join('examples', name)), { recursive: true });
  }
  for (const name of readdirSync(join(root, 'deploy', 'systemd')).sort()) {
    const folder = systemdFolders.find(([pattern]) => pattern.test(name))?.[1];
    if (folder) copy(join(root, 'deploy', 'systemd', name), join(tree, folder, name.replace(/\.(?:sysusers|tmpfiles)$/, '.conf')));
  }
  settle(tree, epoch);
}

/** The files beneath `folder`, relative to it, in a fixed order. */
export function filesBeneath(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}
