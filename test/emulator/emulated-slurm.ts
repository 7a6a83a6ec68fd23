import { allCommands, type EmulatedSlurm, labSpec, openEmulator, readSlurmConf } from '@sluice/emulator';
import type { Recording } from './recordings.ts';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AskOptions {
  /** root by default. */
  readonly user?: 'root' | 'alice' | 'bob';
  readonly env?: Readonly<Record<string, string>>;
}

/** An emulated cluster like a recorded one, asked within this process. Its time stands still until it is moved. */
export interface StillCluster {
  readonly slurm: EmulatedSlurm;
  ask(argv: readonly string[], options?: AskOptions): Promise<Answer>;
}

const uids = { root: 0, alice: 1001, bob: 1002 } as const;

/** Opens a cluster of the recording's slurm.conf and release, at the time when the recorded scenario began. */
export function openStillCluster(recording: Recording): StillCluster {
  const { warnings: _, ...conf } = readSlurmConf({ file: 'slurm.conf', text: recording.conf, include: () => '' });
  const { users, accounts, qos } = labSpec(recording.release);
  const slurm = openEmulator({
    spec: { ...conf, release: recording.release, users, accounts, qos },
    file: ':memory:',
    start: recording.beganAt,
    rate: 0,
    random: () => 0.5,
  });
  return { slurm, ask: (argv, options) => ask(slurm, recording, argv, options) };
}

async function ask(
  slurm: EmulatedSlurm,
  { dir, path }: Recording,
  [command, ...argv]: readonly string[],
  { user = 'root', env = {} }: AskOptions = {},
): Promise<Answer> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  const run = Object.entries(allCommands).find(([name]) => name === command)?.[1];
  if (!run) throw new RangeError(`the emulator has no ${command}`);
  const code = await run({
    slurm,
    argv,
    // What a job is submitted with is kept with it.
    env: { ...(command === 'sbatch' ? {} : { TZ: 'UTC' }), ...surroundings(user, dir, path), ...env },
    cwd: `${dir}/work`,
    as: { uid: uids[user], gid: uids[user], user, group: user },
    stdin: nothing(),
    signal: new AbortController().signal,
    terminals: { stdin: false, stdout: false },
    out: (text) => void stdout.push(typeof text === 'string' ? text : Buffer.from(text).toString('utf8')),
    err: (text) => void stderr.push(text),
    controller: async () => slurm.controller,
    database: async () => slurm.database,
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

/** What the recorded scenario let its users have. */
function surroundings(user: string, dir: string, path: string): Readonly<Record<string, string>> {
  const home = user === 'root' ? '/root' : `/home/${user}`;
  return { HOME: home, USER: user, LOGNAME: user, LANG: 'C.UTF-8', PATH: path, SLURM_CONF: `${dir}/etc/slurm.conf` };
}
