import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allCommands, labSpec, openEmulator, type RunningEmulator, shellQuoted, startEmulator } from '@sluice/emulator';
import { systemClock, systemProcesses } from '@sluice/io';
import type { Daemon, Lab, LabOptions, LabUser } from './lab.ts';
import { labCommands } from './lab-commands.ts';

const uids: Readonly<Record<LabUser, number>> = { root: 0, alice: 1001, bob: 1002 };
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The same cluster, emulated within this process and asked through its executables: batch scripts run as processes of this machine, and what is done to a daemon
 * is a fault. Users are those of the emulated cluster, whoever runs the tests.
 */
export async function startEmulatedLab(options: LabOptions): Promise<Lab> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-lab-emulator-'));
  const workDir = join(dir, 'work');
  mkdirSync(workDir);
  chmodSync(workDir, 0o1777);
  const spec = labSpec();
  const emulator = await startEmulator({
    directory: join(dir, 'slurm'),
    newSpec: { ...spec, settings: { ...spec.settings, ...settingsOf(options, dir) } },
    open: (opened, file) => openEmulator({ spec: opened, file, processes: systemProcesses({ PATH: systemPath }) }),
    commands: allCommands,
    clock: systemClock(),
    processes: systemProcesses({ PATH: systemPath }),
    random: Math.random,
    env: { PATH: systemPath },
    pid: process.pid,
    client: [],
    onFault: (error, command) => options.progress?.(`${command} failed: ${error instanceof Error ? error.stack : error}`),
  });
  const binPath = (user: LabUser = 'root'): string => join(dir, 'cmd', user);
  for (const user of Object.keys(uids) as LabUser[]) writeCommands(binPath(user), user, emulator);
  const { slurm, paths } = emulator;
  const env = { SLURM_CONF: paths.slurmConf, PATH: `${binPath()}:${systemPath}` };
  let stopped: Promise<void> | undefined;
  const down = (): Promise<void> => {
    stopped ??= emulator.stop().then(() => rmSync(dir, { recursive: true, force: true }));
    return stopped;
  };
  return {
    suite: 'emulator',
    release: slurm.spec.release,
    dir,
    conf: paths.slurmConf,
    workDir,
    port: slurm.spec.controllerPort,
    env,
    binPath,
    uid: async (user) => uids[user],
    ...labCommands({ binPath, env, workDir }),
    daemons: { slurmctld: daemon(emulator, 'slurmctld'), slurmdbd: daemon(emulator, 'slurmdbd') },
    emulated: slurm,
    down,
  };
}

function settingsOf({ minJobAge, messageTimeout, hooks = {}, extraConf = '' }: LabOptions, dir: string): Record<string, string> {
  const settings: Record<string, string> = {
    EmulatedPlay: 'script',
    MinJobAge: String(minJobAge ?? 300),
    MessageTimeout: String(messageTimeout ?? 30),
  };
  if (hooks.prologSlurmctld !== undefined) settings['PrologSlurmctld'] = hooks.prologSlurmctld;
  if (hooks.epilogSlurmctld !== undefined) settings['EpilogSlurmctld'] = hooks.epilogSlurmctld;
  for (const line of extraConf.replaceAll('{dir}', dir).split('\n')) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) settings[key] = value ?? '';
  }
  return settings;
}

/** The executables as one of the cluster's users, and `run` for any other program, which the machine runs as whoever runs the tests. */
function writeCommands(directory: string, user: LabUser, { paths }: RunningEmulator): void {
  mkdirSync(directory, { recursive: true });
  for (const command of Object.keys(allCommands)) {
    writeFileSync(
      join(directory, command),
      `#!/bin/sh\nexport SLUICE_EMULATOR_USER=${user} HOME=${user === 'root' ? '/root' : `/home/${user}`} USER=${user} LOGNAME=${user}\nexec ${shellQuoted(join(paths.bin, command))} "$@"\n`,
      { mode: 0o755 },
    );
  }
  writeFileSync(join(directory, 'run'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
}

function daemon({ slurm }: RunningEmulator, name: 'slurmctld' | 'slurmdbd'): Daemon {
  const become = (state: 'up' | 'down' | 'silent') => async (): Promise<void> => slurm.setFaults({ [name]: state });
  return { freeze: become('silent'), thaw: become('up'), stop: become('down'), kill: become('down'), start: become('up') };
}
