import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { hasProgram, runProgram } from '../../scripts/package/program.ts';
import { targets } from '../../scripts/package/target.ts';
import { filesBeneath } from '../../scripts/package/tree.ts';
import { emptyFolder, root, runScript, stageWorkspace, workshop } from './stage.ts';
import { layStockSite } from './stock-site.ts';

const target = targets.find(({ arch }) => arch === process.arch);
const area = emptyFolder();
const workspace = workshop();
after(() => {
  for (const folder of [area, workspace]) folder[Symbol.dispose]();
});
const out = join(workspace.path, 'out');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** A new folder for one installation; its name needs quoting. */
function place(name: string): string {
  const folder = join(area.path, `${name} here`);
  mkdirSync(folder);
  return folder;
}

/** Runs a program on a host that has no Node of its own. */
function onBareHost(program: string, ...args: string[]): string {
  return runProgram(program, args, { cwd: '/', env: { PATH: '/nonexistent' } });
}

/** What lintian and rpmlint would look at first. */
function assertSane(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const status = lstatSync(join(folder, name));
    const executable = status.isDirectory() || /(?:^|\/)(?:bin\/[^/]+|lib\/sluice\/node)$/.test(name);
    // Hook scripts among the examples keep their mode.
    const modes = name.includes('/examples/') ? ['644', '755'] : [executable ? '755' : '644'];
    assert.ok(status.isDirectory() || status.isFile(), `${name} is neither a file nor a folder`);
    const mode = (status.mode & 0o7777).toString(8);
    assert.ok(modes.includes(mode), `${name} has the mode ${mode}`);
  }
  for (const name of filesBeneath(folder).filter((file) => !file.endsWith('/node'))) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const path of [root, area.path, join(tmpdir(), 'sluice-pack')]) assert.ok(!text.includes(path), `${name} contains ${path}`);
  }
  const doc = join(folder, 'share', 'doc', 'sluice');
  const named = ['cc-slurm-adapter.schema.json', 'cc-slurm-sync.schema.json', 'clustercockpit-configuration.md', 'sluice.schema.json'];
  const read = ['clustercockpit-sync.md', 'clustercockpit.md', 'configuration.md', 'errors.md', 'from-cc-slurm-adapter.md', 'state.md'];
  const emulator = ['emulator-configuration.md', 'emulator-scenarios.md', 'emulator.md', 'emulator.schema.json'];
  const pages = [...named, ...read, ...emulator].map((name) => `docs/${name}`);
  const licences = ['LICENSE', 'NODE-LICENSE', 'THIRD-PARTY-LICENSES.txt', 'copyright'];
  assert.deepEqual(
    filesBeneath(doc).filter((name) => !name.startsWith('examples/')),
    [...licences, ...pages].sort(),
  );
  for (const name of ['sluice.yaml', 'cc-slurm-adapter.json', 'cc-slurm-sync.json'])
    assert.ok(existsSync(join(doc, 'examples', name)), name);
  const units = [
    'sluice-cc.service',
    'sluice-cc-collect.path',
    'sluice-cc-collect.service',
    'sluice-cc-sync.service',
    'sluice-cc-sync.timer',
  ];
  assert.deepEqual(filesBeneath(join(folder, 'lib', 'systemd')), units.map((name) => `system/${name}`).sort());
  for (const name of ['sysusers.d', 'tmpfiles.d']) assert.deepEqual(filesBeneath(join(folder, 'lib', name)), ['sluice.conf']);
  for (const page of filesBeneath(doc).filter((name) => name.endsWith('.md'))) assertLinks(doc, page);
}

/** Every relative link of a page leads to something that is shipped with it. */
function assertLinks(doc: string, page: string): void {
  const text = readFileSync(join(doc, page), 'utf8');
  for (const [, target = ''] of text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const found = relative(doc, join(doc, dirname(page), target));
    assert.ok(!found.startsWith('..') && existsSync(join(doc, found)), `${page} leads to ${target}, which is not shipped`);
  }
}

/** The highest version of a library's symbols that a program asks for. */
function highestSymbolVersion(binary: string, prefix: string): string {
  const versions = [...binary.matchAll(new RegExp(`\\0${prefix}_(\\d+(?:\\.\\d+)+)(?=\\0)`, 'g'))].map(([, found = '']) => found);
  return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? 'none';
}

const isRoot = process.getuid?.() === 0;
const without = (program: string) => !hasProgram(program) && `${program} is not installed`;

describe('npm run package', { skip: !target && `sluice is not packed for ${process.arch}` }, () => {
  before(() => {
    stageWorkspace(workspace.path);
    runScript(workspace.path, 'scripts/package/main.ts', ['--arch', process.arch, '--quick']);
  });

  it('writes digests that sha256sum confirms', () => {
    runProgram('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out });
  });

  describe('the tarball', () => {
    const name = `sluice-${version}-linux-${process.arch}`;
    let folder = '';
    before(() => {
      const where = place('tarball');
      runProgram('tar', ['-xzf', join(out, `${name}.tar.gz`), '-C', where]);
      assert.deepEqual(readdirSync(where), [name]);
      folder = join(where, name);
    });

    it('runs where there is no Node', () => {
      assert.equal(onBareHost(join(folder, 'bin', 'sluice'), '--version').trim(), version);
      onBareHost(join(folder, 'bin', 'sluice'), 'demo', '--seconds', '5');
    });

    it('runs under the names of the programs that it replaces', () => {
      assert.match(onBareHost(join(folder, 'bin', 'slurm-clusercockpit-sync.py'), '-h'), /^usage: slurm-clusercockpit-sync\.py /);
      const adapter = spawnSync(join(folder, 'bin', 'cc-slurm-adapter'), ['--help'], { encoding: 'utf8', env: {} });
      assert.deepEqual([adapter.status, adapter.stderr.split('\n')[0]], [0, 'Usage of cc-slurm-adapter:']);
    });

    it('takes the place of cc-slurm-adapter under its unit, with its configuration and its hook', async () => {
      const site = layStockSite(place('stock'), join(folder, 'bin', 'cc-slurm-adapter'));
      // What the launcher needs to follow links, and no Slurm.
      const tools = place('tools');
      symlinkSync('/usr/bin/readlink', join(tools, 'readlink'));
      const env = { PATH: tools };
      const job = { SLURM_JOB_ID: '12', SLURM_CLUSTER_NAME: 'alpha', SLURM_SCRIPT_CONTEXT: 'prolog_slurmctld' };
      const hook = () => {
        const { status, stdout, stderr } = spawnSync(site.hook, { encoding: 'utf8', env: { ...env, ...job } });
        return [status, stdout, stderr];
      };
      const [program, ...args] = site.execStart;
      const daemon = spawn(program, args, { cwd: site.workingDirectory, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const ended = once(daemon, 'exit');
      let log = '';
      for (const stream of [daemon.stdout, daemon.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          log += text;
        });
      }
      try {
        while (!existsSync(site.socket) && daemon.exitCode === null) await setTimeout(20);
        assert.equal(readFileSync(site.pidFile, 'utf8'), String(daemon.pid), log);
        // It would say so if it could not hand the event over.
        assert.deepEqual(hook(), [0, '', '']);
      } finally {
        daemon.kill();
      }
      assert.deepEqual(await ended, [0, null], log);
      assert.ok(!existsSync(site.pidFile) && !existsSync(site.socket));
      assert.doesNotMatch(log, /unknown|"level":"error"/);
      const [status, , said] = hook();
      assert.deepEqual([status, /could neither be sent nor spooled/.test(String(said))], [0, true]);
    });

    it('runs through links, relative and absolute', () => {
      const links = place('links');
      symlinkSync(`../tarball here/${name}/bin/sluice`, join(links, 'relative'));
      symlinkSync(join(links, 'relative'), join(links, 'absolute'));
      const env = { PATH: process.env['PATH'] };
      for (const link of ['relative', 'absolute']) {
        assert.equal(runProgram(join(links, link), ['--version'], { env, cwd: '/' }).trim(), version);
        assert.equal(runProgram('sh', [link, '--version'], { env, cwd: links }).trim(), version);
      }
    });

    it('has sane modes and names no folder of the builder', () => assertSane(folder));

    it('asks for no newer libraries than the deb says', () => {
      const node = readFileSync(join(folder, 'lib', 'sluice', 'node'), 'latin1');
      const control = readFileSync(join(root, 'deploy', 'packaging', 'control.in'), 'utf8');
      assert.match(control, new RegExp(`libc6 \\(>= ${highestSymbolVersion(node, 'GLIBC').replace('.', '\\.')}\\)`));
      // GLIBCXX_3.4.21 came with GCC 5, whose libstdc++6 the deb asks for.
      assert.equal(highestSymbolVersion(node, 'GLIBCXX'), '3.4.21');
    });
  });

  describe('the deb', { skip: without('dpkg-deb') }, () => {
    const file = join(out, `sluice_${version}_${target?.deb}.deb`);

    it('runs unpacked where there is no Node', () => {
      const folder = place('deb');
      runProgram('dpkg-deb', ['-x', file, folder]);
      assert.equal(onBareHost(join(folder, 'usr', 'bin', 'sluice'), '--version').trim(), version);
      assertSane(join(folder, 'usr'));
    });

    it('belongs to root and runs no script when it is installed', () => {
      for (const line of runProgram('dpkg-deb', ['-c', file]).trim().split('\n')) assert.match(line, /^[d-]\S+ root\/root /);
      const control = place('control');
      runProgram('dpkg-deb', ['-e', file, control]);
      assert.deepEqual(readdirSync(control).sort(), ['control', 'md5sums']);
    });

    it('installs, verifies and leaves nothing behind', { skip: !isRoot && 'needs root' }, () => {
      const host = place('dpkg');
      for (const folder of ['info', 'updates']) mkdirSync(join(host, 'var', 'lib', 'dpkg', folder), { recursive: true });
      writeFileSync(join(host, 'var', 'lib', 'dpkg', 'status'), '');
      const dpkg = (...args: string[]) => runProgram('dpkg', [`--root=${host}`, '--force-depends', ...args]);
      dpkg('--install', file);
      assert.equal(onBareHost(join(host, 'usr', 'bin', 'sluice'), '--version').trim(), version);
      assert.equal(dpkg('--verify', 'sluice'), '');
      dpkg('--purge', 'sluice');
      assert.ok(!readdirSync(host).includes('usr') || readdirSync(join(host, 'usr')).length === 0);
    });
  });

  describe('the rpm', { skip: without('rpmbuild') }, () => {
    const file = join(out, `sluice-${version}-1.${target?.rpm}.rpm`);

    it('runs unpacked where there is no Node', () => {
      const folder = place('rpm');
      copyFileSync(file, join(folder, 'sluice.rpm'));
      runProgram('rpm2archive', ['--nocompression', join(folder, 'sluice.rpm')]);
      const unpacked = join(folder, 'unpacked');
      mkdirSync(unpacked);
      runProgram('tar', ['-xf', join(folder, 'sluice.rpm.tar'), '-C', unpacked]);
      assert.equal(onBareHost(join(unpacked, 'usr', 'bin', 'sluice'), '--version').trim(), version);
      assertSane(join(unpacked, 'usr'));
    });

    it('belongs to root, runs no script and offers nothing of the Node inside', () => {
      const rpm = (...args: string[]) => runProgram('rpm', ['--dbpath', join(area.path, 'rpmdb'), '-qp', ...args, file]);
      for (const line of rpm('--qf', '[%{FILEUSERNAME}:%{FILEGROUPNAME}\\n]').trim().split('\n')) assert.equal(line, 'root:root');
      assert.equal(rpm('--scripts'), '');
      assert.match(rpm('--provides'), /^sluice = \S+\n(?:sluice\(\S+\) = \S+\n)?$/);
      assert.match(rpm('--requires'), /^libc\.so\.6\(GLIBC_2\.28\)\(64bit\)$/m);
      assert.doesNotMatch(rpm('--requires'), /nodejs|\/usr\/bin\/env/);
    });

    it('installs and verifies', { skip: !isRoot && 'needs root' }, () => {
      const host = place('rpmhost');
      const rpm = (...args: string[]) => runProgram('rpm', ['--root', host, '--dbpath', '/var/lib/rpm', '--nodeps', ...args]);
      rpm('--install', file);
      assert.equal(onBareHost(join(host, 'usr', 'bin', 'sluice'), '--version').trim(), version);
      assert.equal(rpm('--verify', 'sluice'), '');
    });
  });
});
