import { expandHostlist, parseArrayTasks } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import type { CommandCall } from './command.ts';
import type { GivenOptions } from './options.ts';

/** A command line that scancel refuses, with its words. */
export class ChoiceError extends Error {}

/** Which jobs are meant, and what they get. */
export interface Choice {
  readonly ids: readonly string[];
  /** Null: the job is cancelled. */
  readonly signal: number | null;
  readonly account: string | undefined;
  readonly name: string | undefined;
  readonly partition: string | undefined;
  readonly qos: string | undefined;
  readonly reservation: string | undefined;
  readonly wckey: string | undefined;
  /** As given, with the uid. */
  readonly user: { readonly word: string; readonly uid: number } | undefined;
  readonly state: string | undefined;
  readonly nodes: { readonly word: string; readonly names: ReadonlySet<string> } | undefined;
  /** Nothing but ids: slurmctld is asked for each, whatever there is. */
  readonly isPlain: boolean;
}

/** Signals by their names, as scancel takes them. */
const signals: Readonly<Record<string, number>> = {
  ...{ HUP: 1, INT: 2, QUIT: 3, ABRT: 6, KILL: 9, USR1: 10, USR2: 12, ALRM: 14, TERM: 15, CONT: 18, STOP: 19 },
  ...{ TSTP: 20, TTIN: 21, TTOU: 22, URG: 23, XCPU: 24 },
};

/** Throws {@link ChoiceError}. Options come from the environment where they were not given (scancel(1), "ENVIRONMENT VARIABLES"). */
export function choiceOf(given: GivenOptions, call: CommandCall): Choice {
  const option = (name: string) => given.value(name) ?? call.env[`SCANCEL_${name.toUpperCase()}`];
  const state = option('state')?.toUpperCase();
  if (state !== undefined && !states.has(state)) {
    throw new ChoiceError(`Invalid job state specified: ${option('state')}\nValid job states are PENDING, RUNNING, and SUSPENDED\n`);
  }
  const nodeWord = given.value('nodelist');
  const chosen = {
    signal: signalOf(option('signal') ?? (given.has('batch') || given.has('full') ? 'KILL' : undefined)),
    account: option('account'),
    name: given.value('name'),
    partition: option('partition'),
    qos: option('qos'),
    reservation: given.value('reservation'),
    wckey: option('wckey'),
    user: userOf(given, option('user'), call),
    state: state === undefined ? undefined : states.get(state),
    nodes: nodeWord === undefined ? undefined : { word: nodeWord, names: new Set(expandHostlist(nodeWord) ?? []) },
  };
  const ids = given.operands.flatMap((word) => idsOf(word));
  const isFiltered = Object.entries(chosen).some(([key, value]) => key !== 'signal' && value !== undefined);
  if (ids.length === 0 && !isFiltered) throw new ChoiceError('scancel: error: No job identification provided\n');
  return { ...chosen, ids, isPlain: ids.length > 0 && !isFiltered && chosen.signal === null && !given.has('interactive') };
}

const states: ReadonlyMap<string, string> = new Map([
  ['PENDING', 'PENDING'],
  ['PD', 'PENDING'],
  ['RUNNING', 'RUNNING'],
  ['R', 'RUNNING'],
  ['SUSPENDED', 'SUSPENDED'],
  ['S', 'SUSPENDED'],
  // They are taken without a word, and mean no job that could be cancelled.
  ['COMPLETING', 'COMPLETING'],
  ['CG', 'COMPLETING'],
  ['CONFIGURING', 'CONFIGURING'],
  ['CF', 'CONFIGURING'],
]);

function signalOf(word: string | undefined): number | null {
  if (word === undefined) return null;
  const number = /^\d{1,3}$/.test(word) ? Number(word) : (signals[word.toUpperCase().replace(/^SIG/, '')] ?? 0);
  if (number < 1) throw new ChoiceError(`Unknown job signal: ${word}\n`);
  return number;
}

function userOf(given: GivenOptions, word: string | undefined, { as, slurm }: CommandCall): Choice['user'] {
  if (given.has('me')) return { word: `${as.uid}`, uid: as.uid };
  if (word === undefined) return undefined;
  const user = slurm.spec.users.find(({ name, uid }) => name === word || `${uid}` === word);
  if (user !== undefined) return { word, uid: user.uid };
  if (word === as.user || word === `${as.uid}`) return { word, uid: as.uid };
  if (word === 'root' || word === '0') return { word, uid: 0 };
  throw new ChoiceError(`scancel: error: Invalid user name: ${word}\n`);
}

/** One word may name several, parted by commas; throws for one that is none. */
function idsOf(word: string): readonly string[] {
  return word.split(/,(?![^[]*\])/).map((id) => {
    const [, number = '', tasks] = /^(\d{1,10})(?:\+\d{1,3}|_(\d{1,10}|\*|\[.+\]))?(?:\.\d{1,5})?$/.exec(id) ?? [];
    const isList = tasks === undefined || !tasks.startsWith('[') || parseArrayTasks(tasks.slice(1, -1)) !== undefined;
    if (number !== '' && Number(number) > 0 && isList) return id;
    throw new ChoiceError(`scancel: error: Invalid job id ${word}\n`);
  });
}

export function isChosen(job: EmulatedJob, choice: Choice): boolean {
  const { account, name, partition, qos, reservation, wckey, user, state, nodes } = choice;
  return (
    (account === undefined || job.account === account) &&
    (name === undefined || job.name === name) &&
    (partition === undefined || job.partitions.includes(partition)) &&
    (qos === undefined || job.qos === qos) &&
    (reservation === undefined || job.reservation === reservation) &&
    (wckey === undefined || job.request.wckey === wckey) &&
    (user === undefined || job.uid === user.uid) &&
    (state === undefined || job.state === state) &&
    (nodes === undefined || job.nodes.some((node) => nodes.names.has(node)))
  );
}

/** The choice as `scancel -v` names it when there is no such job. */
export function choiceWords(choice: Choice): string {
  const { account, name, nodes, partition, qos, reservation, state, user, wckey } = choice;
  const words: readonly (readonly [string, string | undefined])[] = [
    ['account', account],
    ['job_name', name],
    ['nodelist', nodes?.word],
    ['partition', partition],
    ['qos', qos],
    ['reservation', reservation],
    ['state', state],
    ['user_name', user?.word],
    ['wckey', wckey],
  ];
  return words.flatMap(([key, value]) => (value === undefined ? [] : `${key}=${value} `)).join('');
}
