import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EmulatedSlurm } from '@sluice/emulator';
import { type Finished, type Program, systemProcesses } from '@sluice/io';
import { startEmulatedLab } from './emulated-lab.ts';
import { labCommands, lastLines, said } from './lab-commands.ts';

/** Debian releases whose own Slurm packages a lab can run: 22.05, 24.11 and, in sid, the newest. */
type DebianSuite = 'bookworm' | 'trixie' | 'sid';
/** Where a lab's Slurm comes from: a release of Debian, or an emulated cluster within this process. */
export type Suite = DebianSuite | 'emulator';
export const suites: readonly Suite[] = ['bookworm', 'trixie', 'sid', 'emulator'];

export type LabUser = 'root' | 'alice' | 'bob';

export interface LabOptions {
  readonly suite: Suite;
  /** Seconds until slurmctld forgets an ended job; 300 by default. */
  readonly minJobAge?: number;
  /** Seconds that Slurm's commands wait for a daemon that does not answer; 30 by default. */
  readonly messageTimeout?: number;
  /** Executables that slurm.conf names; for trixie and sid they must lie below the lab's directory. */
  readonly hooks?: {
    readonly prologSlurmctld?: string;
    readonly epilogSlurmctld?: string;
    readonly prolog?: string;
    readonly epilog?: string;
  };
  /** Lines appended to slurm.conf; `{dir}` in them is the lab's directory. */
  readonly extraConf?: string;
  /** Whether slurmrestd is started; it is not by default. */
  readonly rest?: boolean;
  /** First of the 20 ports to try; when one of them is taken the next 20 are tried. */
  readonly port?: number;
  /** Gets one line per step that takes long. */
  readonly progress?: (line: string) => void;
}

export interface RunOptions {
  /** root by default. */
  readonly user?: LabUser;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Milliseconds; 60,000 by default. */
  readonly timeoutMs?: number;
}

/** A running cluster `labcluster` of nodes node[01-04] and gpu[01-02]; see README.md. */
export interface Lab {
  readonly suite: Suite;
  /** As `slurmctld -V` says, e.g. `22.05.8`. */
  readonly release: string;
  readonly dir: string;
  /** Path of slurm.conf, the same within and without the tree. */
  readonly conf: string;
  /** A directory that every user may write to; the same within and without the tree. */
  readonly workDir: string;
  readonly port: number;
  /** What a program needs to find the lab by itself: SLURM_CONF, and PATH with root's commands first. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory of Slurm's commands, run as that user whoever of root's processes calls them. */
  binPath(user?: LabUser): string;
  /** Uid of a user where the lab's Slurm is installed. */
  uid(user: LabUser): Promise<number>;
  /** Runs one of Slurm's commands; its exit code is an answer. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** What a command says, without the last newline; an exit code other than 0 is an error. */
  ask(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** Submits a script with sbatch's own options, by Slurm alone, and returns the job id. */
  submit(user: LabUser, args: readonly string[], script: string | Uint8Array): Promise<number>;
  readonly daemons: Readonly<Record<'slurmctld' | 'slurmdbd', Daemon>>;
  /** What stands behind an emulated lab; null of a real one. */
  readonly emulated: EmulatedSlurm | null;
  /** Stops and removes everything. Also happens when the process ends in any other way. */
  down(): Promise<void>;
}

export interface Daemon {
  /** Stops it in its tracks: its port is open and nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it in order (SIGTERM), so that it saves what it knows, and waits for its end. */
  stop(): Promise<void>;
  /** Ends it at once (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again and waits until it answers. */
  start(): Promise<void>;
}

/** A lab cannot be had on this machine; not a failure of what would have been tested. */
export class LabUnavailable extends Error {}

const script = fileURLToPath(new URL('slurm-lab.sh', import.meta.url));
const setupDir = fileURLToPath(new URL('setup/', import.meta.url));
const firstPorts: Readonly<Record<DebianSuite, number>> = { bookworm: 17400, trixie: 17500, sid: 17600 };
const usedPorts = [0, 1, 2, 3, 11, 12, 13, 14, 15, 16];
const minutes = 60_000;
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const processes = systemProcesses({ PATH: systemPath });

/** Brings a cluster up; throws {@link LabUnavailable} with the reason when this machine cannot have one. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { suite } = options;
  return suite === 'emulator' ? startEmulatedLab(options) : startRealLab(suite, options);
}

async function startRealLab(suite: DebianSuite, options: LabOptions): Promise<Lab> {
  const progress = options.progress ?? (() => {});
  if (process.getuid?.() !== 0) throw new LabUnavailable('only root can start slurmd for several users');
  await setup('install.sh', [], progress);
  const hostSuite = readFileSync('/etc/os-release', 'utf8').match(/^VERSION_CODENAME=(\w+)$/m)?.[1];
  const tree = suite === hostSuite ? '' : await setup('tree.sh', [suite], progress);
  const { dir, port } = await claim(suite, options.port ?? firstPorts[suite]);
  const settings: Record<string, string> = {
    PATH: systemPath,
    LANG: 'C.UTF-8',
    SLURM_LAB_DIR: dir,
    SLURM_LAB_PORT: String(port),
    SLURM_LAB_TREE: tree,
    SLURM_LAB_OWNER: String(process.pid),
    SLURM_LAB_MIN_JOB_AGE: String(options.minJobAge ?? 300),
    SLURM_LAB_MESSAGE_TIMEOUT: String(options.messageTimeout ?? 30),
    SLURM_LAB_PROLOG_CTLD: options.hooks?.prologSlurmctld ?? '',
    SLURM_LAB_EPILOG_CTLD: options.hooks?.epilogSlurmctld ?? '',
    SLURM_LAB_PROLOG: options.hooks?.prolog ?? '',
    SLURM_LAB_EPILOG: options.hooks?.epilog ?? '',
    SLURM_LAB_EXTRA_CONF: (options.extraConf ?? '').replaceAll('{dir}', dir),
    SLURM_LAB_NO_REST: options.rest ? '' : '1',
    SLURM_LAB_NO_INSTALL: '1',
  };
  const lab = (args: readonly string[]): Promise<string> => asked({ name: script, env: settings, timeoutMs: 3 * minutes }, args);
  let stopped: Promise<void> | undefined;
  const down = (): Promise<void> => {
    stopped ??= lab(['clean']).then(() => forget());
    return stopped;
  };
  const forget = endWith(down);
  try {
    await lab(['up']);
  } catch (error) {
    await down();
    throw error;
  }
  return describeLab({ suite, dir, port, lab, down });
}

interface Parts {
  readonly suite: Suite;
  readonly dir: string;
  readonly port: number;
  readonly lab: (args: readonly string[]) => Promise<string>;
  readonly down: () => Promise<void>;
}

async function describeLab({ suite, dir, port, lab, down }: Parts): Promise<Lab> {
  const conf = join(dir, 'etc/slurm.conf');
  const binPath = (user: LabUser = 'root'): string => join(dir, 'cmd', user);
  const env = { SLURM_CONF: conf, PATH: `${binPath()}:${systemPath}` };
  const workDir = join(dir, 'work');
  const { run, ask, submit } = labCommands({ binPath, env, workDir });
  const signal = async (name: string, word: NodeJS.Signals): Promise<void> => {
    process.kill(Number(await lab(['pid', name])), word);
  };
  const daemon = (name: string): Daemon => ({
    freeze: () => signal(name, 'SIGSTOP'),
    thaw: () => signal(name, 'SIGCONT'),
    kill: () => signal(name, 'SIGKILL'),
    stop: async () => {
      await lab(['stop', name]);
    },
    start: async () => {
      await lab(['start', name]);
    },
  });
  mkdirSync(workDir, { recursive: true });
  await ask('run', ['chmod', '1777', workDir]);
  return {
    suite,
    release: (await ask('scontrol', ['-V'])).replace(/^\S+ /, ''),
    dir,
    conf,
    workDir,
    port,
    env,
    binPath,
    uid: async (user) => Number(await ask('run', ['id', '-u'], { user })),
    run,
    ask,
    submit,
    daemons: { slurmctld: daemon('slurmctld'), slurmdbd: daemon('slurmdbd') },
    emulated: null,
    down,
  };
}

/** Runs one of the setup scripts; its refusals, and steps that the machine cannot do, make a lab unavailable. */
async function setup(name: string, args: readonly string[], progress: (line: string) => void): Promise<string> {
  const began = performance.now();
  const inherit = ['SLUICE_LAB_CACHE', 'http_proxy', 'https_proxy', 'no_proxy'];
  const program = { name: join(setupDir, name), timeoutMs: 15 * minutes, inherit, env: { PATH: systemPath }, maxOutputBytes: 1 << 20 };
  progress(`${[name, ...args].join(' ')} …`);
  const { code, stdout, stderr } = await systemProcesses(process.env).run({ program, args });
  if (code !== 0) throw new LabUnavailable(lastLines(stderr, 3) || `${name} ended with ${code}`);
  progress(`${name} took ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return stdout.toString('utf8').trim();
}

/** A directory and ports that no other lab has; what a crashed run left in the directory is removed. */
async function claim(suite: DebianSuite, firstPort: number): Promise<{ dir: string; port: number }> {
  for (let port = firstPort; port < firstPort + 100; port += 20) {
    const dir = join(tmpdir(), `sluice-lab-${suite}-${port}`);
    const owner = join(dir, 'owner');
    if (existsSync(owner) && isAlive(Number(readFileSync(owner, 'utf8')))) continue;
    if (!(await allFree(usedPorts.map((offset) => port + offset)))) continue;
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    writeFileSync(owner, String(process.pid));
    return { dir, port };
  }
  throw new LabUnavailable(`no 20 free ports between ${firstPort} and ${firstPort + 100}`);
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

async function allFree(ports: readonly number[]): Promise<boolean> {
  const free = await Promise.all(
    ports.map(
      (port) =>
        new Promise<boolean>((resolve) => {
          const server = createServer();
          server.once('error', () => resolve(false));
          server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
        }),
    ),
  );
  return free.every(Boolean);
}

/** Ends the lab before the process when it is told to end; the returned function takes that back. */
function endWith(down: () => Promise<void>): () => void {
  const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
  const listeners = Object.entries(signals).map(([signal, code]) => {
    const listener = (): void => {
      void down().finally(() => process.exit(code));
    };
    process.once(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}

async function asked(program: Pick<Program, 'name' | 'timeoutMs' | 'env'>, args: readonly string[]): Promise<string> {
  return said(program.name, args, await processes.run({ program: { inherit: [], maxOutputBytes: 1 << 20, ...program }, args }));
}
