import type { Tres, TresKind } from '@sluice/slurm';
import { tresName } from '../accounting/tres-kinds.ts';
import { sharesJson } from '../json/index.ts';
import type { ShareFigures } from '../model/slurmdbd.ts';
import { sayUnknownCluster } from './clusters.ts';
import type { CommandCall } from './command.ts';
import { optionsOrEnd } from './inform.ts';
import { answerJson, jsonWish } from './json-answer.ts';
import { type GivenOptions, optionTable } from './options.ts';
import type { TableStyle } from './sacctmgr-call.ts';
import type { Field } from './sacctmgr-fields.ts';
import { limitText } from './sacctmgr-settings.ts';
import { type Cells, writeTable } from './sacctmgr-table.ts';
import { majorRelease } from './scene.ts';

/** Columns, headings and widths as recorded on 22.05, 24.11 and 26.05. */
const columns: readonly Field[] = [
  { id: 'account', heading: 'Account', width: -20 },
  { id: 'cluster', heading: 'Cluster', width: 10 },
  { id: 'effective', heading: 'EffectvUsage', width: 13 },
  { id: 'fairshare', heading: 'FairShare', width: 10 },
  { id: 'grpTresMins', heading: 'GrpTRESMins', width: 30 },
  { id: 'grpTresRaw', heading: 'GrpTRESRaw', width: 30 },
  { id: 'id', heading: 'ID', width: 6 },
  { id: 'levelFs', heading: 'LevelFS', width: 10 },
  { id: 'normShares', heading: 'NormShares', width: 11 },
  { id: 'normUsage', heading: 'NormUsage', width: 11 },
  { id: 'partition', heading: 'Partition', width: 12 },
  { id: 'rawShares', heading: 'RawShares', width: 10 },
  { id: 'rawUsage', heading: 'RawUsage', width: 11 },
  { id: 'tresRunMins', heading: 'TRESRunMins', width: 30 },
  { id: 'user', heading: 'User', width: 10 },
];

const usage = 'Usage:  sshare [OPTION]\n';

const table = (major: number) =>
  optionTable([
    'accounts,A:',
    'all,a',
    'format,o:',
    'helpformat,e',
    'help',
    'usage',
    'long,l',
    'partition,m',
    'cluster|clusters,M:',
    'noheader,n',
    'parsable,p',
    'parsable2,P',
    'users,u:',
    'Users,U',
    'verbose,v',
    'version,V',
    ...(major < 2311 ? [] : ['json::', 'yaml::']),
  ]);

/** sshare: shares and usage of the associations, as the priority plugin calculated them last. */
export async function sshare(call: CommandCall): Promise<number> {
  const given = optionsOrEnd(call, 'sshare', usage, table(majorRelease(call)));
  if (typeof given === 'number') return given;
  if (!given.has('helpformat')) return await write(call, given);
  call.out(helpFormat());
  return 0;
}

async function write(call: CommandCall, given: GivenOptions): Promise<number> {
  const database = await call.database();
  const clusters = given.value('cluster')?.split(',');
  const unknown = clusters?.find((name) => !database.clusters().some((cluster) => cluster.name === name) && name !== 'all');
  if (unknown !== undefined) {
    sayUnknownCluster(call, 'sshare', unknown);
    if (majorRelease(call) >= 2311) call.err('sshare: fatal: Could not get cluster information\n');
    return 1;
  }
  // Shares are slurmctld's own.
  await call.controller();
  const chosen = choose(database.shares(), given, call.as.user);
  const wish = jsonWish(given);
  if (wish !== undefined) return answerJson(call, 'sshare', wish, (json) => sharesJson(call.slurm, chosen, json));
  const fields = chooseColumns(given);
  if (typeof fields === 'string') {
    call.err(`sshare: error: Invalid field requested: "${fields}"\n`);
    return 1;
  }
  const style: TableStyle = {
    header: !given.has('noheader'),
    layout: given.has('parsable2') ? 'between' : given.has('parsable') ? 'ended' : 'table',
  };
  const depths = new Map<number, number>();
  for (const { association } of chosen) depths.set(association.id, (depths.get(association.parentId) ?? -1) + 1);
  const rows = chosen.map((share) => cellsOf(share, database.tres(), given.has('Users') ? 0 : (depths.get(share.association.id) ?? 0)));
  if (clusters !== undefined) call.out(`CLUSTER: ${call.slurm.spec.name}\n`);
  writeTable((text) => call.out(text), style, fields, rows);
  return 0;
}

/** Accounts are shown with those users that were asked for, the caller alone where none were. */
function choose(shares: readonly ShareFigures[], given: GivenOptions, caller: string): readonly ShareFigures[] {
  const accounts = given.value('accounts')?.toLowerCase().split(',');
  const users = given.value('users')?.split(',') ?? [caller];
  const anybody = given.has('all') && !given.has('users');
  return shares.filter(({ association: { account, user } }) => {
    if (accounts !== undefined && !accounts.includes(account)) return false;
    if (user === '') return !given.has('Users');
    return anybody || users.includes(user);
  });
}

function chooseColumns(given: GivenOptions): readonly Field[] | string {
  const partition = given.has('partition') ? ['Partition'] : [];
  const usual = given.has('long')
    ? [
        'Account',
        'User',
        ...partition,
        'RawShares',
        'NormShares',
        'RawUsage',
        'NormUsage',
        'EffectvUsage',
        'FairShare',
        'LevelFS',
        'GrpTRESMins',
        'TRESRunMins',
      ]
    : ['Account', 'User', ...partition, 'RawShares', 'NormShares', 'RawUsage', 'EffectvUsage', 'FairShare'];
  const wanted = given.value('format')?.split(',') ?? usual;
  const fields: Field[] = [];
  for (const word of wanted.filter((text) => text !== '')) {
    const [name = '', width] = word.split('%');
    const found = columns.find(({ heading }) => heading.toLowerCase().startsWith(name.toLowerCase()));
    if (found === undefined) return name.toLowerCase();
    fields.push(width === undefined || width === '' ? found : { ...found, width: Number(width) });
  }
  return fields;
}

function cellsOf({ association, ...figures }: ShareFigures, kinds: readonly TresKind[], depth: number): Cells {
  const isRoot = association.parentId === 0;
  const isUser = association.user !== '';
  return {
    account: `${' '.repeat(depth)}${association.account}`,
    cluster: association.cluster,
    effective: decimal(isRoot ? 1 : figures.effectiveUsage),
    fairshare: isUser ? decimal(figures.fairshare) : '',
    grpTresMins: limitText(association.grpTresMins),
    grpTresRaw: allTres(figures.usedMins, kinds),
    id: String(association.id),
    levelFs: isRoot ? '' : figures.levelFs === Number.POSITIVE_INFINITY ? 'inf' : decimal(figures.levelFs),
    normShares: decimal(isRoot ? 0 : figures.normShares),
    normUsage: isRoot ? '' : decimal(figures.normUsage),
    partition: association.partition,
    rawShares: isRoot ? '' : String(association.fairshare),
    rawUsage: String(Math.floor(figures.rawUsage + 1e-6)),
    tresRunMins: allTres(figures.runMins, kinds),
    user: association.user,
  };
}

/** Every resource that is tracked, in the order of the ids; whole minutes. */
function allTres(tres: Tres, kinds: readonly TresKind[]): string {
  return kinds.map((kind) => `${tresName(kind)}=${Math.floor((tres[tresName(kind)] ?? 0) + 1e-6)}`).join();
}

function decimal(value: number | null): string {
  return value === null ? '' : value.toFixed(6);
}

function helpFormat(): string {
  const words = columns.map(({ heading }) => heading.padEnd(18));
  return words.map((word, at) => (at % 4 === 3 || at === words.length - 1 ? `${word.slice(0, 17)}\n` : word)).join('');
}
