import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, loadConfig, type Problem, type ReadConfigOptions, showConfig } from '@sluice/service';
import type { GpuAddresses } from '../decide/context.ts';
import { type HookAddress, parseHookAddress } from '../hook/address.ts';
import { natsServers } from '../nats/servers.ts';
import { shortestRetention } from './adapter-added-keys.ts';
import { baseUrl, checkSettings, corrected } from './adapter-checks.ts';
import { type AdapterConfig, tagOf } from './adapter-config.ts';
import { type AdapterSettings, adapterConfigSchema } from './adapter-keys.ts';
import { defaultAdapterConfigFile } from './defaults.ts';
import { type Finding, placed } from './findings.ts';
import { compileGoPattern } from './go-pattern.ts';
import { unlessOfOther } from './other-program.ts';

export interface LoadAdapterConfigOptions {
  /** The file that was named, which must exist. Without it the default file, which need not. */
  readonly file?: string | undefined;
  /** The configuration itself, instead of a file; `file` is then only its name in messages. */
  readonly text?: string;
  /** Where to look when no file is named; the program's own default path unless given. */
  readonly defaultFile?: string;
  /** Unknown keys are errors instead of warnings. */
  readonly strict?: boolean;
}

export interface LoadedAdapterConfig {
  readonly config: AdapterConfig;
  /** The keys as they were read, with defaults, for `showAdapterConfig`. */
  readonly settings: AdapterSettings;
  /** The file that was read or looked for. */
  readonly file: string;
  /** What the administrator should know; for `problemLine`. */
  readonly warnings: readonly Problem[];
  /** No file was named and the default one does not exist: every key has its default. */
  readonly missing: boolean;
}

/**
 * Reads cc-slurm-adapter's configuration, JSON or YAML, keys in any case as Go reads them. Errors: `config.invalid` with every
 * problem (a `ConfigError`), `config.unreadable` when the named file does not exist or a file may not be read.
 */
export async function loadAdapterConfig(options: LoadAdapterConfigOptions = {}): Promise<LoadedAdapterConfig> {
  const file = fileOf(options);
  const reading = readingOf(options, file);
  try {
    return await load(file, reading);
  } catch (error) {
    throw await unlessOfOther(error, 'cc-slurm-adapter', reading);
  }
}

async function load(file: string, reading: ReadConfigOptions): Promise<LoadedAdapterConfig> {
  const { value: settings, warnings, missing } = await loadConfig(adapterConfigSchema, reading);
  // Its message does not hold the login that the text may have.
  if (settings.natsServer !== undefined) natsServers(settings.natsServer, settings.natsPort);
  const checked = checkSettings(settings);
  const patterns = await compilePatterns(settings);
  const errors = [...checked.errors, ...patterns.errors];
  if (errors.length > 0) {
    const problems = await placed(adapterConfigSchema, reading, errors);
    // A key that is not known may be the one that is missing, in another spelling.
    throw new ConfigError(missing ? problems.map((problem) => ofMissingFile(problem, file)) : [...problems, ...warnings]);
  }
  const more = await placed(adapterConfigSchema, reading, [...checked.warnings, ...(await openFiles(settings))]);
  return { config: inForce(settings, patterns), settings, file, warnings: [...warnings, ...more], missing };
}

/** The configuration as it may be printed: secrets are replaced, and so is a login within `natsServer`. */
export function showAdapterConfig(settings: AdapterSettings): unknown {
  const { natsServer, ...rest } = settings;
  const shown = natsServer === undefined ? rest : { ...rest, natsServer: natsServer.replaceAll(/[^,/]*@/g, '[redacted]@') };
  return showConfig(adapterConfigSchema, shown);
}

function fileOf({ file, defaultFile = defaultAdapterConfigFile }: LoadAdapterConfigOptions): string {
  return file ?? defaultFile;
}

function readingOf({ file, text, strict = false }: LoadAdapterConfigOptions, path: string): ReadConfigOptions {
  return { file: path, ...(text === undefined ? {} : { text }), strict, caseInsensitiveKeys: true, optional: file === undefined };
}

/** There is no line in a file that is not there. */
function ofMissingFile({ path, expected, message }: Problem, file: string): Problem {
  return { file: `${file} (which does not exist; --config names another)`, path, expected, message };
}

interface Patterns {
  readonly errors: readonly Finding[];
  readonly gpuAddresses: readonly GpuAddresses[];
  readonly ignoreHosts: ((host: string) => boolean) | null;
}

async function compilePatterns({ gpuPciAddrs, ignoreHosts }: AdapterSettings): Promise<Patterns> {
  const errors: Finding[] = [];
  const gpuAddresses: GpuAddresses[] = [];
  for (const [pattern, addresses] of Object.entries(gpuPciAddrs)) {
    const hosts = await compileGoPattern(pattern);
    if ('message' in hosts) errors.push({ path: ['gpuPciAddrs', pattern], message: hosts.message });
    else gpuAddresses.push({ hosts, addresses });
  }
  const ignored = ignoreHosts === undefined ? null : await compileGoPattern(ignoreHosts);
  if (ignored !== null && 'message' in ignored) errors.push({ path: ['ignoreHosts'], message: ignored.message });
  return { errors, gpuAddresses, ignoreHosts: ignored !== null && 'test' in ignored ? (host) => ignored.test(host) : null };
}

/** Files beside the configuration that hold secrets and that everybody may read; those of `{file}` are judged when they are read. */
async function openFiles({ natsCredsFile, natsNKeySeedFile }: AdapterSettings): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [key, path] of Object.entries({ natsCredsFile, natsNKeySeedFile })) {
    if (path === undefined) continue;
    // Whether it can be used shows when it is used; a missing file is no finding here.
    const mode = await stat(path).then(
      (found) => found.mode,
      () => 0,
    );
    if ((mode & 0o007) === 0) continue;
    findings.push({
      path: [key],
      message: `it holds a secret and everybody may read it (mode ${(mode & 0o777).toString(8)}): chmod o= ${path}`,
    });
  }
  return findings;
}

function inForce(settings: AdapterSettings, { gpuAddresses, ignoreHosts }: Patterns): AdapterConfig {
  const { slurmQueryMaxRetries, gpuPciAddrs, ipcSockPath, ...rest } = settings;
  const slurmQueryMaxSpan = within('slurmQueryMaxSpan', settings.slurmQueryMaxSpan);
  return {
    ...rest,
    prepSockListenPath: socketOf(settings.prepSockListenPath),
    prepSockConnectPath: socketOf(settings.prepSockConnectPath),
    slurmPollInterval: within('slurmPollInterval', settings.slurmPollInterval),
    slurmQueryDelay: within('slurmQueryDelay', settings.slurmQueryDelay),
    slurmQueryMaxSpan,
    slurmMaxRetries: within('slurmMaxRetries', settings.slurmMaxRetries),
    ccPollInterval: within('ccPollInterval', settings.ccPollInterval),
    ccRestUrl: settings.ccRestUrl === undefined ? null : baseUrl(settings.ccRestUrl),
    ccRestJwt: settings.ccRestJwt ?? null,
    gpuAddresses,
    ignoreHosts,
    natsServer: settings.natsServer ?? null,
    natsUser: settings.natsUser ?? null,
    natsPassword: settings.natsPassword ?? null,
    natsCredsFile: settings.natsCredsFile ?? null,
    natsNKeySeedFile: settings.natsCredsFile === undefined ? (settings.natsNKeySeedFile ?? null) : null,
    ccRestCaFile: settings.ccRestCaFile ?? null,
    startTag: settings.startTag === undefined ? null : tagOf(settings.startTag),
    clusterNames: new Map(Object.entries(settings.clusterNames)),
    hostnames: typeof settings.hostnames === 'string' ? settings.hostnames : new Map(Object.entries(settings.hostnames)),
    journalPath: settings.journalPath ?? join(dirname(settings.lastRunPath), 'journal.db'),
    journalRetention: settings.journalRetention ?? Math.max(shortestRetention, slurmQueryMaxSpan),
    controllerHost: settings.controllerHost ?? null,
    operationsListen: settings.operationsListen ?? null,
    slurmBinPath: settings.slurmBinPath ?? null,
    slurmConf: settings.slurmConf ?? null,
    slurmTimeout: settings.slurmTimeout ?? null,
    natsCaFile: settings.natsCaFile ?? null,
  };
}

function within(key: keyof typeof corrected, value: number): number {
  const { least, most } = corrected[key];
  return Math.min(most, Math.max(least, value));
}

/** The schema has seen to it that the text is an address or blank. */
function socketOf(text: string): HookAddress | null {
  const address = parseHookAddress(text);
  return typeof address === 'string' ? null : address;
}
