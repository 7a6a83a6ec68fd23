import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadAdapterConfig } from '../config/load-adapter-config.ts';
import { hookScript } from '../hook/hook-script.ts';
import type { SystemUser } from './access.ts';
import { type CheckFinding, saying } from './finding.ts';
import { checkHook } from './hook.ts';

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
/** Whoever runs the tests owns the spool; neither of these two is root. */
const slurm: SystemUser = { name: 'slurm', uid: 64_030, gids: [64_030] };
const daemon: SystemUser = { name: 'sluice', uid: 64_031, gids: [64_031, owner.gid] };

async function bed(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-check-'));
  chmodSync(dir, 0o755);
  t.after(() => rmSync(dir, { recursive: true }));
  const spool = join(dir, 'spool');
  const script = join(dir, 'hook.sh');
  const units = join(dir, 'units');
  mkdirSync(units);
  const text = JSON.stringify({ ccRestUrl: 'http://cc', ccRestJwt: 'x', spoolPath: spool });
  const { config } = await loadAdapterConfig({ file: 'config.json', text });
  async function findings(conf: Record<string, string>, users: { user?: SystemUser; writer?: SystemUser } = {}): Promise<CheckFinding[]> {
    const found: CheckFinding[] = [];
    const { user = daemon, writer = slurm } = users;
    const options = { config, conf: { SlurmUser: 'slurm(64030)', ...conf }, user, unitDirectories: [units] };
    await checkHook(
      { ...options, userOf: async () => writer },
      saying('hook', (finding) => found.push(finding)),
    );
    return found;
  }
  return { dir, spool, script, units, findings };
}

const short = (findings: readonly CheckFinding[]) => findings.map(({ verdict, what }) => `${verdict} ${what}`);
const both = (command: string) => ({ PrologSlurmctld: command, EpilogSlurmctld: command });

test('without a hook it is said what that costs', async (t) => {
  const { findings } = await bed(t);
  const found = await findings({ PrologSlurmctld: '(null)', EpilogSlurmctld: '(null)' });
  assert.deepEqual(short(found), ['warning hook']);
  assert.match(found[0]?.mend ?? '', /sluice cc hook --install/);
});

test('our script, by itself or called by another, numbered or not', async (t) => {
  const { findings, script, spool, dir } = await bed(t);
  writeFileSync(script, hookScript({ spool }));
  mkdirSync(spool);
  chmodSync(spool, 0o2770);
  writeFileSync(join(spool, 'bell'), '');
  const users = { writer: { ...slurm, gids: [owner.gid] } };
  const direct = await findings({ 'PrologSlurmctld[0]': script, 'EpilogSlurmctld[0]': script }, users);
  assert.deepEqual(short(direct), ['ok PrologSlurmctld', 'ok EpilogSlurmctld', 'ok spool', 'warning path unit']);
  const calling = join(dir, 'site.sh');
  writeFileSync(calling, `#!/bin/sh\necho hello\nexec ${script}\n`);
  assert.deepEqual(short(await findings(both(calling), users)).slice(0, 2), ['ok PrologSlurmctld', 'ok EpilogSlurmctld']);
});

test('a script that writes elsewhere, is gone, or of which nothing is known', async (t) => {
  const { findings, script, dir } = await bed(t);
  const gone = await findings(both(script));
  assert.deepEqual(short(gone), ['error PrologSlurmctld', 'error EpilogSlurmctld', 'error spool', 'warning path unit']);
  writeFileSync(script, hookScript({ spool: '/elsewhere' }));
  const [elsewhere] = await findings(both(script));
  assert.match(`${elsewhere?.verdict} ${elsewhere?.says}`, /^error .*writes to \/elsewhere, and the daemon reads /);
  const other = join(dir, 'other.sh');
  writeFileSync(other, '#!/bin/sh\nlogger hello\n');
  assert.deepEqual(short(await findings(both(other))), ['warning PrologSlurmctld', 'warning EpilogSlurmctld']);
  writeFileSync(other, '#!/bin/sh\n/opt/cc-slurm-adapter/cc-slurm-adapter\n');
  assert.deepEqual(short(await findings(both(other))), ['ok PrologSlurmctld', 'ok EpilogSlurmctld'], 'the stock hook tells the socket');
});

test('the spool: SlurmUser must write, the daemon must take away, also from the directories that SlurmUser makes', async (t) => {
  const { findings, script, spool } = await bed(t);
  writeFileSync(script, hookScript({ spool }));
  mkdirSync(spool);
  writeFileSync(join(spool, 'bell'), '');
  chownSync(spool, owner.uid, owner.gid);
  const of = async (mode: number, writer: SystemUser, user = daemon) => {
    chmodSync(spool, mode);
    return (await findings(both(script), { user, writer })).find(({ what }) => what === 'spool');
  };
  const inGroup = { ...slurm, gids: [owner.gid] };
  assert.match((await of(0o2770, slurm))?.says ?? '', /slurm \(SlurmUser\), whom the hook runs as, may not write/);
  assert.match((await of(0o2750, inGroup))?.says ?? '', /sluice may not take events out/);
  assert.match((await of(0o770, inGroup))?.says ?? '', /directories that slurm makes in .* are closed to sluice/);
  assert.equal((await of(0o2770, inGroup))?.verdict, 'ok');
  assert.equal((await of(0o770, inGroup, inGroup))?.verdict, 'ok', 'the daemon runs as SlurmUser');
});

test('a path unit that watches the spool, enabled or not', async (t) => {
  const { findings, script, spool, units } = await bed(t);
  writeFileSync(script, hookScript({ spool }));
  mkdirSync(spool);
  const unit = async () => (await findings(both(script))).find(({ what }) => what === 'path unit');
  writeFileSync(join(units, 'other.path'), '[Path]\nPathChanged=/etc\n');
  assert.match((await unit())?.says ?? '', /none watches/);
  writeFileSync(join(units, 'collect.path'), `[Path]\nPathChanged=${spool}/bell\n[Install]\nWantedBy=paths.target\n`);
  assert.match((await unit())?.mend ?? '', /systemctl enable --now collect\.path/);
  mkdirSync(join(units, 'multi-user.target.wants'));
  writeFileSync(join(units, 'multi-user.target.wants', 'collect.path'), '');
  assert.equal((await unit())?.verdict, 'ok');
});

test('the path unit of the packages is started by the service, which must be enabled', async (t) => {
  const { findings, script, spool, units } = await bed(t);
  writeFileSync(script, hookScript({ spool }));
  mkdirSync(spool);
  const unit = async () => (await findings(both(script))).find(({ what }) => what === 'path unit');
  writeFileSync(join(units, 'sluice-cc-collect.path'), `[Path]\nPathChanged=${spool}/bell\n`);
  assert.match((await unit())?.mend ?? '', /systemctl enable --now sluice-cc\.service/);
  mkdirSync(join(units, 'multi-user.target.wants'));
  writeFileSync(join(units, 'multi-user.target.wants', 'sluice-cc.service'), '');
  assert.equal((await unit())?.verdict, 'ok');
});

test('a hook that has never told anything is said, with what old releases of Slurm need', async (t) => {
  const { findings, script, spool } = await bed(t);
  writeFileSync(script, hookScript({ spool }));
  mkdirSync(spool);
  chmodSync(spool, 0o2770);
  const writer = { ...slurm, gids: [owner.gid] };
  const spoolOf = async () => (await findings(both(script), { writer })).find(({ what }) => what === 'spool');
  assert.match((await spoolOf())?.mend ?? '', /restart slurmctld/);
  writeFileSync(join(spool, 'bell'), '');
  assert.equal((await spoolOf())?.verdict, 'ok');
});
