import { isCode } from '@sluice/io';
import type { ControllerStatus, Node } from '@sluice/slurm';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { sameHost } from '../daemon/role.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { isTestedRelease, testedReleases } from '../observe/tested-releases.ts';
import type { Saying } from './finding.ts';
import { checkSlurmConf, type SlurmConf } from './slurm-conf.ts';

export interface SlurmCheckOptions {
  readonly config: AdapterConfig;
  readonly connect: (cluster: string | undefined) => SlurmReader;
  readonly hostname: string;
  /** Name of the user that the daemon runs as. */
  readonly userName: string;
}

/** What the other checks need of Slurm; null where it could not be asked. */
export interface SlurmFound {
  readonly conf: SlurmConf | null;
  /** Clusters that would be observed, the local one first. */
  readonly clusters: readonly string[];
  readonly nodes: ReadonlyMap<string, readonly Node[]>;
}

/** Asks Slurm everything once; a cause that all questions share is said once. */
export async function checkSlurm(options: SlurmCheckOptions, say: Saying): Promise<SlurmFound> {
  const { config, connect, hostname, userName } = options;
  const nothing: SlurmFound = { conf: null, clusters: [], nodes: new Map() };
  const { controller, accounting } = connect(undefined);
  try {
    checkControllers(await controller.ping(), config.controllerHost ?? hostname, say);
  } catch (error) {
    const missing = isCode(error, 'process.missing');
    say.failed(missing ? 'Slurm’s commands' : 'slurmctld', error, missing ? missingHint : undefined);
    if (isCode(error, 'process.missing', 'process.denied')) return nothing;
  }
  const conf = await asked('slurm.conf', say, async () => {
    const found = await controller.config();
    checkSlurmConf(found, config, userName, say);
    return found;
  });
  await asked('release', say, async () => {
    const { release } = await controller.offers();
    if (isTestedRelease(release.text)) say.ok('release', `Slurm ${release.text}`);
    else say.warn('release', `Slurm ${release.text}`, `Sluice is tested with ${testedReleases}: try it on a test system first`);
  });
  const accountingUp = await checkAccounting(accounting, say);
  if (accountingUp) {
    await asked('privileges', say, () => checkPrivileges(accounting, say));
    await asked('records waiting for slurmdbd', say, () => checkQueue(controller, say));
  }
  const clusters = conf ? ((await asked('clusters', say, () => clustersOf(conf, config, accounting, accountingUp, say))) ?? []) : [];
  return { conf: conf ?? null, clusters, nodes: await nodesOf(clusters, conf?.['ClusterName'], connect, say) };
}

const missingHint = 'Install Slurm’s commands on this host, or name their directory: slurmBinPath';

async function asked<T>(what: string, say: Saying, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    say.failed(what, error);
    return undefined;
  }
}

function checkControllers(controllers: readonly ControllerStatus[], host: string, say: Saying): void {
  const words = controllers.map((one) => `${one.host} ${one.up ? 'up' : 'DOWN'}`).join(', ');
  const acting = controllers.find(({ up }) => up);
  if (!acting) {
    say.error('slurmctld', words === '' ? 'slurm.conf names none' : words, 'see its log on that host', unavailable);
    return;
  }
  if (controllers.length < 2) {
    say.ok('slurmctld', words);
    return;
  }
  if (!controllers.some((one) => sameHost(one.host, host))) {
    say.warn(
      'slurmctld',
      `${words}; this host (${host}) is none of them, so its daemon delivers always: a second one elsewhere would, too`,
      'run one daemon only, or say which of them this host is: controllerHost',
    );
    return;
  }
  const role = sameHost(acting.host, host) ? 'this one acts, so its daemon delivers' : `${acting.host} acts, so the daemon there delivers`;
  say.ok('slurmctld', `${words}; ${role}`);
  for (const one of controllers.filter(({ up }) => !up)) {
    say.warn(
      'slurmctld',
      `${one.host} is down: every question waits MessageTimeout for it`,
      'bring it up, or take it out of SlurmctldHost',
    );
  }
}

async function checkAccounting(accounting: SlurmReader['accounting'], say: Saying): Promise<boolean> {
  const status = await accounting.ping();
  if (status.up) say.ok('slurmdbd', `answers in ${Math.round(status.milliseconds)} ms`);
  else say.failed('slurmdbd', status.error, status.error.hint ?? 'see whether slurmdbd runs, and its log');
  return status.up;
}

async function checkPrivileges(accounting: SlurmReader['accounting'], say: Saying): Promise<void> {
  const { user, adminLevel, privateData, maxQueryTimeRange } = await accounting.privileges();
  const hidden = [...new Set([...privateData.controller, ...privateData.accounting])];
  const says = `${user} has AdminLevel ${adminLevel}; PrivateData ${hidden.length > 0 ? hidden.join(',') : 'none'}`;
  const grant = `sacctmgr -i modify user ${user} set AdminLevel=Operator`;
  if (adminLevel === 'None' && hidden.length > 0) {
    say.error('privileges', `${says}: jobs of others stay hidden`, `${grant} (first: sacctmgr -i add user ${user} account=root)`, denied);
  } else say.ok('privileges', says);
  if (maxQueryTimeRange === null) return;
  const range = `MaxQueryTimeRange ${maxQueryTimeRange}`;
  if (adminLevel !== 'None') say.ok('MaxQueryTimeRange', `${range}; it does not bind ${user}`);
  else say.warn('MaxQueryTimeRange', `${range}: a question about a longer span is refused, and its history missing`, grant);
}

async function checkQueue(controller: SlurmReader['controller'], say: Saying): Promise<void> {
  const what = 'records waiting for slurmdbd';
  const { dbdAgentQueue } = await controller.diagnostics();
  if (dbdAgentQueue === 0) say.ok(what, 'none');
  else if (dbdAgentQueue !== null)
    say.warn(what, `${dbdAgentQueue}: accounting is late by these`, 'see whether slurmdbd and its database keep up');
}

async function clustersOf(
  conf: SlurmConf,
  config: AdapterConfig,
  accounting: SlurmReader['accounting'],
  accountingUp: boolean,
  say: Saying,
): Promise<readonly string[]> {
  const local = conf['ClusterName'] ?? '';
  const known = accountingUp ? (await accounting.clusters()).records : [];
  const registered = known.filter(({ controlHost }) => controlHost !== '').map(({ name }) => name);
  if (accountingUp && !registered.includes(local)) {
    say.error('clusters', `slurmdbd does not know ${local}, the cluster of this host`, `sacctmgr -i add cluster ${local}`);
  }
  const wanted = config.clusters === 'all' ? [local, ...registered.filter((name) => name !== local)] : config.clusters;
  const unknown = wanted.filter((name) => accountingUp && !known.some((one) => one.name === name) && name !== local);
  for (const name of unknown) say.error('clusters', `slurmdbd does not know ${name}`, 'correct it in the key clusters');
  for (const name of config.clusterNames.keys()) {
    if (accountingUp && !known.some((one) => one.name === name)) {
      say.warn('clusterNames', `slurmdbd knows no cluster ${name}`, `its names: ${known.map((one) => one.name).join(', ')}`);
    }
  }
  const found = wanted.filter((name) => !unknown.includes(name));
  if (found.length > 0) say.ok('clusters', found.join(', '));
  return found;
}

async function nodesOf(
  clusters: readonly string[],
  local: string | undefined,
  connect: SlurmCheckOptions['connect'],
  say: Saying,
): Promise<ReadonlyMap<string, readonly Node[]>> {
  const nodes = new Map<string, readonly Node[]>();
  for (const cluster of clusters) {
    const found = await asked(`nodes of ${cluster}`, say, () => connect(cluster === local ? undefined : cluster).controller.nodes());
    if (!found) continue;
    nodes.set(cluster, found.records);
    const [reject] = found.rejects;
    if (reject) say.warn(`nodes of ${cluster}`, `${found.rejects.length} could not be read: ${reject.reason}: ${reject.excerpt}`);
  }
  return nodes;
}

/** EX_UNAVAILABLE and EX_NOPERM of sysexits.h. */
const unavailable = 69;
const denied = 77;
