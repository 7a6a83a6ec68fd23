import type { CommandCall } from './command.ts';
import { helpText } from './help-text.ts';
import { jsonWish } from './json-answer.ts';
import { OptionError, optionErrorText, optionTable, readOptions } from './options.ts';
import { addAccount, addCluster, addQos, addUser, coordinate } from './sacctmgr-add.ts';
import { fail, type SacctmgrCall, SacctmgrEnd } from './sacctmgr-call.ts';
import { modifyCluster, modifyJob, modifyPeople, modifyQos } from './sacctmgr-modify.ts';
import { removeAccount, removeCluster, removeQos, removeUser } from './sacctmgr-remove.ts';
import { show } from './sacctmgr-show.ts';
import { means } from './sacctmgr-words.ts';
import { majorRelease } from './scene.ts';
import { timeTexts } from './time-text.ts';

type Act = (scene: SacctmgrCall, words: readonly string[]) => Promise<number>;
type Entities = readonly (readonly [name: string, least: number, act: Act])[];

const adds: Entities = [
  ['Accounts', 1, addAccount],
  ['Acct', 4, addAccount],
  ['Clusters', 2, addCluster],
  ['Coordinators', 2, (scene, words) => coordinate(scene, words, 'add')],
  ['QOS', 1, addQos],
  ['Users', 1, addUser],
];

const modifies: Entities = [
  ['Accounts', 1, (scene, words) => modifyPeople(scene, words, 'account')],
  ['Acct', 4, (scene, words) => modifyPeople(scene, words, 'account')],
  ['Clusters', 1, modifyCluster],
  ['Job', 1, modifyJob],
  ['QOSs', 1, modifyQos],
  ['Users', 1, (scene, words) => modifyPeople(scene, words, 'user')],
];

const removes: Entities = [
  ['Accounts', 1, removeAccount],
  ['Acct', 4, removeAccount],
  ['Clusters', 2, removeCluster],
  ['Coordinators', 2, (scene, words) => coordinate(scene, words, 'remove')],
  ['QOS', 1, removeQos],
  ['Users', 1, removeUser],
];

const addError =
  'No valid entity in add command\nInput line must include "Account", "Cluster", "Coordinator", "Federation", "QOS", "Resource", or "User"\n';
const modifyError =
  'No valid entity in modify command\nInput line must include "Account", "Cluster", "Federation", "Job", "QOS", "Resource" or "User"\n';

/** What the words at the beginning do; `writes` are refused with `-r`. */
const verbs: readonly { readonly words: readonly (readonly [string, number])[]; readonly writes: boolean; readonly act: Act }[] = [
  {
    words: [
      ['add', 3],
      ['create', 3],
    ],
    writes: true,
    act: over(adds, addError),
  },
  {
    words: [
      ['delete', 3],
      ['remove', 3],
    ],
    writes: true,
    act: over(removes, addError.replace('add command', 'delete command')),
  },
  {
    words: [
      ['modify', 1],
      ['update', 1],
    ],
    writes: true,
    act: over(modifies, modifyError),
  },
  {
    words: [
      ['list', 3],
      ['show', 3],
    ],
    writes: false,
    act: show,
  },
  { words: [['version', 4]], writes: false, act: sayVersion },
  { words: [['help', 2]], writes: false, act: sayHelp },
  { words: [['clear', 3]], writes: true, act: async () => 0 },
];

function over(entities: Entities, error: string): Act {
  return (scene, [entity = '', ...rest]) => {
    const found = entity === '' ? undefined : entities.find(([name, least]) => means(entity, name, least));
    return found === undefined ? fail(scene, error) : found[2](scene, rest);
  };
}

const table = (major: number) =>
  optionTable([
    'help,h',
    'usage',
    'immediate,i',
    'noheader,n',
    'oneliner,o',
    'parsable,p',
    'parsable2,P',
    'quiet,Q',
    'readonly,r',
    'associations,s',
    'verbose,v',
    'version,V',
    ...(major < 2311 ? [] : ['json::', 'yaml::']),
    'autocomplete:',
  ]);

/**
 * sacctmgr: accounts, users, associations, QOS and what is known of the cluster. Words, columns, texts and exit codes are those recorded on
 * 22.05, 24.11 and 26.05 (recordings/sacctmgr); where a change between two of them is not known to be in which release, it is taken to be in
 * the later half. Not there: archive, dump and load, federations, resources, reservations, WCKeys and the interactive mode.
 */
export async function sacctmgr(call: CommandCall): Promise<number> {
  const major = majorRelease(call);
  try {
    const given = readOptions(call.argv, table(major));
    if (given.has('version')) return await sayVersion({ call });
    if (given.has('usage')) return await sayHelp({ call });
    if (given.has('help')) {
      call.out(helpText('sacctmgr', usage, table(major)));
      return 0;
    }
    const database = await call.database();
    const scene: SacctmgrCall = {
      call,
      database,
      major,
      cluster: call.slurm.spec.name,
      times: timeTexts(call.env, database.now()),
      style: {
        header: !given.has('noheader'),
        layout: given.has('parsable2') ? 'between' : given.has('parsable') ? 'ended' : 'table',
      },
      immediate: given.has('immediate'),
      kinds: database.tres(),
      json: jsonWish(given),
    };
    const [verb = '', ...rest] = given.operands;
    if (verb === '') {
      call.out('sacctmgr: \n');
      return 0;
    }
    const found = verbs.find(({ words }) => words.some(([word, least]) => means(verb, word, least)));
    if (found === undefined) return fail(scene, `invalid keyword: ${verb}\n`);
    if (found.writes && given.has('readonly')) return fail(scene, "Can't run this command in readonly mode.\n");
    return await found.act(scene, rest);
  } catch (error) {
    if (error instanceof SacctmgrEnd) return error.code;
    if (!(error instanceof OptionError)) throw error;
    call.err(optionErrorText('sacctmgr', error));
    return 1;
  }
}

async function sayVersion({ call }: Pick<SacctmgrCall, 'call'>): Promise<number> {
  call.out(`slurm ${call.slurm.spec.release}\n`);
  return 0;
}

const usage = 'sacctmgr [<OPTION>] [<COMMAND>]\n    Valid <COMMAND> values are: add, delete, modify, list, show, version, help\n';

async function sayHelp({ call }: Pick<SacctmgrCall, 'call'>): Promise<number> {
  call.out(usage);
  return 0;
}
