import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { scriptMark } from '../hook/hook-script.ts';
import { barrier, lookAt, may, modeText, type SystemUser } from './access.ts';
import type { Saying } from './finding.ts';
import { type SlurmConf, slurmUserOf, valuesOf } from './slurm-conf.ts';

export interface HookCheckOptions {
  readonly config: AdapterConfig;
  readonly conf: SlurmConf;
  /** The user that the daemon runs as. */
  readonly user: SystemUser;
  /** Finds a user of the system by name. */
  readonly userOf: (name: string) => Promise<SystemUser | undefined>;
  /** Where systemd's units lie; those of the system unless given. */
  readonly unitDirectories?: readonly string[];
}

const systemUnits = ['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system'];

/** Whether slurmctld tells of starts and ends, and whether what it tells arrives. */
export async function checkHook(options: HookCheckOptions, say: Saying): Promise<void> {
  const { config, conf } = options;
  const kinds = (['PrologSlurmctld', 'EpilogSlurmctld'] as const).map((setting) => ({
    setting,
    script: scriptOf(conf, setting, config, say),
  }));
  const none = kinds.every(({ script }) => script === 'none');
  if (none) {
    const seconds = config.slurmPollInterval;
    say.warn('hook', `not installed: starts and ends show at the next look, up to ${seconds} s later`, 'sluice cc hook --install');
  }
  const spooling = kinds.some(({ script }) => script === 'spool');
  await checkSpool(options, spooling, say);
  if (spooling) checkPathUnit(options, say);
}

type Script = 'none' | 'spool' | 'socket' | 'unknown';

function scriptOf(conf: SlurmConf, setting: 'PrologSlurmctld' | 'EpilogSlurmctld', config: AdapterConfig, say: Saying): Script {
  const commands = valuesOf(conf, setting);
  if (commands.length === 0) return 'none';
  const found = commands.map((command) => judge(command, config));
  const ours = found.find(({ kind }) => kind !== 'unknown');
  const words = commands.join(', ');
  if (!ours) {
    say.warn(
      setting,
      `${words}: whether it tells Sluice cannot be seen from here`,
      'call the script of sluice cc hook --install from it, as its last line',
    );
    return 'unknown';
  }
  if (ours.problem !== undefined) say.error(setting, `${words}: ${ours.problem}`, ours.mend);
  else say.ok(setting, words);
  return ours.kind;
}

interface Judged {
  readonly kind: 'spool' | 'socket' | 'unknown';
  readonly problem?: string;
  readonly mend?: string;
}

/** What a script does, as far as its text tells: ours, one that calls ours or the stock hook, or another. */
function judge(command: string, config: AdapterConfig): Judged {
  const path = command.split(/\s/)[0] ?? '';
  const text = textOf(path);
  if (text === null) {
    const gone = lookAt(path) === undefined;
    if (!gone) return { kind: 'unknown' };
    return { kind: 'spool', problem: `${path} does not exist on this host`, mend: `sluice cc hook --install ${path}` };
  }
  if (text.split('\n', 2).includes(scriptMark)) return judgeOurs(path, text, config);
  const called = [...text.matchAll(/\/[\w./-]+/g)].map(([word]) => word).find((word) => isOurs(word));
  if (called !== undefined) return judgeOurs(called, textOf(called) ?? '', config);
  if (/\b(?:cc-slurm-adapter|sluice)\b/.test(`${basename(path)}\n${text}`)) return { kind: 'socket' };
  return { kind: 'unknown' };
}

function isOurs(path: string): boolean {
  return textOf(path)?.split('\n', 2).includes(scriptMark) ?? false;
}

function judgeOurs(path: string, text: string, { spoolPath }: AdapterConfig): Judged {
  const spool = /^spool='(.*)'$/m.exec(text)?.[1]?.replaceAll("'\\''", "'");
  if (spool === spoolPath) return { kind: 'spool' };
  return {
    kind: 'spool',
    problem: `${path} writes to ${spool}, and the daemon reads ${spoolPath}`,
    mend: `sluice cc hook --install ${path}`,
  };
}

async function checkSpool({ config, conf, user, userOf }: HookCheckOptions, used: boolean, say: Saying): Promise<void> {
  const path = config.spoolPath;
  const found = lookAt(path);
  const slurmUser = slurmUserOf(conf)?.name ?? 'slurm';
  // Events lie in day directories that SlurmUser makes: with the set-group-ID bit they belong to the group that both are in.
  const make =
    user.name === slurmUser
      ? `install -d -o ${user.name} -m 0700 ${path}`
      : `install -d -o ${slurmUser} -g $(id -gn ${user.name}) -m 2770 ${path}`;
  if (!found) {
    if (used) say.error('spool', `${path} does not exist, and the hook makes none: its events are lost`, make, cannotCreate);
    return;
  }
  const wall = barrier(user, path);
  if (wall) say.error('spool', `${user.name} may not enter ${wall.directory}`, `chmod a+x ${wall.directory}`, cannotCreate);
  if (!may(user, found, 'read', 'write', 'enter')) {
    say.error('spool', `${user.name} may not take events out of ${path} (${modeText(found)})`, make, cannotCreate);
    return;
  }
  const writer = await userOf(slurmUser);
  if (!writer) {
    say.warn('spool', `${path}: who ${slurmUser} (SlurmUser) is, is not known here`);
    return;
  }
  const closed = barrier(writer, path);
  if (closed || !may(writer, found, 'write', 'enter')) {
    const where = closed ? closed.directory : path;
    say.error(
      'spool',
      `${slurmUser} (SlurmUser), whom the hook runs as, may not write in ${path} (${where}: ${modeText(lookAt(where) ?? found)})`,
      make,
      cannotCreate,
    );
    return;
  }
  const shared = user.uid === 0 || user.uid === writer.uid || ((found.mode & 0o2000) !== 0 && user.gids.includes(found.gid));
  if (!shared) {
    say.error(
      'spool',
      `directories that ${slurmUser} makes in ${path} are closed to ${user.name} (${modeText(found)})`,
      make,
      cannotCreate,
    );
    return;
  }
  if (used && !lookAt(join(path, 'bell'))) {
    const says = `${path} (${modeText(found)}): no event has ever come. That is well as long as no job has started with the hook`;
    say.warn('spool', says, 'Slurm before 23.11 runs a new PrologSlurmctld only after systemctl restart slurmctld');
    return;
  }
  say.ok('spool', `${path} (${modeText(found)})`);
}

/** Whether systemd starts the collector for events that come while the daemon is away. */
function checkPathUnit({ config, unitDirectories = systemUnits }: HookCheckOptions, say: Saying): void {
  const what = 'path unit';
  const unit = unitDirectories.flatMap((directory) => pathUnits(directory)).find(({ text }) => text.includes(config.spoolPath));
  if (!unit) {
    say.warn(
      what,
      `none watches ${config.spoolPath}: jobs that begin and end while the daemon is away are known from accounting alone, without cores and GPUs`,
      'install the units that come with Sluice: while sluice-cc.service is down, its path unit runs sluice cc collect',
    );
    return;
  }
  const isEnabled = (name: string) =>
    unitDirectories.some((directory) =>
      ['paths.target.wants', 'multi-user.target.wants'].some((wants) => lookAt(join(directory, wants, name))),
    );
  // Ours is not enabled by itself: the stop of the daemon's service starts it.
  const ours = !/^\[Install\]/m.test(unit.text);
  if (isEnabled(ours ? service : unit.name)) say.ok(what, unit.name);
  else if (ours) say.warn(what, `${unit.name} is started by ${service}, which is not enabled`, `systemctl enable --now ${service}`);
  else say.warn(what, `${unit.name} is not enabled`, `systemctl enable --now ${unit.name}`);
}

function pathUnits(directory: string): readonly { readonly name: string; readonly text: string }[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith('.path'));
  } catch {
    return [];
  }
  return names.map((name) => ({ name, text: textOf(join(directory, name)) ?? '' }));
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The daemon's, which starts the path unit when it stops. */
const service = 'sluice-cc.service';
const cannotCreate = 73;
