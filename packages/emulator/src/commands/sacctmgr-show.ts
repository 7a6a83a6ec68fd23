import { associationsJson, clustersJson, document, qosJson, tresJson } from '../json/index.ts';
import { byBytes } from './amounts.ts';
import { answer, cellsOf, conditionsOf, table } from './sacctmgr-answer.ts';
import { fail, type SacctmgrCall } from './sacctmgr-call.ts';
import { meets } from './sacctmgr-choose.ts';
import { configText } from './sacctmgr-config.ts';
import { showEvents, showTransactions } from './sacctmgr-history.ts';
import { clusterCells, qosCells } from './sacctmgr-rows.ts';
import { showRunaway } from './sacctmgr-runaway.ts';
import { showAccounts, showUsers } from './sacctmgr-show-people.ts';
import { writeTable } from './sacctmgr-table.ts';
import { means } from './sacctmgr-words.ts';
import { ctimeText } from './time-text.ts';

type Show = (scene: SacctmgrCall, words: readonly string[]) => Promise<number>;

/** Entities of `show` and `list`, with the least of their names that is understood. */
const entities: readonly (readonly [name: string, least: number, show: Show])[] = [
  ['Accounts', 2, showAccounts],
  ['Associations', 2, showAssociations],
  ['Clusters', 2, showClusters],
  ['Configuration', 2, showConfig],
  ['Events', 1, showEvents],
  ['Federations', 1, empty(['Federation', 'Cluster', 'ID', 'Features', 'FedState'])],
  ['Problems', 1, showProblems],
  ['QOS', 1, showQos],
  ['Resources', 4, showResources],
  ['Reservations', 4, empty(['Cluster', 'Name', 'TRES', 'TimeStart', 'TimeEnd', 'UnusedWall'])],
  ['RunAwayJobs', 2, showRunaway],
  ['Stats', 1, showStats],
  ['Transactions', 1, showTransactions],
  ['TRES', 2, showTres],
  ['Users', 1, showUsers],
  ['WCKeys', 1, showWckeys],
];

/** `show` and `list`. */
export async function show(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const [entity = '', ...rest] = words;
  const found = entities.find(([name, least]) => means(entity, name, least));
  if (entity === '' || found === undefined) {
    return fail(
      scene,
      'No valid entity in list command\nInput line must include "Account", "Association", "Cluster", "Configuration",\n"Event", "Federation", "Problem", "QOS", "Resource", "Reservation",\n"RunAwayJobs", "Stats", "Transaction", "TRES", "User", or "WCKey"\n',
    );
  }
  return found[2](scene, rest);
}

function empty(headings: readonly string[]): Show {
  return async ({ call, style }) => {
    const fields = headings.map((heading) => ({ id: heading, heading, width: 10 }));
    writeTable((text) => call.out(text), style, fields, []);
    return 0;
  };
}

async function showResources(scene: SacctmgrCall): Promise<number> {
  const counts =
    scene.major < 2311 ? ['Count', '% Allocated', 'ServerType'] : ['Count', 'LastConsumed', 'Allocated', 'ServerType', 'Flags'];
  return empty(['Name', 'Server', 'Type', ...counts])(scene, []);
}

const associationColumns = [
  ...[
    'Share',
    'Priority',
    'GrpJobs',
    'GrpTRES',
    'GrpSubmit',
    'GrpWall',
    'GrpTRESMins',
    'MaxJobs',
    'MaxTRES',
    'MaxTRESPerNode',
    'MaxSubmit',
    'MaxWall',
  ],
  ...['MaxTRESMins', 'QOS', 'DefaultQOS', 'GrpTRESRunMins'],
];

async function showAssociations(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const conditions = conditionsOf(scene, words, 'names');
  const { flags } = conditions;
  const all = scene.database.associations();
  const depths = new Map<number, number>();
  for (const { id, parentId } of all) depths.set(id, (depths.get(parentId) ?? -1) + 1);
  const under = new Set(all.filter((one) => flags.has('withSub') && meets(one, conditions)).map(({ id }) => id));
  if (under.size > 0) for (const { id, parentId } of all) if (under.has(parentId)) under.add(id);
  const chosen = all.filter((one) => under.has(one.id) || meets(one, conditions));
  const rows = chosen.map((one) => {
    const cells = cellsOf(one, flags);
    return flags.has('tree') ? { ...cells, account: `${' '.repeat(depths.get(one.id) ?? 0)}${one.account}` } : cells;
  });
  const columns = ['Cluster', 'Account', 'User', 'Partition', ...(flags.has('withoutLimits') ? [] : associationColumns)];
  return answer(
    scene,
    (json) => associationsJson(scene.call.slurm, chosen, json),
    () => table(scene, columns, conditions, rows),
  );
}

async function showQos(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const conditions = conditionsOf(scene, words, 'names');
  const { names, ids } = conditions;
  const chosen = scene.database.qos().filter(({ name, id }) => (names?.includes(name) ?? true) && (ids?.includes(String(id)) ?? true));
  // All are in the order of their ids, some in that of their names (recorded).
  const ordered = names === undefined ? chosen : chosen.toSorted((one, other) => byBytes(one.name, other.name));
  const runMins = scene.major < 2405 ? [] : ['MaxTRESRunMinsPA', 'MaxTRESRunMinsPU'];
  const columns = [
    ...[
      'Name',
      'Priority',
      'GraceTime',
      'Preempt',
      'PreemptExemptTime',
      'PreemptMode',
      'Flags',
      'UsageThres',
      'UsageFactor',
      'GrpTRES',
      'GrpTRESMins',
    ],
    ...[
      'GrpTRESRunMins',
      'GrpJobs',
      'GrpSubmit',
      'GrpWall',
      'MaxTRES',
      'MaxTRESPerNode',
      'MaxTRESMins',
      'MaxWall',
      'MaxTRESPU',
      'MaxJobsPU',
      'MaxSubmitPU',
    ],
    ...['MaxTRESPA', ...runMins, 'MaxJobsPA', 'MaxSubmitPA', 'MinTRES'],
  ];
  return answer(
    scene,
    (json) => qosJson(scene.call.slurm, ordered, json),
    () => table(scene, columns, conditions, ordered.map(qosCells)),
  );
}

async function showClusters(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const conditions = conditionsOf(scene, words, 'names');
  const names = conditions.names ?? conditions.clusters;
  const root = scene.database.associations().find(({ parentId }) => parentId === 0);
  const chosen = scene.database
    .clusters()
    .filter(({ name }) => names?.includes(name) ?? true)
    .toSorted((one, other) => byBytes(one.name, other.name));
  const rows = chosen.map((cluster) => clusterCells(cluster, cluster.name === scene.cluster ? root : undefined));
  const limits = ['Share', 'GrpJobs', 'GrpTRES', 'GrpSubmit', 'MaxJobs', 'MaxTRES', 'MaxSubmit', 'MaxWall', 'QOS', 'DefaultQOS'];
  return answer(
    scene,
    (json) => clustersJson(scene.call.slurm, chosen, json),
    () => table(scene, ['Cluster', 'ControlHost', 'ControlPort', 'RPC', ...limits], conditions, rows),
  );
}

async function showTres(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const conditions = conditionsOf(scene, words, 'names');
  const chosen = scene.kinds.filter(({ id }) => conditions.ids?.includes(String(id)) ?? true);
  const rows = chosen.map(({ id, type, name }) => ({ id: String(id), type, name }));
  const fields = [
    { id: 'type', heading: 'Type', width: 8 },
    { id: 'name', heading: 'Name', width: 15 },
    { id: 'id', heading: 'ID', width: 6 },
  ];
  const text = (): number => {
    if (conditions.format !== undefined) return table(scene, [], conditions, rows);
    writeTable((lines) => scene.call.out(lines), scene.style, fields, rows);
    return 0;
  };
  return answer(scene, (json) => tresJson(scene.call.slurm, chosen, json), text);
}

async function showConfig(scene: SacctmgrCall): Promise<number> {
  scene.call.out(configText(scene));
  return 0;
}

async function showProblems(scene: SacctmgrCall): Promise<number> {
  const { database, call } = scene;
  const associations = database.associations();
  const bare = associations.filter(
    ({ id, user, parentId }) => user === '' && parentId !== 0 && !associations.some((one) => one.parentId === id),
  );
  const known = new Set(call.slurm.spec.users.map(({ name }) => name));
  const rows = [
    ...bare.map(({ cluster, account }) => ({ cluster, account, problem: 'Account has no users' })),
    ...database
      .users()
      .filter(({ name }) => name !== 'root' && !known.has(name))
      .map(({ name }) => ({ user: name, problem: 'User does not have a uid' })),
  ];
  return table(scene, ['Cluster', 'Account', 'User', 'Problem'], {}, rows);
}

/** What slurmdbd has done is not counted here: its times and headings alone. */
async function showStats({ call, database, times }: SacctmgrCall): Promise<number> {
  const stars = '*'.repeat(67);
  const at = (epoch: number): string => `${ctimeText(epoch, times.zone)} (${epoch})`;
  const since = database.events().find(({ node }) => node === '')?.start ?? database.now();
  const cycles = ['Last cycle:   0', 'Max cycle:    0', 'Total time:   0', 'Total cycles: 1', 'Mean cycle:   0'];
  const lines = [
    ...[stars, `sacctmgr show stats output at ${at(database.now())}`, `Data since                    ${at(since)}`],
    ...['All statistics are in microseconds', stars, '', `Internal DBD rollup last ran ${at(since)}`, ...cycles.map((line) => `\t${line}`)],
    ...['', 'Remote Procedure Call statistics by message type', '', 'Remote Procedure Call statistics by user'],
  ];
  call.out(`${lines.join('\n')}\n`);
  return 0;
}

async function showWckeys(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  if (scene.json === undefined) return empty(['WCKey', 'Cluster', 'User'])(scene, words);
  return answer(
    scene,
    (json) => document(scene.call.slurm, json, () => ({ wckeys: [] })),
    () => 0,
  );
}
