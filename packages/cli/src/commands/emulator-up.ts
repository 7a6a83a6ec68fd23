import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allCommands,
  claimDirectory,
  controlAddress,
  emulatorPaths,
  type LoadedCluster,
  labSpec,
  loadCluster,
  openEmulator,
  type RunningEmulator,
  type StartEmulatorOptions,
  serveControl,
  shellQuoted,
  startEmulator,
} from '@sluice/emulator';
import { type ErrorCode, errorTable, SluiceError } from '@sluice/io';
import { createLog, instanceHolder, type PartContext, runProgram, systemdNotifier } from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import type { UpOptions } from './emulator-command.ts';
import { askRunning, executableWords } from './emulator-holder.ts';
import { statusTable } from './emulator-status.ts';
import { rateOf } from './emulator-time.ts';

/** `sluice emulator up`: holds the cluster itself, or starts a process that does and waits until it answers. */
export async function emulatorUp(options: UpOptions, around: Surroundings): Promise<number> {
  const loaded = await clusterOf(options);
  return options.foreground === true ? hold(options, loaded, around) : startHolder(options, loaded?.warnings ?? [], around);
}

/** The cluster that the options describe; undefined when they do not: then it is the one that the directory had. */
async function clusterOf({ config, slurmConf, release, play, strict = false }: UpOptions): Promise<LoadedCluster | undefined> {
  if (play !== undefined && play !== 'simulated' && play !== 'script') {
    throw new SluiceError('usage', `--play ${play}: it must be simulated or script`);
  }
  if (release !== undefined && !(/^\d\d\.\d\d(\.\d+)?$/.test(release) && Number.parseFloat(release) >= 22.05)) {
    throw new SluiceError('usage', `--release ${release}: it must be a release of Slurm from 22.05 on, such as 24.11`);
  }
  const isDescribed = [config, slurmConf, release, play].some((option) => option !== undefined);
  return isDescribed ? loadCluster({ file: config, slurmConf, release, play, strict }) : undefined;
}

async function hold(options: UpOptions, loaded: LoadedCluster | undefined, around: Surroundings): Promise<number> {
  const log = createLog({ name: 'emulator', level: 'info', journaldPriority: 'JOURNAL_STREAM' in around.env });
  for (const warning of loaded?.warnings ?? []) log.warn(warning);
  const rate = options.rate === undefined ? loaded?.rate : rateOf(options.rate);
  let emulator: RunningEmulator | undefined;
  const cluster = {
    name: 'cluster',
    async start({ fail }: PartContext) {
      emulator = await startEmulator({
        directory: options.dir,
        ...(loaded === undefined ? {} : { spec: loaded.spec }),
        newSpec: labSpec(),
        open: (opened, file) =>
          openEmulator({
            spec: opened,
            file,
            clock: around.clock,
            processes: around.processes,
            log: (line) => log.info(line),
            failed: fail,
          }),
        commands: allCommands,
        ...controlOf(options, around, (error) => log.error({ err: error }, 'the control API failed')),
        ...(options.shared === true ? { shared: true } : {}),
        ...(rate === undefined ? {} : { rate }),
        ...restOf(options),
        clock: around.clock,
        processes: around.processes,
        random: Math.random,
        env: around.env,
        pid: process.pid,
        uid: process.getuid?.() ?? 0,
        client: executableWords(),
        onFault: (error, command) => log.error({ err: error }, `${command} failed`),
      });
      const { paths, slurm } = emulator;
      log.info(`cluster ${slurm.spec.name}, Slurm ${slurm.spec.release}, in ${paths.root}`);
    },
    stop: () => emulator?.stop(),
  };
  around.leaveSignals();
  return runProgram({
    name: 'emulator',
    parts: [cluster],
    log,
    clock: around.clock,
    host: process,
    notifier: systemdNotifier({ env: around.env, processes: around.processes, log, pid: process.pid }),
  });
}

function controlOf(
  options: UpOptions,
  around: Surroundings,
  onFault: (error: unknown) => void,
): Pick<StartEmulatorOptions, 'serveControl'> {
  const door = controlDoor(options, around);
  if (door === undefined) return {};
  return {
    serveControl: (slurm, { root }, jwtKey) => serveControl(slurm, { ...door, jwtKey, file: join(root, 'control.json'), onFault }),
  };
}

/** Where the control API is to listen, and the token it asks for; an address that it must not have is refused before anything starts. */
function controlDoor(
  { control: listen }: UpOptions,
  { env }: Surroundings,
): { readonly listen: string; readonly token?: string } | undefined {
  if (listen === undefined) return undefined;
  const token = env['SLUICE_EMULATOR_CONTROL_TOKEN'];
  const door = { listen, ...(token === undefined || token === '' ? {} : { token }) };
  controlAddress(door);
  return door;
}

function restOf({ rest }: UpOptions): { readonly rest?: { readonly host: string; readonly port: number } | null } {
  if (rest === undefined || rest === true) return {};
  if (rest === false) return { rest: null };
  const [, host = '', port = ''] = /^(?:\[?([^\]]+?)\]?):(\d{1,5})$/.exec(rest) ?? [];
  if (host === '' || Number(port) > 65_535) throw new SluiceError('usage', `--rest ${rest}: it must be HOST:PORT`);
  return { rest: { host, port: Number(port) } };
}

/** How long a cluster may take until it answers, in milliseconds: a large one reads its state first. */
const startMs = 60_000;
const lookMs = 25;

async function startHolder(options: UpOptions, warnings: readonly string[], around: Surroundings): Promise<number> {
  for (const warning of warnings) around.stderr.write(`sluice: warning: ${warning}\n`);
  restOf(options);
  controlDoor(options, around);
  if (options.rate !== undefined) rateOf(options.rate);
  const paths = emulatorPaths(options.dir);
  claimDirectory(paths);
  const holder = instanceHolder(paths.lock);
  if (typeof holder === 'number') {
    throw new SluiceError('instance.running', `process ${holder} holds the cluster of ${paths.root} already`, {
      hint: `Stop it with: sluice emulator down --dir ${options.dir}`,
    });
  }
  // Only what this start says is told when it fails.
  closeSync(openSync(paths.log, 'w'));
  const pid = await startDetached(
    [process.execPath, ...process.execArgv, process.argv[1] ?? '', ...foreground(options)],
    paths.log,
    around,
  );
  for (const end = around.clock.monotonic() + startMs; around.clock.monotonic() < end; ) {
    const status = await askRunning(options.dir, { ask: 'status' }).catch(() => undefined);
    if (status !== undefined) {
      around.stdout.write(`${statusTable(status)}\nTo use it: eval "$(sluice emulator env --dir ${wordOf(options.dir)})"\n`);
      return 0;
    }
    if (!lives(pid)) break;
    await around.clock.sleep(lookMs, around.interrupted);
  }
  const { code = 'process.failed', message = 'it does not answer' } = lastErrorOf(paths.log);
  throw new SluiceError(code, `the emulated cluster did not start: ${message}`, { hint: `See ${paths.log}.` });
}

/** What the last line of a log says that tells of an error, or the last line. */
function lastErrorOf(log: string): { readonly code?: ErrorCode; readonly message?: string } {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  for (const line of lines.toReversed()) {
    try {
      const { err, level, msg = '' } = JSON.parse(line) as { err?: { code?: string; message?: string }; level?: string; msg?: string };
      if (level !== 'error' && level !== 'fatal') continue;
      return { message: err?.message ?? msg, ...(isErrorCode(err?.code) ? { code: err.code } : {}) };
    } catch {
      return { message: line };
    }
  }
  return {};
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorTable, code);
}

/** A shell starts it and ends: who holds the cluster is nobody's child, and survives us. */
async function startDetached(command: readonly string[], log: string, around: Surroundings): Promise<number> {
  const program = {
    name: 'sh',
    dir: '/bin',
    timeoutMs: 10_000,
    inherit: Object.keys(around.env),
    maxOutputBytes: 4096,
  };
  const script = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!';
  const { stdout, stderr, code } = await around.processes.run({ program, args: ['-c', script, 'sh', log, ...command] });
  const pid = Number(stdout.toString('utf8').trim());
  if (code !== 0 || !Number.isInteger(pid) || pid <= 1)
    throw new SluiceError('process.start', `the emulator could not be started: ${stderr.trim()}`);
  return pid;
}

function foreground(options: UpOptions): readonly string[] {
  const words = ['emulator', 'up', '--foreground', '--dir', options.dir];
  for (const [name, value] of [
    ['--config', options.config],
    ['--slurm-conf', options.slurmConf],
    ['--release', options.release],
    ['--play', options.play],
    ['--rate', options.rate],
    ['--rest', typeof options.rest === 'string' ? options.rest : undefined],
    ['--control', options.control],
  ] as const) {
    if (value !== undefined) words.push(name, value);
  }
  if (options.strict === true) words.push('--strict');
  if (options.shared === true) words.push('--shared');
  if (options.rest === false) words.push('--no-rest');
  return words;
}

/** As a shell reads it. */
function wordOf(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : shellQuoted(text);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
