import { join } from 'node:path';
import { SluiceError } from '@sluice/io';
import type { AccountingAdmin, AssociationKey, Outcome, Plan } from '../facets.ts';
import { limitSettings, nameWord, qosSettings, setting } from './accounting-admin-words.ts';
import { classifyFailure } from './failure.ts';
import type { ReleaseWatch } from './release.ts';
import { shellWords } from './shell-words.ts';
import type { SlurmCommands } from './slurm-command.ts';

export interface AccountingAdminOptions {
  readonly commands: SlurmCommands;
  readonly release: ReleaseWatch;
  /** Cluster that is changed when a call names none; all clusters of slurmdbd that match otherwise. */
  readonly cluster?: string | undefined;
  /** For the text of plans: where the commands are, and which slurm.conf they read. */
  readonly binPath?: string | undefined;
  readonly conf?: string | undefined;
}

/**
 * What sacctmgr says, with exit code 1, when nothing had to be done or nothing matched; recorded on 22.05, 24.11 and 26.05
 * (recordings/accounting/RELEASE/admin.json.gz).
 */
const nothingDone = /nothing (?:new )?(?:added|deleted|modified)|already exist|request didn't affect anything/i;
/** What it says when something it was to add to does not exist. */
const noSuch = /(?:doesn't|does not|don't) exist|no (?:parent )?account \S+ on cluster/i;

/**
 * Accounts, users, associations and QOS by sacctmgr. Names are written as `name=…`, so that none can be an option; Slurm
 * itself turns names of accounts, users and QOS into lower case. sacctmgr says "modified" for whatever matched, hence a
 * change to the value that was there already is `changed`.
 */
export function commandsAccountingAdmin(options: AccountingAdminOptions): AccountingAdmin {
  const { commands, release } = options;

  function plan(args: readonly string[]): Plan<Outcome> {
    const argv = ['-i', ...args];
    const setting = options.conf === undefined ? '' : `SLURM_CONF=${shellWords([options.conf])} `;
    const command = options.binPath === undefined ? 'sacctmgr' : join(options.binPath, 'sacctmgr');
    return { kind: 'argv', text: `${setting}${shellWords([command, ...argv])}`, run: (signal) => run(argv, signal) };
  }

  async function run(argv: readonly string[], signal: AbortSignal | undefined): Promise<Outcome> {
    const ended = await commands.run('sacctmgr', argv, { okCodes: [0, 1], ...(signal === undefined ? {} : { signal }) });
    const said = `${ended.stderr}\n${ended.stdout.toString('utf8')}`;
    if (/denied|not authorized/i.test(said)) throw classifyFailure('sacctmgr', { ...ended, stderr: said });
    const [, verb] = argv;
    const unknown = verb === 'modify' ? nothingDone.test(said) || noSuch.test(said) : verb === 'add' && noSuch.test(said);
    if (unknown) throw new SluiceError('slurm.unknown', `sacctmgr: ${oneLine(said)}`, { hint: `Asked was: ${shellWords(argv)}` });
    if (nothingDone.test(said)) return 'unchanged';
    if (ended.code !== 0) throw classifyFailure('sacctmgr', { ...ended, stderr: said });
    return 'changed';
  }

  function onCluster(cluster: string | undefined): readonly string[] {
    const name = cluster ?? options.cluster;
    return name === undefined ? [] : [nameWord('cluster', name)];
  }

  /** The association that a key names, as entity and conditions of `modify`. */
  function association(key: AssociationKey): readonly string[] {
    if (key.user === undefined) {
      if (key.partition !== undefined) throw new SluiceError('data.invalid', 'an account has no association of its own with a partition');
      return ['account', 'where', nameWord('name', key.account), ...onCluster(key.cluster)];
    }
    const partition = key.partition === undefined ? [] : [nameWord('partition', key.partition)];
    return ['user', 'where', nameWord('name', key.user), nameWord('account', key.account), ...onCluster(key.cluster), ...partition];
  }

  function modify(entity: readonly string[], settings: readonly string[]): Plan<Outcome> {
    if (settings.length > 0) return plan(['modify', ...entity, 'set', ...settings]);
    return { kind: 'argv', text: 'true # nothing to change', run: () => Promise.resolve('unchanged') };
  }

  return {
    offers: async () => ({ release: await release.current() }),
    addAccount: ({ name, description, organization }, { parent, cluster } = {}) =>
      plan([
        ...['add', 'account', nameWord('name', name)],
        ...(description === '' ? [] : [setting('description', description)]),
        ...(organization === '' ? [] : [setting('organization', organization)]),
        ...(parent === undefined ? [] : [nameWord('parent', parent)]),
        ...onCluster(cluster),
      ]),
    modifyAccount: (name, { description, organization, parent }) =>
      modify(
        ['account', 'where', nameWord('name', name), ...onCluster(undefined)],
        [
          ...(description === undefined ? [] : [setting('description', description)]),
          ...(organization === undefined ? [] : [setting('organization', organization)]),
          ...(parent === undefined ? [] : [nameWord('parent', parent)]),
        ],
      ),
    removeAccount: (name, { cluster } = {}) => plan(['remove', 'account', 'where', nameWord('name', name), ...onCluster(cluster)]),
    addUser: (name, { account, cluster, defaultAccount }) =>
      plan([
        ...['add', 'user', nameWord('name', name), nameWord('account', account)],
        ...(defaultAccount === true ? [nameWord('defaultaccount', account)] : []),
        ...onCluster(cluster),
      ]),
    removeUser: (name, { account, cluster } = {}) =>
      plan([
        ...['remove', 'user', 'where', nameWord('name', name)],
        ...(account === undefined ? [] : [nameWord('account', account)]),
        ...onCluster(cluster),
      ]),
    setDefaultAccount: (name, account) =>
      modify(['user', 'where', nameWord('name', name), ...onCluster(undefined)], [nameWord('defaultaccount', account)]),
    setLimits: (key, changes) => modify(association(key), limitSettings(changes)),
    resetRawUsage: (key) => modify(association(key), ['rawusage=0']),
    addQos: (name, changes = {}) => plan(['add', 'qos', nameWord('name', name), ...qosSettings(changes)]),
    modifyQos: (name, changes) => modify(['qos', 'where', nameWord('name', name)], qosSettings(changes)),
    removeQos: (name) => plan(['remove', 'qos', 'where', nameWord('name', name)]),
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 1000);
}
