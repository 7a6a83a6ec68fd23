import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bundleSluice } from '../../scripts/package/bundle.ts';
import { runProgram } from '../../scripts/package/program.ts';
import { filesBeneath } from '../../scripts/package/tree.ts';
import { emptyFolder, runScript, stageWorkspace, workshop } from './stage.ts';

const first = workshop();
const second = workshop();
const alone = emptyFolder();
after(() => {
  for (const folder of [first, second, alone]) folder[Symbol.dispose]();
});

function digests(folder: string): Record<string, string> {
  const packages = readdirSync(join(folder, 'packages')).map((name) => join('packages', name));
  const files = ['', ...packages].flatMap((part) => filesBeneath(join(folder, part, 'dist')).map((name) => join(part, 'dist', name)));
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}

/** Parts of the program, and all that is loaded as soon as they are. */
function loadedWith(folder: string, parts: readonly string[]): ReadonlySet<string> {
  const loaded = new Set(parts);
  for (const part of loaded) {
    const code = readFileSync(join(folder, part), 'utf8');
    for (const [, name = ''] of code.matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+)"/g)) loaded.add(join(dirname(part), name));
  }
  return loaded;
}

describe('npm run build', () => {
  before(() => {
    stageWorkspace(first.path);
    runScript(first.path, 'scripts/build.ts');
  });

  it('gives the same bytes in another folder and over an older build', () => {
    const elsewhere = join(second.path, 'with a space');
    mkdirSync(elsewhere);
    stageWorkspace(elsewhere, first.path);
    runScript(elsewhere, 'scripts/build.ts');
    runScript(elsewhere, 'scripts/build.ts');
    assert.deepEqual(digests(elsewhere), digests(first.path));
  });

  it('leaves nothing behind when the types are wrong', () => {
    const broken = join(second.path, 'broken');
    mkdirSync(broken);
    stageWorkspace(broken);
    mkdirSync(join(broken, 'dist'));
    writeFileSync(join(broken, 'dist', 'sluice'), 'an older build');
    appendFileSync(join(broken, 'packages', 'io', 'src', 'index.ts'), "export const wrong: number = 'text';\n");
    assert.throws(() => runScript(broken, 'scripts/build.ts'), /packages\/io\/src\/index\.ts.*TS2322/);
    assert.ok(!existsSync(join(broken, 'dist')));
  });

  it('stops at a source that will look for a file beside the bundle', async () => {
    const astray = join(second.path, 'astray');
    mkdirSync(astray);
    stageWorkspace(astray);
    appendFileSync(join(astray, 'packages', 'cli', 'src', 'main.ts'), "await import(new URL('./more.ts', import.meta.url).href);\n");
    await assert.rejects(bundleSluice(astray, 'sluice'), /main\.ts.*leads to a file that the bundle has not/);
  });

  it('gives the daemon parts without the emulator, stand-ins and what else it does not use', () => {
    const installed = join(first.path, 'dist', 'installed');
    const daemon =
      readdirSync(join(installed, 'parts')).find((name) => /^cc-daemon-\w+\.mjs$/.test(name)) ?? assert.fail('no part is the daemon');
    const sources = [...loadedWith(installed, ['sluice.mjs', join('parts', daemon)])].flatMap((part) => {
      const map = JSON.parse(readFileSync(join(installed, `${part}.map`), 'utf8')) as { readonly sources: readonly string[] };
      return map.sources.flatMap((source) => /\/packages\/(\w+)\/src\//.exec(source)?.[1] ?? []);
    });
    assert.deepEqual([...new Set(sources)].sort(), ['cli', 'clustercockpit', 'io', 'service', 'slurm']);
  });

  describe('dist/sluice', () => {
    const program = join(alone.path, 'sluice');
    before(() => copyFileSync(join(first.path, 'dist', 'sluice'), program));
    const sluice = (...args: string[]) => runProgram(process.execPath, [program, ...args], { cwd: alone.path, env: {} });

    it('is executable and asks for node', () => {
      const answer = runProgram(program, ['--version'], { env: { PATH: join(first.path, 'node_modules', '.bin') } });
      assert.match(answer, /^\d+\.\d+\.\d+/);
    });

    it('runs alone in an empty folder', () => {
      const { version } = JSON.parse(readFileSync(join(first.path, 'package.json'), 'utf8')) as { version: string };
      assert.equal(sluice('--version').trim(), version);
      assert.match(sluice('--help'), /Usage: sluice/);
    });

    it('tells an older Node which one it needs, and asks no module of it that it lacks', () => {
      const older = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.1.0'}})";
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', older, program, 'demo'], { encoding: 'utf8' });
      assert.deepEqual([status, stdout, stderr], [69, '', `sluice needs Node 24 or newer; this is ${process.version}\n`]);
      // These would end an older Node before the first line runs.
      assert.doesNotMatch(readFileSync(program, 'utf8'), /^import .* from ["']node:(?:sqlite|tls)["']/m);
    });

    it('has all that the demo needs in it', () => {
      assert.match(sluice('demo', '--seconds', '5'), /All \d+ jobs that ran stand in ClusterCockpit/);
      assert.deepEqual(readdirSync(alone.path), ['sluice']);
    });

    it('has the licence of every package that is in it', () => {
      const { sources } = JSON.parse(readFileSync(join(first.path, 'dist', 'sluice.map'), 'utf8')) as { sources: string[] };
      const licences = readFileSync(join(first.path, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
      const names = new Set(sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []));
      for (const name of names) assert.match(licences, new RegExp(`^${name} \\d`, 'm'));
    });

    it('has a source map that names only files of the workspace', () => {
      const { sources } = JSON.parse(readFileSync(join(first.path, 'dist', 'sluice.map'), 'utf8')) as { sources: string[] };
      for (const source of sources) assert.match(source, /^(?:\.\.\/(?:packages|node_modules)\/|(?:asked-for-late|left-out):)/);
    });
  });
});
