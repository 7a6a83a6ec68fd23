import type { JobRow } from '../model/slurmdbd.ts';
import type { Field } from './sacctmgr-fields.ts';
import type { Cells } from './sacctmgr-table.ts';
import {
  amountOf,
  chooseFields,
  type ReportConditions,
  readConditions,
  type SreportCall,
  totals,
  usageText,
  windowText,
  writeReport,
} from './sreport-call.ts';

const cluster: Field = { id: 'cluster', heading: 'Cluster', width: 9 };

/** `cluster Utilization`. */
export function clusterUtilization(scene: SreportCall, words: readonly string[]): number {
  const conditions = readConditions(scene, words);
  const hours = scene.database.clusterUsage(conditions.from, conditions.to);
  const all = totals(hours);
  const rows = scene.tres.flatMap((name): readonly Cells[] => {
    const ours = hours.filter(({ tres }) => tres === name);
    if (ours.length === 0) return [];
    const sum = (key: 'allocated' | 'down' | 'plannedDown' | 'idle' | 'planned' | 'total'): string =>
      amountOf(
        scene,
        ours.reduce((before, hour) => before + hour[key], 0),
        all.get(name) ?? 0,
      );
    return [
      {
        cluster: scene.cluster,
        tresname: name,
        allocated: sum('allocated'),
        down: sum('down'),
        planneddown: sum('plannedDown'),
        idle: sum('idle'),
        planned: sum('planned'),
        reported: sum('total'),
      },
    ];
  });
  const width = scene.unit.percent && scene.unit.seconds !== null ? 17 : 8;
  const planned: Field = { id: 'planned', heading: 'Planned', width };
  const fields: readonly Field[] = [
    cluster,
    ...(scene.byTres ? [{ id: 'tresname', heading: 'TRES Name', width: 14 }] : []),
    { id: 'allocated', heading: 'Allocated', width },
    { id: 'down', heading: 'Down', width },
    // 24.11 has the other one in its place.
    scene.major === 2411 ? planned : { id: 'planneddown', heading: 'PLND Down', width },
    { id: 'idle', heading: 'Idle', width },
    planned,
    { id: 'reported', heading: 'Reported', width },
  ];
  return writeReport(
    scene,
    `Cluster Utilization ${windowText(scene, conditions)}`,
    [usageText(scene)],
    chooseFields(scene, fields, conditions),
    rows,
  );
}

/** `job SizesByAccount`: what jobs of each size have used, by accounts with all below them: root alone, those that were asked for, or each. */
export function jobSizes(scene: SreportCall, words: readonly string[]): number {
  const conditions = readConditions(scene, words);
  const { from, to, grouping, flatView } = conditions;
  const [tres = 'cpu'] = scene.tres;
  const associations = scene.database.associations();
  const accounts = conditions.accounts ?? (flatView ? [...new Set(associations.map(({ account }) => account))] : ['root']);
  const below = new Map(accounts.map((name) => [name, flatView ? new Set([name]) : subtree(scene, name)]));
  const sizes = [0, ...grouping];
  const sums = new Map(accounts.map((name) => [name, sizes.map(() => 0)]));
  for (const row of scene.database.jobRows({ from, to, duplicates: true })) {
    const used = usedOf(row, tres, conditions, scene.database.now());
    if (used === 0) continue;
    const size = sizes.findLastIndex((least) => (row.allocatedTres[tres] ?? 0) >= least);
    for (const name of accounts) {
      if (below.get(name)?.has(row.account) !== true) continue;
      const sum = sums.get(name);
      if (sum !== undefined) sum[size] = (sum[size] ?? 0) + (conditions.jobCount ? 1 : used);
    }
  }
  const used = accounts.filter((name) => sums.get(name)?.some((count) => count > 0));
  const total = used.reduce((sum, name) => sum + (sums.get(name) ?? []).reduce((one, other) => one + other, 0), 0);
  const rows = used.map((name): Cells => {
    const counts = sums.get(name) ?? [];
    const own = counts.reduce((one, other) => one + other, 0);
    const cells = counts.map((count, at) => [`size${at}`, conditions.jobCount ? String(count) : amountOf(scene, count, total)] as const);
    return {
      ...Object.fromEntries(cells),
      cluster: scene.cluster,
      account: name,
      count: conditions.jobCount ? String(own) : amountOf(scene, own, total),
      percent: `${total === 0 ? '0.00' : ((100 * own) / total).toFixed(2)}%`,
    };
  });
  const unit = tres === 'cpu' ? 'CPUs' : tres;
  const fields: readonly Field[] = [
    cluster,
    { id: 'account', heading: 'Account', width: 9 },
    ...sizes.map((least, at) => {
      const next = sizes[at + 1];
      return { id: `size${at}`, heading: next === undefined ? `>= ${least} ${unit}` : `${least}-${next - 1} ${unit}`, width: 13 };
    }),
    ...(scene.major < 2411 ? [] : [{ id: 'count', heading: 'Total Count', width: 11 }]),
    { id: 'percent', heading: '% of cluster', width: 12 },
  ];
  const said = [
    ...(scene.byTres ? [`TRES type is ${tres}`] : []),
    conditions.jobCount ? 'Units are in number of jobs ran' : `Time reported in ${scene.unit.text}`,
  ];
  return writeReport(scene, `Job Sizes ${windowText(scene, conditions)} (${to - from} secs)`, said, fields, rows);
}

function subtree({ database }: SreportCall, account: string): ReadonlySet<string> {
  const names = new Set<string>([account]);
  const ids = new Set<number>();
  for (const one of database.associations()) {
    if ((one.account !== account || one.user !== '') && !ids.has(one.parentId)) continue;
    ids.add(one.id);
    names.add(one.account);
  }
  return names;
}

function usedOf(
  { start, end, suspendedSeconds, allocatedTres }: JobRow,
  tres: string,
  { from, to }: ReportConditions,
  now: number,
): number {
  if (start === null) return 0;
  const seconds = Math.min(end ?? now, to) - Math.max(start, from) - suspendedSeconds;
  return Math.max(0, seconds) * (allocatedTres[tres] ?? 0);
}

/** A report of what the emulator keeps no usage of: its head alone. */
export function emptyReport(name: string, headings: readonly string[]): (scene: SreportCall, words: readonly string[]) => number {
  return (scene, words) => {
    const conditions = readConditions(scene, words);
    const fields = headings.map((heading) => ({ id: heading, heading, width: 15 }));
    return writeReport(
      scene,
      `${name} ${windowText(scene, conditions)} (${conditions.to - conditions.from} secs)`,
      [usageText(scene)],
      fields,
      [],
    );
  };
}
