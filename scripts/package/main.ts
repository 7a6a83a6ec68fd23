/**
 * `npm run package`: sluice with its own Node, for hosts without npm, as tarball, deb and rpm, into out/. What cannot be
 * built here is named with what it takes; the rest is built all the same.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { buildAll } from '../build.ts';
import { refuseArguments, scriptArguments } from '../test/arguments.ts';
import { type Format, formats } from './formats.ts';
import { nodePackageFolder } from './node-binary.ts';
import { hasProgram, runProgram } from './program.ts';
import { type Target, targets } from './target.ts';
import { layTree } from './tree.ts';

const usage = `Usage: npm run package -- [options]

  --arch LIST     of ${targets.map(({ arch }) => arch).join(', ')}; all unless given
  --format LIST   of ${formats.map(({ name }) => name).join(', ')}; all unless given
  --out DIR       where the packages go; out unless given
  --no-build      pack what the last npm run build left in dist/
  --quick         compress little: for trying, not for giving away
  --require       end with 1 when something asked for was left out
  --help          this text`;

interface Wish {
  readonly targets: readonly Target[];
  readonly formats: readonly Format[];
  readonly out: string;
  readonly build: boolean;
  readonly quick: boolean;
}

function chosen<T>(list: string | undefined, all: readonly T[], name: (item: T) => string, option: string): readonly T[] {
  if (list === undefined) return all;
  return list.split(',').map((wanted) => {
    const item = all.find((candidate) => name(candidate) === wanted);
    if (item === undefined) refuseArguments(usage, `${option} ${wanted}: there is only ${all.map(name).join(', ')}`);
    return item;
  });
}

/** SOURCE_DATE_EPOCH, else the time of the last commit, else that of package.json. */
function sourceEpoch(root: string): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) {
    if (!/^\d+$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH is ${given}; it must be whole seconds since 1970`);
    return Number(given);
  }
  try {
    return Number(runProgram('git', ['-C', root, 'log', '-1', '--format=%ct']));
  } catch {
    return Math.floor(statSync(join(root, 'package.json')).mtimeMs / 1000);
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Builds all of `wish`; returns the files made and why others were not. */
function packageAll(root: string, wish: Wish, work: string): { readonly files: string[]; readonly leftOut: string[] } {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const epoch = sourceEpoch(root);
  const files: string[] = [];
  const leftOut: string[] = [];
  const possible = wish.formats.filter(({ name, needs }) => {
    const missing = needs.filter(({ program }) => !hasProgram(program));
    for (const { program, from } of missing) leftOut.push(`${name}: ${program} is not installed; it comes with the package ${from}`);
    return missing.length === 0;
  });
  const total = possible.length * wish.targets.length;
  for (const target of wish.targets) {
    const area = join(work, target.arch);
    const tree = join(area, 'tree');
    mkdirSync(area, { recursive: true });
    try {
      layTree(root, nodePackageFolder(root, target, area), tree, epoch);
    } catch (error) {
      leftOut.push(`${target.arch}: ${message(error)}`);
      continue;
    }
    for (const format of possible) {
      const own = join(area, format.name);
      mkdirSync(own);
      const started = performance.now();
      const file = format.build({ root, target, version, tree, work: own, out: wish.out, epoch, quick: wish.quick });
      files.push(file);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      say(`[${files.length}/${total}] ${basename(file)} ${mib(statSync(file).size)} in ${seconds} s`);
      rmSync(own, { recursive: true });
    }
    rmSync(area, { recursive: true });
  }
  return { files, leftOut };
}

function writeSums(out: string, files: readonly string[]): void {
  const lines = files.map((file) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}\n`);
  writeFileSync(join(out, 'SHA256SUMS'), lines.join(''));
  say(`\n${out}/SHA256SUMS:`);
  say(lines.join('').trimEnd());
}

async function main(): Promise<number> {
  const { values } = scriptArguments(usage, {
    options: {
      arch: { type: 'string' },
      format: { type: 'string' },
      out: { type: 'string', default: 'out' },
      'no-build': { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      require: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const root = dirname(dirname(import.meta.dirname));
  const wish: Wish = {
    targets: chosen(values.arch, targets, ({ arch }) => arch, '--arch'),
    formats: chosen(values.format, formats, ({ name }) => name, '--format'),
    out: resolve(root, values.out),
    build: !values['no-build'],
    quick: values.quick,
  };
  if (wish.build) await buildAll(root, say);
  mkdirSync(wish.out, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  try {
    const { files, leftOut } = packageAll(root, wish, work);
    writeSums(wish.out, files);
    for (const line of leftOut) process.stderr.write(`left out: ${line}\n`);
    return values.require && leftOut.length > 0 ? 1 : 0;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${message(error)}\n`);
  process.exitCode = 1;
}
