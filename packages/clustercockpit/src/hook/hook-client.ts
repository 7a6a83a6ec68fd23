/**
 * The hook as a program of its own, for sites whose slurmctld and daemon do not share a disk:
 *
 *     hook-client [--config FILE] [--connect ADDRESS] [--spool DIRECTORY]
 *
 * Without the last two it takes prepSockConnectPath and spoolPath from the configuration. It imports nothing but Node's sockets and files,
 * because slurmctld waits for it. What ends it is time: 55 ms after the process began the event goes into the spool, or is left to the daemon's
 * next look at Slurm.
 */
import { loadHookConfig } from '../config/load-hook-config.ts';
import { parseHookAddress } from './address.ts';
import { type HookClientOptions, type HookSent, sendHook } from './client.ts';

export interface HookRun {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
  /** Milliseconds since the process began. */
  readonly elapsedMs: number;
  readonly pid: number;
  say(text: string): void;
}

/** Node takes some 45 of them to begin, and 10 to spool the event and to end. */
const wholeMs = 55;
/** What a daemon gets even when Node itself was slow to begin: a socket of the same machine takes less than one. */
const leastMs = 10;

/** Runs the client and gives its exit code: 1 outside of a hook, as cc-slurm-adapter does, and 0 in every other case. */
export async function hookClient(run: HookRun): Promise<number> {
  // The daemon's group removes what is written here.
  process.umask(0o007);
  const target = await targetOf(run);
  const result = await sendHook({
    ...target,
    environment: run.environment,
    timeoutMs: Math.max(leastMs, wholeMs - run.elapsedMs),
    nowMs: run.nowMs,
    pid: run.pid,
  });
  const said = messages[result];
  if (said !== undefined) run.say(said);
  return result === 'no-job' ? 1 : 0;
}

/** From the arguments, else from the configuration; what is wrong with either is said, and what is right is used. */
async function targetOf(run: HookRun): Promise<Pick<HookClientOptions, 'address' | 'spool'>> {
  const config = optionOf(run.args, '--config');
  const connect = optionOf(run.args, '--connect');
  const spool = optionOf(run.args, '--spool');
  const read = config !== undefined || (connect === undefined && spool === undefined) ? await loadHookConfig(config) : undefined;
  if (typeof read === 'string') run.say(read);
  const configured = typeof read === 'object' ? read : undefined;
  const address = connect === undefined ? configured?.connect : parseHookAddress(connect);
  if (typeof address === 'string') run.say(`--connect: ${address}`);
  const path = spool ?? configured?.spoolPath;
  return { ...(typeof address === 'object' && address !== null ? { address } : {}), ...(path === undefined ? {} : { spool: path }) };
}

const messages: Partial<Record<HookSent, string>> = {
  'no-job': 'SLURM_JOB_ID is not set: this is the hook for PrologSlurmctld and EpilogSlurmctld, and is run by slurmctld alone',
  lost: 'the event could neither be sent nor spooled; the daemon will see the job when it next asks Slurm',
};

/** `--name value` or `--name=value`, with one dash or two. */
function optionOf(args: readonly string[], name: string): string | undefined {
  for (const [index, arg] of args.entries()) {
    const word = arg.replace(/^--?/, '--');
    if (word === name) return args[index + 1];
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
  }
  return undefined;
}
