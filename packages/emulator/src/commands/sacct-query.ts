import { expandHostlist } from '@sluice/slurm';
import type { JobRowQuery } from '../model/slurmdbd.ts';
import type { CommandCall } from './command.ts';
import type { GivenOptions } from './options.ts';
import { readJobState } from './state-words.ts';
import type { TimeTexts } from './time-text.ts';
import { invalidTimeText, readTimeWords } from './time-words.ts';

/** Which rows are asked for, and of which jobs which steps alone. */
export interface SacctQuestion {
  readonly query: JobRowQuery;
  /** `8.batch` beside `8`: the step alone is wanted; null: all. */
  readonly steps: readonly string[] | null;
  readonly from: number | null;
  readonly to: number | null;
}

/** What stands in the way, as sacct says it; its exit code is 1. */
export class SacctRefusal extends Error {}

const words = (text: string | undefined) => text?.split(',').filter((word) => word !== '');

/** Reads the options that choose rows. */
export function questionOf(call: CommandCall, given: GivenOptions, { times, now }: { times: TimeTexts; now: number }): SacctQuestion {
  const time = (name: string): number | undefined => {
    const text = given.value(name);
    if (text === undefined) return undefined;
    const read = readTimeWords(text, { now, zone: times.zone, past: true });
    if ('position' in read) throw new SacctRefusal(invalidTimeText(read.position, text));
    return read.epoch;
  };
  const jobs = words(given.value('jobs'))?.map((text) => jobOf(text));
  const states = statesOf(given);
  const until = time('endtime');
  const today = times.zone.wall(now);
  const midnight = times.zone.epoch({ ...today, hour: 0, minute: 0, second: 0 });
  // Without a start: all of a job's rows, those of the states now, or those of today.
  const from = time('starttime') ?? (jobs !== undefined ? undefined : states !== undefined && until === undefined ? now : midnight);
  if (from !== undefined && until !== undefined && from > until) {
    throw new SacctRefusal(`sacct: error: Start time (${times.time(from)}) requested is after end time (${times.time(until)}).\n`);
  }
  const nodes = given.value('nodelist');
  const query: JobRowQuery = {
    ...optional('from', from),
    // A window without an end ends now: a run that is not eligible yet lies beyond it.
    ...optional('to', until ?? (from !== undefined && states === undefined ? now : undefined)),
    ...optional(
      'jobIds',
      jobs?.map(({ id }) => id),
    ),
    ...optional('users', usersOf(call, given, jobs !== undefined || nodes !== undefined)),
    ...optional('accounts', words(given.value('accounts'))),
    ...optional('partitions', words(given.value('partition'))),
    ...optional('qos', qosOf(call, given)),
    ...optional('names', words(given.value('name'))),
    ...optional('nodes', nodes === undefined ? undefined : (expandHostlist(nodes) ?? [])),
    ...optional('states', states),
    ...optional('clusters', clustersOf(call, given)),
    ...optional('associationIds', words(given.value('associations'))?.map(Number)),
    ...(given.has('duplicates') ? { duplicates: true } : {}),
  };
  const steps = jobs?.every(({ step }) => step !== null) ? jobs.map(({ id, step }) => `${id}.${step}`) : null;
  return { query, steps, from: from ?? null, to: until ?? null };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

/** `17`, `17_3`, `15+1`, each with a step behind a point. */
function jobOf(text: string): { readonly id: string; readonly step: string | null } {
  const [, id, step] = /^(\d+(?:_(?:\d+|\[[\d,-]+\]))?(?:\+\d+)?)(?:\.(batch|extern|interactive|\d+)(?:\+\d+)?)?$/.exec(text) ?? [];
  if (id === undefined) throw new SacctRefusal(`sacct: fatal: Bad job/step specified: ${text}\n`);
  return { id, step: step ?? null };
}

function statesOf(given: GivenOptions): readonly string[] | undefined {
  return words(given.value('state'))?.map((word) => {
    const state = readJobState(word);
    if (state === undefined) throw new SacctRefusal(`sacct: fatal: unrecognized job state value '${word}'\n`);
    return state.state;
  });
}

/** Users by name: those that were named, else the caller, unless it is root or asks for all or for jobs by number. */
function usersOf({ as, slurm }: CommandCall, given: GivenOptions, isNamed: boolean): readonly string[] | undefined {
  const named = words(given.value('user'));
  const nameOf = (uid: number) => (uid === 0 ? 'root' : slurm.spec.users.find((user) => user.uid === uid)?.name);
  if (named !== undefined) {
    return named.map((word) => {
      const isKnown = word === 'root' || word === as.user || slurm.spec.users.some(({ name }) => name === word);
      const name = isKnown ? word : /^\d+$/.test(word) ? nameOf(Number(word)) : undefined;
      if (name === undefined && !/^\d+$/.test(word)) throw new SacctRefusal(`sacct: error: Invalid user id: ${word}\n`);
      return name ?? word;
    });
  }
  return given.has('allusers') || isNamed || as.uid === 0 ? undefined : [as.user];
}

function qosOf({ slurm }: CommandCall, given: GivenOptions): readonly string[] | undefined {
  const asked = words(given.value('qos'));
  if (asked === undefined) return undefined;
  const known = slurm.database.qos();
  return asked.map((word) => {
    const found = known.find(({ id, name }) => name === word || `${id}` === word);
    if (found === undefined) {
      const names = known.map(({ name }) => name).join(',');
      throw new SacctRefusal(
        `sacct: error: You gave a bad qos '${word}'. Valid QOS's are ${names}\nsacct: fatal: problem processing qos list\n`,
      );
    }
    return found.name;
  });
}

/** The own cluster's rows, unless others are named or all are asked for. */
function clustersOf({ env, slurm }: CommandCall, given: GivenOptions): readonly string[] | undefined {
  const named = words(given.value('clusters') ?? (given.has('local') ? undefined : env['SLURM_CLUSTERS']));
  if (given.has('allclusters') || named?.includes('all')) return undefined;
  return named ?? [slurm.spec.name];
}
