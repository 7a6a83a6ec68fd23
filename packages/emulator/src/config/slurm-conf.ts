import { SluiceError } from '@sluice/io';
import { expandHostlist, parseTimeLimit } from '@sluice/slurm';
import type { ControllerSpec, NodeSpec, PartitionSpec } from '../model/spec.ts';
import { gresSpecs } from './gres-specs.ts';
import { type ConfLine, type ConfSource, slurmConfLines } from './slurm-conf-lines.ts';

/** What a slurm.conf says of a cluster; who uses it, slurmdbd knows. */
export interface SlurmConf {
  readonly name: string;
  readonly controllers: readonly ControllerSpec[];
  readonly controllerPort: number;
  readonly databaseHost: string;
  readonly databasePort: number;
  readonly nodes: readonly NodeSpec[];
  readonly partitions: readonly PartitionSpec[];
  readonly tres: readonly string[];
  /** All other settings, by the names as they are written there. */
  readonly settings: Readonly<Record<string, string>>;
  /** Lines that the emulator has no use for, and why. */
  readonly warnings: readonly string[];
}

/** Lines about things that the emulated cluster does not have. */
const unusedKeys = new Set(['downnodes', 'frontendname', 'slurmctldaddr', 'controladdr', 'backupaddr']);

/**
 * Reads a slurm.conf of a real cluster (slurm.conf(5)): nodes and partitions with their DEFAULT lines, node sets, controllers, accounting's address, and every
 * other setting as it stands. Throws `config.invalid`, naming file and line.
 */
export function readSlurmConf(source: ConfSource): SlurmConf {
  const lines = slurmConfLines(source);
  const settings: Record<string, string> = {};
  const controllers: ControllerSpec[] = [];
  const nodes: NodeSpec[] = [];
  const partitionLines: ConfLine[] = [];
  const sets = new Map<string, readonly string[]>();
  const warnings: string[] = [];
  let nodeDefault: ReadonlyMap<string, string> = new Map();
  let partitionDefault: ReadonlyMap<string, string> = new Map();
  for (const line of lines) {
    const key = line.key.toLowerCase();
    if (key === 'nodename') {
      const more = new Map([...nodeDefault, ...oneNamed(line.more)]);
      if (line.value.toUpperCase() === 'DEFAULT') nodeDefault = more;
      else nodes.push(...nodesOf({ ...line, more }));
    } else if (key === 'partitionname') {
      const more = new Map([...partitionDefault, ...oneNamed(line.more)]);
      if (line.value.toUpperCase() === 'DEFAULT') partitionDefault = more;
      else partitionLines.push({ ...line, more });
    } else if (key === 'nodeset') sets.set(line.value, nodeSet(line, nodes));
    else if (key === 'slurmctldhost' || key === 'controlmachine' || key === 'backupcontroller') controllers.push(controllerOf(line));
    else if (unusedKeys.has(key)) warnings.push(`${line.at}: ${line.key} is not used by the emulator`);
    else settings[line.key] = line.value;
  }
  const take = taker(settings);
  const name = take('ClusterName');
  if (name === undefined) throw new SluiceError('config.invalid', `${source.file}: ClusterName is missing`);
  return {
    name,
    controllers: controllers.length > 0 ? controllers : [{ host: 'localhost', address: '127.0.0.1' }],
    controllerPort: Number.parseInt(take('SlurmctldPort') ?? '6817', 10),
    databaseHost: take('AccountingStorageHost') ?? 'localhost',
    databasePort: Number(take('AccountingStoragePort') ?? 6819),
    nodes,
    partitions: partitionLines.flatMap((line) => partitionsOf(line, nodes, sets)),
    tres: (take('AccountingStorageTRES') ?? '').split(',').filter((name) => name !== ''),
    settings,
    warnings,
  };
}

/** Keys that have two names, by one of them, so that a line's own wins over the default's. */
function oneNamed(more: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const names: Readonly<Record<string, string>> = { feature: 'features', shared: 'oversubscribe', procs: 'cpus' };
  return new Map([...more].map(([key, value]) => [names[key] ?? key, value]));
}

/** Takes a setting away, whatever the case of its name. */
function taker(settings: Record<string, string>): (name: string) => string | undefined {
  return (name) => {
    const key = Object.keys(settings).find((one) => one.toLowerCase() === name.toLowerCase());
    if (key === undefined) return undefined;
    const value = settings[key];
    delete settings[key];
    return value;
  };
}

function controllerOf({ value }: ConfLine): ControllerSpec {
  const [, host = value, address = host] = /^([^()]+)(?:\((.+)\))?$/.exec(value) ?? [];
  return { host, address };
}

function nodesOf(line: ConfLine): NodeSpec[] {
  const names = hosts(line.value, line);
  const list = (key: string): readonly string[] | null => {
    const text = line.more.get(key);
    return text === undefined ? null : hosts(text, line);
  };
  const hostnames = list('nodehostname');
  const addresses = list('nodeaddr');
  // Ports may be a range, which as a host list has no name.
  const ports = line.more.has('port') ? hosts(`p${line.more.get('port')}`, line).map((port) => port.slice(1)) : null;
  const boards = number(line, 'boards') ?? 1;
  const threadsPerCore = number(line, 'threadspercore') ?? 1;
  const perBoard = number(line, 'socketsperboard');
  const cores = number(line, 'corespersocket');
  const sockets = number(line, 'sockets') ?? (perBoard === null ? null : perBoard * boards);
  // Without a topology slurmctld takes each CPU for a socket of its own.
  const cpus = number(line, 'cpus') ?? (sockets ?? 1) * (cores ?? 1) * threadsPerCore;
  const gres = line.more.get('gres') ?? '';
  const specs = gresSpecs(gres);
  if (specs === undefined) throw invalid(line, `Gres=${gres}`, 'resources such as gpu:a100:4');
  return names.map((name, index) => ({
    name,
    hostname: hostnames?.[index] ?? hostnames?.[0] ?? name,
    address: addresses?.[index] ?? addresses?.[0] ?? hostnames?.[index] ?? name,
    port: Number(ports?.[index] ?? ports?.[0] ?? 6818),
    sockets: sockets ?? Math.max(1, Math.floor(cpus / ((cores ?? 1) * threadsPerCore))),
    coresPerSocket: cores ?? 1,
    threadsPerCore,
    memoryMiB: number(line, 'realmemory') ?? 1,
    features: (line.more.get('features') ?? '').split(',').filter((feature) => feature !== ''),
    gres: specs,
    weight: number(line, 'weight') ?? 1,
  }));
}

function nodeSet(line: ConfLine, nodes: readonly NodeSpec[]): readonly string[] {
  const feature = line.more.get('feature');
  const named = line.more.get('nodes');
  const featured = feature === undefined ? [] : nodes.filter(({ features }) => features.includes(feature)).map(({ name }) => name);
  return [...(named === undefined ? [] : hosts(named, line)), ...featured];
}

function partitionsOf(line: ConfLine, nodes: readonly NodeSpec[], sets: ReadonlyMap<string, readonly string[]>): PartitionSpec[] {
  const word = (key: string): string | null => {
    const text = line.more.get(key);
    return text === undefined || text === '' ? null : text;
  };
  const words = (key: string): readonly string[] | null => {
    const text = word(key);
    return text === null || text.toUpperCase() === 'ALL' ? null : text.split(',');
  };
  const known = new Set(nodes.map(({ name }) => name));
  const members = membersOf(word('nodes') ?? '', line, nodes, sets);
  const missing = members.find((name) => !known.has(name));
  if (missing !== undefined) throw invalid(line, missing, 'names of nodes that the file has');
  const weights = word('tresbillingweights');
  const state = (word('state') ?? 'UP').toUpperCase();
  return line.value.split(',').map((name) => ({
    name,
    nodes: members,
    isDefault: (word('default') ?? 'NO').toUpperCase() === 'YES',
    state: state === 'DOWN' || state === 'DRAIN' || state === 'INACTIVE' ? state : 'UP',
    maxTime: minutes(line, word('maxtime')),
    defaultTime: minutes(line, word('defaulttime')),
    maxNodes: /^\d+$/.test(word('maxnodes') ?? '') ? Number(word('maxnodes')) : null,
    minNodes: number(line, 'minnodes') ?? 0,
    allowAccounts: words('allowaccounts'),
    allowQos: words('allowqos'),
    qos: word('qos'),
    oversubscribe: (word('oversubscribe') ?? 'NO').toUpperCase(),
    priorityJobFactor: number(line, 'priorityjobfactor') ?? 1,
    priorityTier: number(line, 'prioritytier') ?? 1,
    defMemPerCpuMiB: number(line, 'defmempercpu'),
    billingWeights: weights === null ? null : billingWeights(weights, line),
  }));
}

function membersOf(
  text: string,
  line: ConfLine,
  nodes: readonly NodeSpec[],
  sets: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  if (text.toUpperCase() === 'ALL') return nodes.map(({ name }) => name);
  if (text === '' || text.toLowerCase() === '(null)') return [];
  const wanted = new Set(hosts(text, line).flatMap((name) => sets.get(name) ?? [name]));
  const inOrder = nodes.map(({ name }) => name).filter((name) => wanted.delete(name));
  return [...inOrder, ...wanted];
}

/** Weights count per MiB of memory; `Mem=0.25G` says it per GiB (slurm.conf(5), TRESBillingWeights). */
export function billingWeights(text: string, where: { readonly at: string }): Readonly<Record<string, number>> {
  const weights: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, name = '', amount = '', unit = ''] = /^\s*([\w/:.-]+)\s*=\s*([\d.]+)([KMGTP]?)\s*$/i.exec(part) ?? [];
    if (name === '') throw invalid(where, part, 'a weight such as CPU=1.0');
    const exponent = unit === '' ? 1 : 'KMGTP'.indexOf(unit.toUpperCase());
    weights[name.toLowerCase()] = Number(amount) / 1024 ** (exponent - 1);
  }
  return weights;
}

function minutes(line: ConfLine, text: string | null): number | null {
  if (text === null) return null;
  const limit = parseTimeLimit(text);
  if (limit === undefined) throw invalid(line, text, 'a time such as 1-00:00:00, or UNLIMITED');
  return typeof limit === 'number' ? limit : null;
}

function number(line: ConfLine, key: string): number | null {
  const text = line.more.get(key);
  if (text === undefined || /^unlimited$/i.test(text)) return null;
  if (!/^\d+$/.test(text)) throw invalid(line, `${key}=${text}`, 'a whole number');
  return Number(text);
}

function hosts(text: string, line: ConfLine): readonly string[] {
  const names = expandHostlist(text);
  if (names === undefined) throw invalid(line, text, 'names such as node[01-04]');
  return names;
}

function invalid({ at }: { readonly at: string }, found: string, expected: string): SluiceError {
  return new SluiceError('config.invalid', `${at}: expected ${expected}, found "${found}"`);
}
