import type { Epoch } from '@sluice/slurm';
import { tresName } from '../accounting/tres-kinds.ts';
import type { ClusterHour, Slurmdbd } from '../model/slurmdbd.ts';
import type { CommandCall } from './command.ts';
import type { GivenOptions } from './options.ts';
import type { TableStyle } from './sacctmgr-call.ts';
import type { Field } from './sacctmgr-fields.ts';
import { type Cells, writeTable } from './sacctmgr-table.ts';
import { means, nameList, readWord } from './sacctmgr-words.ts';
import { type TimeTexts, timeTexts } from './time-text.ts';
import { invalidTimeText, readTimeWords } from './time-words.ts';

/** How usage is written (`-t`). */
interface Unit {
  readonly word: string;
  readonly text: string;
  readonly seconds: number | null;
  readonly percent: boolean;
}

const units: readonly Unit[] = [
  { word: 'SecPer', text: 'Seconds/Percentage of Total', seconds: 1, percent: true },
  { word: 'MinPer', text: 'Minutes/Percentage of Total', seconds: 60, percent: true },
  { word: 'HourPer', text: 'Hours/Percentage of Total', seconds: 3600, percent: true },
  { word: 'Seconds', text: 'Seconds', seconds: 1, percent: false },
  { word: 'Minutes', text: 'Minutes', seconds: 60, percent: false },
  { word: 'Hours', text: 'Hours', seconds: 3600, percent: false },
  { word: 'Percent', text: 'Percentage of Total', seconds: null, percent: true },
];
const minutes: Unit = { word: 'Minutes', text: 'Minutes', seconds: 60, percent: false };

export interface SreportCall {
  readonly call: CommandCall;
  readonly database: Slurmdbd;
  readonly major: number;
  readonly cluster: string;
  readonly times: TimeTexts;
  readonly style: TableStyle;
  readonly unit: Unit;
  /** Names in the order in which they were asked for; `cpu` where none were. */
  readonly tres: readonly string[];
  /** Whether `-T` was given: then each has a row of its own. */
  readonly byTres: boolean;
}

export class SreportEnd extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`sreport ends with ${code}`);
    this.code = code;
  }
}

export async function readSreportCall(call: CommandCall, given: GivenOptions, major: number): Promise<SreportCall> {
  const database = await call.database();
  const wanted = given.value('tres');
  const known = database.tres().map(tresName);
  const tres = wanted === undefined ? ['cpu'] : /^all$/i.test(wanted) ? known : wanted.split(',').filter((name) => known.includes(name));
  if (tres.length === 0) {
    call.err('sreport: fatal: No valid TRES given\n');
    throw new SreportEnd(1);
  }
  const time = given.value('time');
  const unit = time === undefined ? minutes : units.find(({ word }) => means(time, word, word.endsWith('Per') ? 4 : 1));
  if (unit === undefined) call.err(`unknown time format ${time}\n`);
  return {
    call,
    database,
    major,
    cluster: call.slurm.spec.name,
    times: timeTexts({ TZ: call.env['TZ'] ?? 'UTC' }, database.now()),
    style: { header: !given.has('noheader'), layout: given.has('parsable2') ? 'between' : given.has('parsable') ? 'ended' : 'table' },
    unit: unit ?? minutes,
    tres,
    byTres: wanted !== undefined,
  };
}

export interface ReportConditions {
  /** Whole hours; `to` is exclusive. */
  readonly from: Epoch;
  readonly to: Epoch;
  readonly accounts: readonly string[] | undefined;
  readonly users: readonly string[] | undefined;
  readonly format: readonly string[] | undefined;
  readonly tree: boolean;
  readonly flatView: boolean;
  readonly topCount: number;
  readonly grouping: readonly number[];
  readonly jobCount: boolean;
}

type Setter = (value: string) => void;

/**
 * Words behind a report's name. Yesterday is reported where no times are given; both times go to the nearest hour, from 25.05 on down to the
 * hour (recordings final/sreport-*).
 */
export function readConditions({ call, database, times, major }: SreportCall, words: readonly string[]): ReportConditions {
  const now = database.now();
  const today = times.zone.wall(now);
  const midnight = times.zone.epoch({ ...today, hour: 0, minute: 0, second: 0 });
  const { hour: _, ...yesterday } = times.zone.wall(midnight - 43_200);
  let from = times.zone.epoch({ ...yesterday, hour: 0, minute: 0, second: 0 });
  let to = midnight;
  const read: { accounts?: string[]; users?: string[]; format?: string[] } = {};
  let [topCount, grouping] = [10, [50, 250, 500, 1000] as readonly number[]];
  const flags = new Set<string>();
  const timeOf = (text: string, usual: Epoch): Epoch => {
    const answer = readTimeWords(text, { now, zone: times.zone, past: true });
    if ('epoch' in answer) return answer.epoch;
    call.err(invalidTimeText(answer.position, text));
    return usual;
  };
  const setters: readonly (readonly [word: string, least: number, set: Setter])[] = [
    ['Accounts', 2, (value) => (read.accounts = [...(read.accounts ?? []), ...nameList(value)])],
    ['Acct', 4, (value) => (read.accounts = [...(read.accounts ?? []), ...nameList(value)])],
    ['Clusters', 1, () => {}],
    ['End', 1, (value) => (to = timeOf(value, to))],
    ['Format', 1, (value) => (read.format = [...(read.format ?? []), ...value.split(',')])],
    ['Grouping', 2, (value) => (grouping = value.split(',').map(Number).filter(Number.isFinite))],
    ['Start', 1, (value) => (from = timeOf(value, from))],
    ['TopCount', 4, (value) => (topCount = Number(value))],
    ['Users', 1, (value) => (read.users = [...(read.users ?? []), ...nameList(value)])],
  ];
  for (const text of words) {
    const { key, value } = readWord(text);
    const flag = ['AcctAsParent', 'All_clusters', 'FlatView', 'Group', 'PrintJobCount', 'Tree', 'Where', 'withDeleted'].find((name) =>
      means(text, name, 3),
    );
    const setter = key === '' ? undefined : setters.find(([name, least]) => means(key, name, least));
    if (key === '' && flag !== undefined) flags.add(flag);
    else if (setter !== undefined) setter[2](value);
    else {
      call.err(` Unknown condition: ${text}\n`);
      throw new SreportEnd(1);
    }
  }
  const wholeHour = (time: Epoch): Epoch => (major < 2505 ? Math.floor(time / 3600 + 0.5) : Math.floor(time / 3600)) * 3600;
  const [first, last] = [wholeHour(from), wholeHour(to)];
  return {
    from: first,
    to: last <= first ? first + 3600 : last,
    accounts: read.accounts,
    users: read.users,
    format: read.format,
    tree: flags.has('Tree'),
    flatView: flags.has('FlatView'),
    topCount,
    grouping,
    jobCount: flags.has('PrintJobCount'),
  };
}

/** Writes the head of a report, its columns and rows. */
export function writeReport(
  scene: SreportCall,
  title: string,
  said: readonly string[],
  fields: readonly Field[],
  rows: Iterable<Cells>,
): number {
  const { call, style } = scene;
  const dashes = '-'.repeat(80);
  if (style.header) call.out(`${[dashes, title, ...said, dashes].join('\n')}\n`);
  writeTable((text) => call.out(text), style, fields, rows);
  return 0;
}

/** `2026-11-21T00:00:00 - 2026-11-21T09:59:59`. */
export function windowText({ times }: SreportCall, { from, to }: ReportConditions): string {
  return `${times.time(from)} - ${times.time(to - 1)}`;
}

/** `Usage reported in CPU Minutes`. */
export function usageText({ byTres, unit }: SreportCall): string {
  return `Usage reported in ${byTres ? 'TRES' : 'CPU'} ${unit.text}`;
}

/** Seconds of a resource, in the unit that was asked for, and as part of all there was. */
export function amountOf({ unit }: SreportCall, seconds: number, total: number): string {
  const percent = `${(total === 0 ? 0 : (100 * seconds) / total).toFixed(2)}%`;
  if (unit.seconds === null) return percent;
  const amount = (seconds / unit.seconds).toFixed(0);
  return unit.percent ? `${amount}(${percent})` : amount;
}

/** What the cluster had of each resource in a window. */
export function totals(hours: readonly ClusterHour[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { tres, total } of hours) sums.set(tres, (sums.get(tres) ?? 0) + total);
  return sums;
}

/** Columns of a report, those that `format=` names or all. */
export function chooseFields(scene: SreportCall, all: readonly Field[], { format }: ReportConditions): readonly Field[] {
  if (format === undefined) return all;
  return format
    .filter((word) => word !== '')
    .map((word) => {
      const [name = '', width] = word.split('%');
      const found = all.find(({ id, heading }) =>
        [id, heading.replaceAll(' ', '')].some((text) => text.toLowerCase().startsWith(name.toLowerCase())),
      );
      if (found === undefined) {
        scene.call.err(` Unknown field '${name}'\n`);
        throw new SreportEnd(1);
      }
      return width === undefined || width === '' ? found : { ...found, width: Number(width) };
    });
}
