import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram } from '../../scripts/package/program.ts';
import { filesBeneath } from '../../scripts/package/tree.ts';
import { emptyFolder, root, runScript, stageWorkspace, workshop } from './stage.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
}

const area = emptyFolder();
const stage = workshop();
after(() => {
  for (const folder of [area, stage]) folder[Symbol.dispose]();
});
const workspace = stage.path;
const tarballs = join(area.path, 'tarballs');
const unpacked = join(area.path, 'unpacked');
/** Where a stranger installs the packages. */
const host = join(area.path, 'host');

const names = readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'tsconfig.build.json')));
const manifest = (name: string) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
const manifests = names.map(manifest);

const nodeBin = dirname(process.execPath);
const npm = (folder: string, ...args: string[]) =>
  runProgram('npm', ['--loglevel=error', ...args], { cwd: folder, env: { ...process.env, PATH: `${nodeBin}:${process.env['PATH']}` } });

before(() => {
  for (const folder of [tarballs, unpacked, host]) mkdirSync(folder);
  stageWorkspace(workspace);
  runScript(workspace, 'scripts/build.ts');
  npm(workspace, 'pack', '--pack-destination', tarballs, ...names.map((name) => `--workspace=packages/${name}`));
});

describe('the packed packages', () => {
  for (const { name, version, exports, bin } of manifests) {
    describe(name, () => {
      const folder = join(unpacked, name.replace('@sluice/', ''));
      let files: string[] = [];
      before(() => {
        mkdirSync(folder);
        const archive = join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
        runProgram('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
        files = filesBeneath(folder);
      });
      const read = (file: string) => readFileSync(join(folder, file), 'utf8');

      it('holds code, types, sources, licence and nothing else', () => {
        const allowed =
          /^(?:package\.json|README\.md|dist\/LICENSE|dist\/.*\.(?:js|d\.ts|js\.map|d\.ts\.map|json)|src\/.*\.(?:ts|json)|recordings\/.*|scenarios\/.*\.yaml)$/;
        const tests = /\.(?:test|fuzz|fixture)\.|\/(?:fixtures|recordings|testing)\//;
        assert.deepEqual(
          files.filter((file) => !allowed.test(file) || tests.test(file)),
          [],
        );
        assert.ok(files.includes('dist/LICENSE'));
      });

      it('has every file that its manifest and its code name', () => {
        const named = [...Object.values(exports).flatMap((conditions) => Object.values(conditions)), ...Object.values(bin ?? {})];
        for (const file of named) assert.ok(existsSync(join(folder, file)), file);
        for (const file of files.filter((path) => /^dist\/.*\.(?:js|d\.ts)$/.test(path))) {
          for (const [, target = ''] of read(file).matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[^'"]*)['"]/g)) {
            // In declarations the compiler leaves './x.ts' and finds './x.d.ts' by it; in code it writes './x.js'.
            const path = file.endsWith('.d.ts') ? target.replace(/(?:\.d)?\.ts$/, '.d.ts') : target;
            assert.ok(existsSync(join(folder, dirname(file), path)), `${file} imports ${target}`);
          }
        }
      });

      it('has source maps that lead to its own sources', () => {
        for (const file of files.filter((path) => path.endsWith('.map'))) {
          for (const source of (JSON.parse(read(file)) as { sources: string[] }).sources) {
            assert.ok(existsSync(join(folder, dirname(file), source)), `${file} names ${source}`);
          }
        }
      });

      it('names no folder of the machine that built it', () => {
        const folders = [root, area.path, join(tmpdir(), 'sluice-pack'), `${homedir()}/`];
        for (const file of files) {
          for (const path of folders) assert.ok(!read(file).includes(path), `${file} contains ${path}`);
        }
      });
    });
  }

  describe('installed into an empty folder', () => {
    before(() => {
      writeFileSync(join(host, 'package.json'), JSON.stringify({ name: 'host', private: true, type: 'module' }));
      const archives = readdirSync(tarballs).map((name) => join(tarballs, name));
      npm(host, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...archives);
    });
    const node = (...args: string[]) => runProgram(process.execPath, args, { cwd: host, env: {} });
    const sluice = (...args: string[]) =>
      runProgram('sluice', args, { cwd: host, env: { PATH: `${join(host, 'node_modules', '.bin')}:${nodeBin}` } });

    it('gives the command sluice', () => {
      assert.equal(sluice('--version').trim(), manifest('cli').version);
      assert.match(sluice('--help'), /Usage: sluice/);
    });

    it('gives the commands of the programs that it replaces', () => {
      const env = { PATH: `${join(host, 'node_modules', '.bin')}:${nodeBin}` };
      assert.match(runProgram('slurm-clusercockpit-sync.py', ['-h'], { cwd: host, env }), /^usage: slurm-clusercockpit-sync\.py /);
    });

    it('shows the demo', () => {
      assert.match(sluice('demo', '--seconds', '5'), /All \d+ jobs that ran stand in ClusterCockpit/);
    });

    for (const { name } of manifests) {
      it(`${name} is imported by plain Node`, () => {
        assert.match(node('--input-type=module', '-e', `console.log(typeof await import('${name}'))`), /^object$/m);
      });
    }

    it('is typed for a program that does not know our settings', () => {
      const imports = manifests.map(({ name }, index) => `import * as face${index} from '${name}';\nvoid face${index};`);
      // The second line fails unless the types have really been found.
      const probe = "import { errorTable } from '@sluice/io';\n// @ts-expect-error\nexport const wrong: number = errorTable;";
      writeFileSync(join(host, 'program.ts'), [...imports, probe].join('\n'));
      const settings = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
      const types = ['--typeRoots', join(root, 'node_modules', '@types')];
      runProgram(join(root, 'node_modules', '.bin', 'tsc'), [...settings, ...types, 'program.ts'], { cwd: host });
    });
  });
});
