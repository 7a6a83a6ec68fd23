/**
 * `npm run build`: JavaScript with types for every package (packages/X/dist), and the program as one file (dist/sluice)
 * with its source map and the licences of what it contains, and the executable cc-slurm-adapter that packages lay beside it. Starts from nothing each time; the same sources give the
 * same bytes.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundleParts, bundleSluice } from './package/bundle.ts';
import { bundleAdapter } from './package/bundle-adapter.ts';
import { thirdPartyLicences } from './package/licences.ts';
import { runProgram } from './package/program.ts';

/** The folders of all packages that are built, by name. */
function packageFolders(root: string): string[] {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'tsconfig.build.json')));
}

/** Removes all that a build makes, so that nothing old is left when a step fails. */
function clean(root: string): void {
  for (const folder of [root, ...packageFolders(root)]) {
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    rmSync(join(folder, 'tsconfig.build.tsbuildinfo'), { force: true });
  }
}

function compilePackages(root: string): void {
  const folders = packageFolders(root);
  const projects = folders.map((folder) => relative(root, join(folder, 'tsconfig.build.json')));
  runProgram(join(root, 'node_modules', '.bin', 'tsc'), ['-b', ...projects], { cwd: root });
  for (const folder of folders) copyFileSync(join(root, 'LICENSE'), join(folder, 'dist', 'LICENSE'));
}

async function bundle(root: string): Promise<void> {
  const out = join(root, 'dist');
  mkdirSync(out);
  const { code, map, metafile } = await bundleSluice(root, 'sluice');
  writeFileSync(join(out, 'sluice'), code);
  chmodSync(join(out, 'sluice'), 0o755);
  writeFileSync(join(out, 'sluice.map'), map);
  writeFileSync(join(out, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences(root, metafile));
}

/** What packages install. */
async function bundleInstalled(root: string): Promise<void> {
  for (const { name, text } of await bundleParts(root)) {
    const file = join(root, 'dist', 'installed', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** slurmctld waits for the hook: the compiled executable would load all of clustercockpit. */
async function bundleAdapters(root: string): Promise<void> {
  const compiled = join(root, 'packages', 'cli', 'dist', 'cc-slurm-adapter.js');
  writeFileSync(compiled, await bundleAdapter(root, './main.js', 'esm'));
  rmSync(`${compiled}.map`);
  writeFileSync(join(root, 'dist', 'cc-slurm-adapter.cjs'), await bundleAdapter(root, './sluice.mjs', 'cjs'));
}

function sizes(root: string): string[] {
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0).padStart(7)} KiB`;
  const folders = packageFolders(root).map((folder) => join(folder, 'dist'));
  const packages = folders.map((folder) => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const code = files.filter(({ name }) => !name.endsWith('.map'));
    const bytes = code.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
    return `${kib(bytes)}  ${relative(root, folder)} (without maps)`;
  });
  const files = readdirSync(join(root, 'dist'), { withFileTypes: true }).filter((entry) => entry.isFile());
  return [...packages, ...files.map(({ name }) => `${kib(statSync(join(root, 'dist', name)).size)}  dist/${name}`).sort()];
}

/** Builds everything beneath `root`; says each step and its time through `say`. @throws Error with the compiler's output. */
export async function buildAll(root: string, say: (line: string) => void): Promise<void> {
  clean(root);
  const steps: readonly (readonly [string, () => Promise<void> | void])[] = [
    ['packages/*/dist', () => compilePackages(root)],
    ['dist/sluice', () => bundle(root)],
    ['dist/installed', () => bundleInstalled(root)],
    ['cc-slurm-adapter', () => bundleAdapters(root)],
  ];
  for (const [name, step] of steps) {
    const started = performance.now();
    await step();
    say(`built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  for (const line of sizes(root)) say(line);
}

if (import.meta.main) {
  try {
    await buildAll(dirname(import.meta.dirname), (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
