import { basename, dirname, join } from 'node:path';
import type { SecretSource } from '@sluice/io';
import { ConfigError, loadConfig, type Problem, type ReadConfigOptions, showConfig } from '@sluice/service';
import type { GpuAddresses } from '../decide/context.ts';
import { baseUrl } from './adapter-checks.ts';
import { type StartTag, tagOf } from './adapter-config.ts';
import { type Finding, placed } from './findings.ts';
import { unlessOfOther } from './other-program.ts';
import { compilePythonPattern } from './python-pattern.ts';
import { type SyncSettings, syncConfigSchema } from './sync-keys.ts';

/** The configuration of the one-shot sync as it is in force. All times are seconds; what is not given is null. */
export interface SyncConfig {
  /** cc-backend's name of the cluster. */
  readonly cluster: string;
  /** Slurm's name of it; null: the cluster that this host belongs to. */
  readonly slurmCluster: string | null;
  /** Directory of Slurm's commands, that of squeue; null: PATH. */
  readonly slurmBinPath: string | null;
  /** Where those commands are that do not lie there under their own names; without a directory: PATH. */
  readonly otherCommands: ReadonlyMap<string, { readonly dir: string | undefined; readonly name: string }>;
  readonly slurmConf: string | null;
  readonly slurmTimeout: number | null;
  /** Without a slash and without `/api` at its end. */
  readonly ccRestUrl: string;
  readonly ccRestJwt: SecretSource;
  readonly ccRestCaFile: string | null;
  readonly ccRestTimeout: number;
  readonly startTag: StartTag | null;
  readonly requeuedJobs: 'keep-first' | 'replace';
  readonly hostnames: 'node' | 'hostname' | ReadonlyMap<string, string>;
  /** GPUs and FPGAs, the longest beginning of a host name first; an index that is not in the file has no address. */
  readonly gpuAddresses: readonly GpuAddresses[];
  /** Names of GRES that are accelerators beside `gpu`: the script takes FPGAs too. */
  readonly otherAccelerators: readonly string[];
  /** Whether the job of a node list, as Slurm writes it, is sent; null: every one. */
  readonly nodeList: ((list: string) => boolean) | null;
  readonly sendScript: boolean;
  readonly sendSlurmInfo: boolean;
  readonly sendComments: boolean;
  readonly sendEnvironment: boolean;
}

export interface LoadSyncConfigOptions {
  /** The file, which must exist. */
  readonly file: string;
  /** The configuration itself; `file` is then only its name in messages. */
  readonly text?: string;
  /** Unknown keys are errors instead of warnings. */
  readonly strict?: boolean;
}

export interface LoadedSyncConfig {
  readonly config: SyncConfig;
  /** The keys as they were read, with defaults, for `showSyncConfig`. */
  readonly settings: SyncSettings;
  /** For `problemLine`. */
  readonly warnings: readonly Problem[];
}

/** Reads cc-slurm-sync's configuration, JSON or YAML. Errors: `config.invalid` with every problem (a `ConfigError`), `config.unreadable`. */
export async function loadSyncConfig(options: LoadSyncConfigOptions): Promise<LoadedSyncConfig> {
  try {
    return await load(options);
  } catch (error) {
    throw await unlessOfOther(error, 'cc-slurm-sync', options);
  }
}

async function load(options: LoadSyncConfigOptions): Promise<LoadedSyncConfig> {
  const { value: settings, warnings } = await loadConfig(syncConfigSchema, options);
  const nodeList = settings.node_regex === undefined ? null : compilePythonPattern(settings.node_regex);
  const errors = [...accelerators(settings), ...hostnames(settings), ...address(settings)];
  if (nodeList !== null && 'message' in nodeList) errors.push({ path: ['node_regex'], message: nodeList.message });
  if (errors.length > 0) throw new ConfigError(await placedHere(options, errors));
  const tests = nodeList instanceof RegExp ? (list: string) => nodeList.test(list) : null;
  return { config: inForce(settings, tests), settings, warnings };
}

/** The configuration as it may be printed: secrets are replaced. */
export function showSyncConfig(settings: SyncSettings): unknown {
  return showConfig(syncConfigSchema, settings);
}

function placedHere(options: ReadConfigOptions, findings: readonly Finding[]): Promise<readonly Problem[]> {
  return placed(syncConfigSchema, options, findings);
}

/** More devices than any node has. */
const mostDevices = 1024;

function accelerators({ accelerators }: SyncSettings): Finding[] {
  return Object.entries(accelerators).flatMap(([prefix, ids]) =>
    Object.keys(ids)
      .filter((index) => !/^(?:0|[1-9]\d*)$/.test(index) || Number(index) >= mostDevices)
      .map((index) => ({ path: ['accelerators', prefix, index], message: 'the key is Slurm’s index of the device: 0, 1, 2 …' })),
  );
}

function hostnames({ hostnames }: SyncSettings): readonly Finding[] {
  if (typeof hostnames === 'string' || Object.keys(hostnames).length > 0) return [];
  return [{ path: ['hostnames'], message: 'the mapping is empty; leave the key out where cc-backend calls nodes as Slurm does' }];
}

function address(settings: SyncSettings): readonly Finding[] {
  const { username, password, search, hash } = new URL(settings['cc-backend'].host);
  return username + password + search + hash === ''
    ? []
    : [{ path: ['cc-backend', 'host'], message: 'an address without user, password, ? and # is expected' }];
}

function otherCommands({ slurm }: SyncSettings): SyncConfig['otherCommands'] {
  const usual = dirname(slurm.squeue);
  const { squeue, sacct, scontrol = join(usual, 'scontrol') } = slurm;
  const named = Object.entries({ squeue, sacct, scontrol }).filter(
    ([command, path]) => dirname(path) !== usual || basename(path) !== command,
  );
  return new Map(named.map(([command, path]) => [command, { dir: directoryOf(path), name: basename(path) }]));
}

/** A bare name is looked for in PATH. */
function directoryOf(path: string): string | undefined {
  return path.includes('/') ? dirname(path) : undefined;
}

function inForce(settings: SyncSettings, nodeList: ((list: string) => boolean) | null): SyncConfig {
  const { slurm, 'cc-backend': cc } = settings;
  return {
    cluster: settings.clustername,
    slurmCluster: slurm.cluster ?? null,
    slurmBinPath: directoryOf(slurm.squeue) ?? null,
    otherCommands: otherCommands(settings),
    slurmConf: slurm.conf ?? null,
    slurmTimeout: slurm.timeout ?? null,
    ccRestUrl: baseUrl(cc.host),
    ccRestJwt: cc.apikey,
    ccRestCaFile: cc.ca_file ?? null,
    ccRestTimeout: cc.timeout,
    startTag: cc.start_tag === undefined ? null : tagOf(cc.start_tag),
    requeuedJobs: settings.requeued_jobs,
    hostnames: typeof settings.hostnames === 'string' ? settings.hostnames : new Map(Object.entries(settings.hostnames)),
    gpuAddresses: byLongestPrefix(settings.accelerators),
    otherAccelerators: ['fpga'],
    nodeList,
    sendScript: settings.include_script,
    sendSlurmInfo: settings.include_slurm_info,
    sendComments: settings.include_comments,
    sendEnvironment: settings.include_environment,
  };
}

function byLongestPrefix(accelerators: SyncSettings['accelerators']): readonly GpuAddresses[] {
  return Object.entries(accelerators)
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([prefix, ids]) => {
      const addresses: string[] = [];
      for (const [index, id] of Object.entries(ids)) addresses[Number(index)] = id;
      return { hosts: { test: (host) => host.startsWith(prefix) }, addresses };
    });
}
