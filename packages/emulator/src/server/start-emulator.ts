import { randomBytes } from 'node:crypto';
import type { Clock, Processes } from '@sluice/io';
import { type InstanceLock, lockInstance } from '@sluice/service';
import { slurmConfText } from '../config/slurm-conf-text.ts';
import type { ControlPlane } from '../control/serve-control.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { keptJwtKey } from '../rest/jwt-key.ts';
import { type RunningSlurmrestd, serveSlurmrestd } from '../rest/serve-slurmrestd.ts';
import { answerCommand } from './answer-command.ts';
import type { CommandExchange } from './command-exchange.ts';
import { CommandServer } from './command-server.ts';
import type { Commands } from './commands.ts';
import { claimDirectory, type EmulatorPaths, emulatorPaths, keptCluster, removeFile, writeWhole } from './directory.ts';
import { findShell, type Shell, writeExecutables } from './executables.ts';
import { identityOf, passwdUsers } from './identity.ts';
import { answerOwn, type HeldCluster } from './own-commands.ts';
import { type OwnRequest, ownCommand } from './own-requests.ts';
import type { Question } from './wire.ts';

export interface StartEmulatorOptions {
  readonly directory: string;
  /** The cluster; without it the one that the directory had before. */
  readonly spec?: ClusterSpec;
  /** What it is when the directory is new. */
  readonly newSpec: ClusterSpec;
  readonly open: (spec: ClusterSpec, stateFile: string) => EmulatedSlurm;
  readonly commands: Commands;
  /** Where slurmrestd listens; a socket in the directory by default, unless its path is too long for one; null: nowhere. */
  readonly rest?: { readonly host: string; readonly port: number } | null;
  readonly serveControl?: (slurm: EmulatedSlurm, paths: EmulatorPaths, jwtKey: Uint8Array) => Promise<ControlPlane>;
  /** Everybody on the machine may ask, not only the user who started it. */
  readonly shared?: boolean;
  /** Whoever runs the executables: `node` uses it even where there is a bash. */
  readonly shell?: 'node';
  readonly rate?: number;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Whose process it is: on its socket slurmrestd knows that user without a token. Without it nobody. */
  readonly uid?: number;
  /**
   * Words of a command that asks where there is no bash: it gets the command's name, two words that {@link runExecutable} understands,
   * `--` and the arguments.
   */
  readonly client: readonly string[];
  readonly onFault: (error: unknown, command: string) => void;
}

/** A cluster that is held, until it is stopped. */
export interface RunningEmulator {
  readonly slurm: EmulatedSlurm;
  readonly paths: EmulatorPaths;
  readonly rest: RunningSlurmrestd | null;
  readonly control: ControlPlane | null;
  /** Ends what is under way, writes the state, and takes away what says that the cluster is there. */
  stop(): Promise<void>;
}

/**
 * Takes a directory, opens its cluster and answers its executables. Errors: `usage` when the directory is not one of ours, `instance.running` when another
 * process holds it, `listen.failed`.
 */
export async function startEmulator(options: StartEmulatorOptions): Promise<RunningEmulator> {
  const paths = emulatorPaths(options.directory);
  claimDirectory(paths);
  const lock = lockInstance(paths.lock, options.pid);
  try {
    return await holding(options, paths, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function holding(options: StartEmulatorOptions, paths: EmulatorPaths, lock: InstanceLock): Promise<RunningEmulator> {
  // One that was ended before it could say so may have left it.
  removeFile(paths.door);
  const kept = options.spec ?? keptCluster(paths) ?? options.newSpec;
  writeWhole(paths.cluster, `${JSON.stringify(kept, undefined, 2)}\n`, 0o644);
  // The key of this directory, whatever the cluster's description names: another cluster's is none of ours.
  const spec = { ...kept, settings: { ...kept.settings, AuthAltParameters: `jwt_key=${paths.jwtKey}` } };
  writeWhole(paths.slurmConf, slurmConfText(spec), 0o644);
  const bash = options.shell === 'node' ? undefined : await findShell(options.processes, options.env['PATH'] ?? '');
  const shell: Shell = bash ?? { kind: 'node', words: options.client };
  writeExecutables(paths, spec, shell);
  const slurm = options.open(spec, paths.state);
  const jwtKey = keptJwtKey(paths.jwtKey, randomBytes);
  let rest: RunningSlurmrestd | null = null;
  let control: ControlPlane | null = null;
  try {
    if (options.rate !== undefined) slurm.time.setRate(options.rate);
    rest = await restOf(options, slurm, paths, jwtKey);
    control = (await options.serveControl?.(slurm, paths, jwtKey)) ?? null;
    const about = {
      directory: paths.root,
      pid: options.pid,
      since: Math.floor(options.clock.now() / 1000),
      rest: rest?.address ?? null,
      control: control?.address ?? null,
      shell: shell.kind === 'bash' ? shell.path : (shell.words[0] ?? ''),
    };
    const token = randomBytes(24).toString('hex');
    const server = new CommandServer({ token, onFault: options.onFault, handle: handler(options, { slurm, about }, jwtKey) });
    const port = await server.listen(0);
    writeWhole(paths.door, `${port} ${token}\n`, options.shared === true ? 0o644 : 0o600);
    return { slurm, paths, rest, control, stop: () => stopped({ slurm, rest, control, server, paths, lock }) };
  } catch (error) {
    await control?.close();
    await rest?.close();
    await slurm.close();
    throw error;
  }
}

/** Bytes of a unix socket's path on every system. */
const longestSocketPath = 103;

async function restOf(
  { rest, uid }: StartEmulatorOptions,
  slurm: EmulatedSlurm,
  paths: EmulatorPaths,
  jwtKey: Uint8Array,
): Promise<RunningSlurmrestd | null> {
  if (rest === null || (rest === undefined && Buffer.byteLength(paths.restSocket) > longestSocketPath)) return null;
  if (rest !== undefined) return serveSlurmrestd(slurm, { listen: rest, jwtKey });
  const local = uid === undefined ? null : identityOf(slurm.spec, passwdUsers(), { uid, gid: uid }, {});
  return serveSlurmrestd(slurm, { listen: { path: paths.restSocket }, jwtKey, local });
}

interface Held {
  readonly slurm: EmulatedSlurm;
  readonly rest: RunningSlurmrestd | null;
  readonly control: ControlPlane | null;
  readonly server: CommandServer;
  readonly paths: EmulatorPaths;
  readonly lock: InstanceLock;
}

async function stopped({ slurm, rest, control, server, paths, lock }: Held): Promise<void> {
  removeFile(paths.door);
  await server.close();
  await control?.close();
  await rest?.close();
  await slurm.close();
  lock.release();
}

function handler(
  options: StartEmulatorOptions,
  held: HeldCluster,
  jwtKey: Uint8Array,
): (question: Question, exchange: CommandExchange) => Promise<number> {
  const users = passwdUsers();
  const { commands, random } = options;
  return async (question, exchange) => {
    if (question.command !== ownCommand) return answerCommand({ slurm: held.slurm, commands, users, random, jwtKey }, question, exchange);
    const answer = answerOwn(held, JSON.parse(String(question.argv[0])) as OwnRequest);
    held.slurm.keep();
    exchange.out(Buffer.from(`${JSON.stringify(answer)}\n`));
    return 'error' in answer ? 1 : 0;
  };
}
