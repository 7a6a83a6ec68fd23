import { SluiceError } from '@sluice/io';
import { expandHostlist, parseTimeLimit } from '@sluice/slurm';
import type { AssociationChanges } from '../model/slurmdbd.ts';
import type { AccountSpec, ClusterSpec, ControllerSpec, NodeSpec, PartitionSpec, QosSpec, UserSpec } from '../model/spec.ts';
import type { EmulatorConfig } from './emulator-config.ts';
import { gresSpecs } from './gres-specs.ts';
import { labSpec } from './lab-spec.ts';
import { fullRelease } from './releases.ts';
import { billingWeights, type SlurmConf } from './slurm-conf.ts';

/** Settings that name programs and secrets of another machine. */
const foreign =
  /^(prolog|epilog|prologslurmctld|epilogslurmctld|taskprolog|taskepilog|resvprolog|resvepilog|healthcheckprogram|mailprog|jobcompcmd|rebootprogram|unkillablestepprogram|suspendprogram|resumeprogram|burstbuffer.*|authaltparameters|authinfo)$/i;

/**
 * The cluster that a configuration describes. What it does not say comes from the slurm.conf, if there is one, else it is that of the lab.
 * Errors: `config.invalid`.
 */
export function clusterOfConfig(config: EmulatorConfig, conf: SlurmConf | undefined): ClusterSpec {
  const base = baseOf(conf, config.release);
  const nodes = config.nodes === undefined ? base.nodes : nodesOf(config.nodes);
  const accounts = config.accounts === undefined ? base.accounts : config.accounts.map(accountOf);
  return {
    ...base,
    name: config.cluster ?? base.name,
    controllers: config.controllers?.map((host): ControllerSpec => ({ host, address: '127.0.0.1' })) ?? base.controllers,
    nodes,
    partitions: partitionsOf(config, base, nodes),
    tres: config.tres ?? (config.nodes === undefined ? base.tres : tresOf(nodes)),
    settings: { ...base.settings, ...settingsOf(config) },
    users: config.users === undefined ? (config.accounts === undefined ? base.users : [root]) : [...config.users.map(userOf), root],
    accounts,
    qos: config.qos === undefined ? base.qos : qosOf(config.qos),
  };
}

function baseOf(conf: SlurmConf | undefined, release: string | undefined): ClusterSpec {
  const lab = labSpec(release);
  if (conf === undefined) return lab;
  const { warnings: _, settings, ...rest } = conf;
  const own = Object.fromEntries(Object.entries(settings).filter(([key]) => !foreign.test(key)));
  return { ...lab, ...rest, settings: own, release: fullRelease(release ?? lab.release) };
}

const root: UserSpec = { name: 'root', uid: 0, group: 'root', gid: 0, home: '/root', admin: 'Administrator', accounts: ['root'] };

function settingsOf({ settings = {}, hooks, jobs }: EmulatorConfig): Record<string, string> {
  const texts = Object.entries(settings).map(([key, value]): [string, string] => [key, String(value)]);
  return {
    ...Object.fromEntries(texts),
    ...(hooks?.prologSlurmctld === undefined ? {} : { PrologSlurmctld: hooks.prologSlurmctld }),
    ...(hooks?.epilogSlurmctld === undefined ? {} : { EpilogSlurmctld: hooks.epilogSlurmctld }),
    ...(jobs === undefined
      ? {}
      : { EmulatedPlay: jobs.play, EmulatedSeconds: String(jobs.seconds), EmulatedEpilogSeconds: String(jobs.epilogSeconds) }),
  };
}

function nodesOf(groups: NonNullable<EmulatorConfig['nodes']>): readonly NodeSpec[] {
  const nodes = groups.flatMap(({ names, memory, gres, ...group }, index) => {
    const found = expandHostlist(names);
    if (found === undefined) throw invalid(`nodes[${index}].names`, 'names such as node[01-04]', names);
    const devices = gresSpecs(gres);
    if (devices === undefined) throw invalid(`nodes[${index}].gres`, 'devices such as gpu:a100:4', gres);
    return found.map((name) => ({ ...group, name, hostname: name, address: '127.0.0.1', memoryMiB: memory, gres: devices }));
  });
  return nodes.map((node, index) => ({ ...node, port: 6821 + index }));
}

/** Devices are counted in accounting without being named there. */
function tresOf(nodes: readonly NodeSpec[]): readonly string[] {
  const words = nodes.flatMap(({ gres }) =>
    gres.flatMap(({ name, type }) => [`gres/${name}`, ...(type === null ? [] : [`gres/${name}:${type}`])]),
  );
  return [...new Set(words)];
}

function partitionsOf(config: EmulatorConfig, base: ClusterSpec, nodes: readonly NodeSpec[]): readonly PartitionSpec[] {
  const all = nodes.map(({ name }) => name);
  if (config.partitions === undefined)
    return config.nodes === undefined ? base.partitions : [partitionOf({ ...plain, name: 'batch' }, all, 0)];
  const hasDefault = config.partitions.some((partition) => partition.default);
  return config.partitions.map((partition, index) =>
    partitionOf({ ...partition, default: partition.default || (!hasDefault && index === 0) }, all, index),
  );
}

type PartitionConfig = NonNullable<EmulatorConfig['partitions']>[number];

const plain = {
  nodes: 'ALL',
  default: true,
  state: 'UP',
  minNodes: 0,
  oversubscribe: 'NO',
  priorityJobFactor: 1,
  priorityTier: 1,
} as const;

function partitionOf(partition: PartitionConfig, all: readonly string[], index: number): PartitionSpec {
  const { name, nodes, maxNodes, allowAccounts, allowQos, qos, defMemPerCpu, billingWeights: weights } = partition;
  const at = `partitions[${index}]`;
  const wanted = nodes.toUpperCase() === 'ALL' ? all : expandHostlist(nodes);
  if (wanted === undefined) throw invalid(`${at}.nodes`, 'names such as node[01-04], or ALL', nodes);
  const missing = wanted.find((one) => !all.includes(one));
  if (missing !== undefined) throw invalid(`${at}.nodes`, 'nodes of the cluster', missing);
  return {
    name,
    nodes: wanted,
    isDefault: partition.default,
    state: partition.state,
    maxTime: minutes(`${at}.maxTime`, partition.maxTime),
    defaultTime: minutes(`${at}.defaultTime`, partition.defaultTime),
    maxNodes: maxNodes ?? null,
    minNodes: partition.minNodes,
    allowAccounts: allowAccounts ?? null,
    allowQos: allowQos ?? null,
    qos: qos ?? null,
    oversubscribe: partition.oversubscribe,
    priorityJobFactor: partition.priorityJobFactor,
    priorityTier: partition.priorityTier,
    defMemPerCpuMiB: defMemPerCpu ?? null,
    billingWeights: weights === undefined ? null : billingWeights(weights, { at: `${at}.billingWeights` }),
  };
}

function minutes(at: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const limit = parseTimeLimit(text);
  if (limit === undefined) throw invalid(at, 'a time such as 1-00:00:00', text);
  return typeof limit === 'number' ? limit : null;
}

function accountOf(account: NonNullable<EmulatorConfig['accounts']>[number]): AccountSpec {
  const { name, description = name, organization = name, parent, fairshare, limits } = account;
  return { name, description, organization, parent, fairshare, ...(limits === undefined ? {} : { limits: changesOf(limits) }) };
}

function userOf(user: NonNullable<EmulatorConfig['users']>[number], index: number): UserSpec {
  const { name, uid = 2001 + index, group = name, gid = uid, home = `/home/${name}`, admin, accounts, limits } = user;
  return { name, uid, group, gid, home, admin, accounts, ...(limits === undefined ? {} : { limits: changesOf(limits) }) };
}

function changesOf({ qos, ...limits }: NonNullable<NonNullable<EmulatorConfig['users']>[number]['limits']>): AssociationChanges {
  const [first = ''] = qos ?? [];
  const how = first.startsWith('+') ? '+' : first.startsWith('-') ? '-' : '=';
  return { ...given(limits), ...(qos === undefined ? {} : { qos: { how, names: qos.map((word) => word.replace(/^[+-]/, '')) } }) };
}

function qosOf(list: NonNullable<EmulatorConfig['qos']>): readonly QosSpec[] {
  const specs = list.map(({ name, priority, flags, ...changes }): QosSpec => {
    const more = { ...given(changes), ...(flags === undefined ? {} : { flags: { how: '=' as const, names: flags } }) };
    return { name, priority, ...(Object.keys(more).length === 0 ? {} : { changes: more }) };
  });
  return specs.some(({ name }) => name === 'normal') ? specs : [{ name: 'normal', priority: 0 }, ...specs];
}

/** Without the keys that were left out. */
function given<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

function invalid(path: string, expected: string, found: string): SluiceError {
  return new SluiceError('config.invalid', `${path}: expected ${expected}, found "${found}"`);
}
