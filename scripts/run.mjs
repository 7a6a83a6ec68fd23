// The door to every npm script. Runs on whatever Node the machine has (18 or newer): installs the workspace's modules
// when they are missing or stale, then hands over to the Node 24 that comes with them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const ownNode = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
const nodeMajor = Number(process.versions.node.split('.')[0]);
const stampFile = join(modules, '.sluice-installed');

/** What the tasks without options of their own do, for --help; the others answer it themselves. */
const plain = {
  check: 'types, lint, formatting, circular imports, generated pages, unused code and dependencies',
  format: 'mends what lint and formatting can mend by themselves',
  docs: 'writes the pages of docs/ that are made from code; -- --check only says whether they are up to date',
  build: 'JavaScript and types of every package in packages/*/dist, and the bundled dist/sluice',
};

/** npm script → the program that does it, with the arguments that come before the caller's. */
const tasks = {
  start: ['packages/cli/src/main.ts', 'demo'],
  sluice: ['packages/cli/src/main.ts'],
  test: ['scripts/test.ts'],
  'test:unit': ['scripts/test.ts', '--only', 'unit'],
  'test:slurm': ['scripts/test.ts', '--slurm'],
  'test:endurance': ['test/endurance/run.ts'],
  fuzz: ['test/fuzz/run.ts'],
  check: ['scripts/check.ts'],
  format: ['scripts/check.ts', '--format'],
  docs: ['scripts/docs.ts'],
  build: ['scripts/build.ts'],
  package: ['scripts/package/main.ts'],
};

function fail(message) {
  process.stderr.write(`sluice: ${message}\n`);
  process.exit(1);
}

/** Changes when anything that decides what node_modules must hold changes. */
function wantedStamp() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) hash.update(readFileSync(join(root, file)));
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const manifest = join(root, 'packages', name, 'package.json');
    if (existsSync(manifest)) hash.update(readFileSync(manifest));
  }
  return hash.update(`${process.platform}-${process.arch}`).digest('hex');
}

function install() {
  const wanted = wantedStamp();
  const whole = existsSync(join(modules, '.bin', 'tsc')) && (existsSync(ownNode) || nodeMajor >= 24);
  if (whole && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  process.stderr.write('sluice: installing the node modules …\n');
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') || npm?.endsWith('.cjs') ? [process.execPath, [npm]] : ['npm', []];
  // Not `npm ci`: it refuses when a registry mirror lacks optional binaries of platforms that are not ours.
  // `install --no-save` takes the same versions and checks the same integrity from the lock file, and writes neither file.
  const { status, error } = spawnSync(command, [...first, 'install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (error) fail(`npm could not be started: ${error.message}`);
  if (status !== 0) fail('npm install failed; its message stands above. Mend what it names and run the command again.');
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, wanted);
}

/** The workspace's own Node; on a platform it is not made for, the Node that runs this, if it is new enough. */
function runtime() {
  if (existsSync(ownNode)) return ownNode;
  if (nodeMajor >= 24) return process.execPath;
  return fail(
    `there is no Node 24 for ${process.platform}-${process.arch} among the workspace's modules, and this is Node ${process.versions.node}. Install Node 24 or newer.`,
  );
}

/** The flags that every launcher of sluice gives to Node. */
function sluiceFlags() {
  const lines = readFileSync(join(root, 'deploy/packaging/node-flags'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('--'));
}

const [task, ...args] = process.argv.slice(2);
const [program, ...fixed] = tasks[task] ?? fail(`unknown task ${task ?? '(none)'}; known: ${Object.keys(tasks).join(', ')}`);
if (plain[task] && args.some((word) => word === '--help' || word === '-h')) {
  process.stdout.write(`npm run ${task}: ${plain[task]}\n`);
  process.exit(0);
}
install();
const { status, signal, error } = spawnSync(
  runtime(),
  [...sluiceFlags(), '--conditions=@sluice/source', join(root, program), ...fixed, ...args],
  {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}` },
  },
);
if (error) fail(error.message);
process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : (status ?? 1));
