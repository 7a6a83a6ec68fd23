import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hasProgram } from '../../scripts/package/program.ts';
import { emptyFolder, root } from './stage.ts';

const folder = join(root, 'deploy', 'systemd');
const units = readdirSync(folder).filter((name) => /\.(?:service|path|timer)$/.test(name));
const host = emptyFolder();
after(() => host[Symbol.dispose]());

/** The assignments of a unit, in order; a key that repeats has several. */
function assignments(unit: string): readonly (readonly [string, string])[] {
  const lines = readFileSync(join(folder, unit), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return key === '' ? [] : [[key, value] as const];
  });
}

const settingOf = (unit: string, key: string) => assignments(unit).find(([name]) => name === key)?.[1];

function put(file: string, text: string, mode = 0o644): void {
  const path = join(host.path, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}

/** A host with nothing but what the units name. */
function layHost(): void {
  for (const name of ['usr/bin/sluice', 'bin/systemctl', 'bin/kill']) put(name, '#!/bin/sh\n', 0o755);
  for (const name of ['sysinit', 'basic', 'shutdown', 'paths', 'timers', 'time-set', 'time-sync', 'network-online']) {
    put(`etc/systemd/system/${name}.target`, '[Unit]\nDefaultDependencies=no\n');
  }
  put('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nslurm:x:64030:64030::/:/bin/sh\n');
  put('etc/group', 'root:x:0:\nslurm:x:64030:\n');
  for (const unit of units) cpSync(join(folder, unit), join(host.path, 'etc', 'systemd', 'system', unit));
}

const run = (program: string, args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(program, [...args], { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
};

const without = (program: string) => !hasProgram(program) && `${program} is not installed`;

describe('the systemd units', () => {
  before(layHost);

  for (const unit of units) {
    it(`${unit} is understood by systemd, every line of it`, { skip: without('systemd-analyze') }, () => {
      assert.deepEqual(run('systemd-analyze', ['verify', '--man=no', `--root=${host.path}`, unit]), { status: 0, output: '' });
    });
  }

  it('would be refused with a key that there is not', { skip: without('systemd-analyze') }, () => {
    put('etc/systemd/system/wrong.service', '[Service]\nExecStart=/usr/bin/sluice\nNotifyAcces=all\n');
    const { output } = run('systemd-analyze', ['verify', '--man=no', `--root=${host.path}`, 'wrong.service']);
    assert.match(output, /Unknown key name 'NotifyAcces'|Unknown key 'NotifyAcces'/);
  });

  it('leaves the daemon time to drain, feeds its watchdog and does not repeat what a restart cannot mend', () => {
    const unit = 'sluice-cc.service';
    assert.equal(settingOf(unit, 'Type'), 'notify');
    assert.equal(settingOf(unit, 'NotifyAccess'), 'all');
    assert.ok(Number(settingOf(unit, 'TimeoutStopSec')) > 30);
    assert.ok(Number(settingOf(unit, 'WatchdogSec')) >= 60);
    assert.equal(settingOf(unit, 'RestartPreventExitStatus'), '64 78');
  });

  it('has one sandbox for all services, in which V8 can work', () => {
    const sandbox = (unit: string) => {
      const all = assignments(unit);
      return all.slice(all.findIndex(([key]) => key === 'MemoryDenyWriteExecute')).filter(([key]) => key !== 'WantedBy');
    };
    const services = units.filter((unit) => unit.endsWith('.service'));
    const daemon = sandbox('sluice-cc.service');
    assert.deepEqual(daemon[0], ['MemoryDenyWriteExecute', 'no']);
    for (const unit of services) assert.deepEqual(sandbox(unit), daemon, unit);
  });

  it('lets the path unit start nothing that ends the daemon, and the daemon end both', () => {
    for (const unit of units) assert.doesNotMatch(settingOf(unit, 'Conflicts') ?? '', /sluice-/, unit);
    const both = 'sluice-cc-collect.path sluice-cc-collect.service';
    assert.equal(settingOf('sluice-cc.service', 'ExecStartPre'), `+-/bin/systemctl stop ${both}`);
    assert.equal(settingOf('sluice-cc.service', 'ExecStopPost'), `+-/bin/systemctl --no-block start ${both}`);
    // Whatever looks at the state of the spool instead of at a change would start the collector again and again.
    const watched = assignments('sluice-cc-collect.path').filter(([key]) => key.startsWith('Path') || key.startsWith('Directory'));
    assert.deepEqual(watched, [['PathChanged', '/var/spool/sluice/clustercockpit/bell']]);
  });

  const tools = without('systemd-sysusers') || without('systemd-tmpfiles') || (process.getuid?.() !== 0 && 'needs root');
  it('makes the user, the spool and the folder for requests', { skip: tools }, () => {
    const made = run('systemd-sysusers', [`--root=${host.path}`, join(folder, 'sluice.sysusers')]);
    assert.equal(made.status, 0, made.output);
    const [, uid, gid] = /^sluice:x:(\d+):(\d+):/m.exec(readFileSync(join(host.path, 'etc', 'passwd'), 'utf8')) ?? [];
    const created = run('systemd-tmpfiles', [`--root=${host.path}`, '--create', join(folder, 'sluice.tmpfiles')]);
    assert.equal(created.status, 0, created.output);
    const seen = (path: string) => {
      const status = statSync(join(host.path, path));
      return [(status.mode & 0o7777).toString(8), status.uid, status.gid];
    };
    assert.deepEqual(seen('var/spool/sluice/clustercockpit'), ['2770', 64030, Number(gid)]);
    assert.deepEqual(seen('var/lib/cc-slurm-adapter/requests'), ['2770', Number(uid), Number(gid)]);
  });
});
