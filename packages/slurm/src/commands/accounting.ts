import { type Clock, isCode, SluiceError } from '@sluice/io';
import type { Accounting, AccountingOffers, Answer, ByIdOptions, DaemonStatus, Records, UsageQuery } from '../facets.ts';
import { formatUts } from '../languages/index.ts';
import type { Share, Usage } from '../records.ts';
import { endedJobs, jobsById, listed } from './accounting-ended-jobs.ts';
import type { ReleaseWatch } from './release.ts';
import { type QuestionObservation, sacct } from './sacct.ts';
import { parseEnvironment, storedText, withoutExtraNewline } from './sacct-stored.ts';
import { clusterName, condition, sacctmgr } from './sacctmgr.ts';
import { configSections, configWords } from './sacctmgr-text.ts';
import { sliceLimits } from './slices.ts';
import { Bursts } from './slices-bursts.ts';
import type { SlurmCommands } from './slurm-command.ts';
import { decodeUsage, usageColumns, wholeHours } from './sreport.ts';
import { decodeShares, shareColumns } from './sshare.ts';

export interface AccountingOptions {
  readonly commands: SlurmCommands;
  readonly clock: Clock;
  readonly nonce: () => string;
  readonly release: ReleaseWatch;
  /** Name of the user we run as. */
  readonly user: string;
  /** Cluster that is asked about when a query names none; the local one, without its federation, by default. */
  readonly cluster?: string | undefined;
  /** Called once per question for jobs that was answered whole, for metrics. */
  readonly observe?: ((observation: QuestionObservation) => void) | undefined;
}

const noUsage: Records<Usage> = { records: [], rejects: [] };
const noShares: Records<Share> = { records: [], rejects: [] };

/** History and usage by sacct, sacctmgr, sreport and sshare, for the releases 22.05 to 26.05. */
export function commandsAccounting(options: AccountingOptions): Accounting {
  const { commands, clock, nonce, release, user, observe } = options;
  const jobs = sacct({ commands, nonce, observe });
  const bursts = new Bursts(clock, sliceLimits.cap);
  const manager = sacctmgr(commands);
  const ownClusters = options.cluster === undefined ? undefined : [options.cluster];

  /** The option that names the cluster, one per cluster: a question is about one only. */
  function scopes(clusters: readonly string[] | undefined): readonly string[] {
    const names = clusters ?? ownClusters;
    return names === undefined || names.length === 0 ? ['--local'] : names.map((name) => `--clusters=${clusterName(name)}`);
  }

  async function offers(): Promise<AccountingOffers> {
    const [current, { missing }, stored] = await Promise.all([release.current(), jobs.columns(), storeFlags(commands)]);
    return {
      release: current,
      missing,
      batchScript: stored === undefined || stored.includes('job_script'),
      environment: stored === undefined || stored.includes('job_env'),
      restarts: !missing.includes('restarts'),
    };
  }

  /** Resource-seconds of whole hours: slurmdbd rolls up at the full hour, what is younger is not in it. */
  async function usage(query: UsageQuery): Promise<Records<Usage>> {
    const { from, to } = wholeHours(query);
    if (from >= to || query.accounts?.length === 0 || query.users?.length === 0) return noUsage;
    const cluster = query.cluster ?? options.cluster;
    const { stdout } = await commands.run('sreport', [
      ...['-n', '-P', '-t', 'seconds', '-T', 'ALL', 'cluster', 'AccountUtilizationByUser'],
      ...[`start=${formatUts(from)}`, `end=${formatUts(to)}`],
      ...condition('clusters', cluster === undefined ? undefined : [cluster]),
      ...condition('accounts', query.accounts),
      ...condition('users', query.users),
      `format=${usageColumns.join(',')}`,
    ]);
    return decodeUsage(stdout.toString('utf8'));
  }

  async function shares(query: { readonly cluster?: string; readonly accounts?: readonly string[] } = {}): Promise<Records<Share>> {
    if (query.accounts?.length === 0) return noShares;
    const cluster = query.cluster ?? options.cluster;
    const { stdout } = await commands.run('sshare', [
      ...['-n', '-P', '-a', '-o', shareColumns.join(',')],
      ...(cluster === undefined ? [] : [`--clusters=${clusterName(cluster)}`]),
      ...listed('--accounts', query.accounts),
    ]);
    return decodeShares(stdout.toString('utf8'));
  }

  async function stored(option: string, headline: string, jobId: number, byId: ByIdOptions): Promise<Answer<string>> {
    try {
      const args = [...scopes(byId.clusters).slice(0, 1), option, '-j', `${jobId}`];
      const { stdout } = await commands.run('sacct', args, byId.signal === undefined ? {} : { signal: byId.signal });
      const answer = storedText(stdout.toString('utf8'), headline, jobId);
      if (answer.kind !== 'known' || (await release.current()).major >= 2411) return answer;
      return { kind: 'known', value: withoutExtraNewline(answer.value) };
    } catch (error) {
      return { kind: 'unasked', error: typed(error) };
    }
  }

  async function environment(jobId: number, byId: ByIdOptions = {}): Promise<Answer<Readonly<Record<string, string>>>> {
    const answer = await stored('--env-vars', 'Environment used for ', jobId, byId);
    return answer.kind === 'known' ? { kind: 'known', value: parseEnvironment(answer.value) } : answer;
  }

  async function ping(): Promise<DaemonStatus> {
    const began = clock.monotonic();
    try {
      await manager.clusters();
      return { up: true, milliseconds: clock.monotonic() - began };
    } catch (error) {
      return { up: false, error: typed(error) };
    }
  }

  return {
    offers,
    privileges: () => manager.privileges(user),
    endedJobs: (query) => endedJobs({ sacct: jobs, bursts, limits: sliceLimits }, query, scopes(query.clusters)),
    jobsById: (jobIds, byId = {}) => jobsById(jobs, jobIds, scopes(byId.clusters), byId),
    usage,
    shares,
    clusters: manager.clusters,
    accounts: manager.accounts,
    users: manager.users,
    associations: (query = {}) => manager.associations(query),
    qos: manager.qos,
    tres: manager.tres,
    batchScript: (jobId, byId = {}) => stored('--batch-script', 'Batch Script for ', jobId, byId),
    environment,
    runawayJobs: (cluster) => manager.runawayJobs(cluster ?? options.cluster),
    ping,
  };
}

/** AccountingStoreFlags of slurm.conf; undefined while no slurmctld answers, for only it can be asked. */
async function storeFlags(commands: SlurmCommands): Promise<readonly string[] | undefined> {
  try {
    const { stdout } = await commands.run('scontrol', ['show', 'config']);
    return configWords(configSections(stdout.toString('utf8')).get('')?.get('AccountingStoreFlags'));
  } catch (error) {
    if (isCode(error, 'slurm.unreachable', 'process.timeout')) return undefined;
    throw error;
  }
}

function typed(error: unknown): SluiceError {
  return error instanceof SluiceError ? error : new SluiceError('internal', String(error), { cause: error });
}
