import type { Epoch } from '@sluice/slurm';
import { table } from './sacctmgr-answer.ts';
import { fail, type SacctmgrCall } from './sacctmgr-call.ts';
import { means, nameList, splitWords, type Word } from './sacctmgr-words.ts';
import { readTimeWords } from './time-words.ts';

interface Window {
  from: Epoch | undefined;
  to: Epoch | undefined;
  format: string[] | undefined;
}

/** Reads what transactions and events have in common; false when a word is another condition. */
function readWindow(scene: SacctmgrCall, { key, value }: Word, window: Window): boolean {
  if (means(key, 'Format', 1) && key !== '') window.format = [...(window.format ?? []), ...value.split(',')];
  else if (means(key, 'Start', 1) && key !== '') window.from = timeOf(scene, value);
  else if (means(key, 'End', 1) && key !== '') window.to = timeOf(scene, value);
  else return false;
  return true;
}

function timeOf({ database, times }: SacctmgrCall, text: string): Epoch {
  const read = readTimeWords(text, { now: database.now(), zone: times.zone, past: true });
  return 'epoch' in read ? read.epoch : 0;
}

const within = (list: readonly string[] | undefined, value: string): boolean => list === undefined || list.includes(value);

/** `show transaction`: by actor, and by account or user, which have to be in what was done. */
export async function showTransactions(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { where, set } = splitWords(words);
  const window: Window = { from: undefined, to: undefined, format: undefined };
  let actors: readonly string[] | undefined;
  const named: { readonly column: string; readonly names: readonly string[] }[] = [];
  for (const word of [...where, ...set]) {
    const { key, value, text } = word;
    if (readWindow(scene, word, window)) continue;
    if (key === '' && means(text, 'WithAssocInfo', 5)) continue;
    if (means(key, 'Action', 4)) fail(scene, `sacctmgr: error: You gave a bad action '${value}'.\n`);
    else if (key !== '' && means(key, 'Actors', 4)) actors = nameList(value);
    else if (key !== '' && means(key, 'Users', 1)) named.push({ column: 'user', names: nameList(value) });
    else if (key !== '' && means(key, 'Accounts', 3)) named.push({ column: 'acct', names: nameList(value) });
    else if (key !== '' && means(key, 'Clusters', 3)) continue;
    else fail(scene, ` Unknown condition: ${text}\n Use keyword 'set' to modify value\n`);
  }
  const { from = 0, to = Number.POSITIVE_INFINITY } = window;
  const rows = scene.database
    .transactions()
    .filter(({ at, actor }) => at >= from && at < to && within(actors, actor))
    .filter(({ where: place, info }) =>
      named.every(({ column, names }) =>
        names.some((name) => place === name || place.includes(`'${name}'`) || info.includes(`${column}='${name}'`)),
      ),
    )
    .map(({ at, action, actor, where: place, info }) => ({ time: scene.times.time(at), action, actor, where: place, info }));
  return table(
    scene,
    ['TimeStamp', 'Action', 'Actor', 'Where', 'Info'],
    window.format === undefined ? {} : { format: window.format },
    rows,
  );
}

/** `show event`: of nodes, and of the cluster itself; without times what is open. */
export async function showEvents(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { where, set } = splitWords(words);
  const window: Window = { from: undefined, to: undefined, format: undefined };
  let nodes: readonly string[] | undefined;
  for (const word of [...where, ...set]) {
    const { key, value, text } = word;
    if (readWindow(scene, word, window)) continue;
    if (key !== '' && means(key, 'Nodes', 1)) nodes = nameList(value);
    else if (key === '' && means(text, 'All_Time', 5)) window.from = 0;
    else if (key === '' || !/^(?:all_clusters|clusters?|event|state|reason|users?|maxcpus|mincpus|cond_?flags?)$/i.test(key)) {
      fail(scene, ` Unknown condition: ${text}\n Use keyword 'set' to modify value\n`);
    }
  }
  const now = scene.database.now();
  const { from = Math.floor(now / 86_400) * 86_400, to = now } = window;
  const rows = scene.database
    .events()
    .filter(({ start, end, node }) => start <= to && (end ?? now) >= from && within(nodes, node))
    // Of the cluster first, then by node.
    .toSorted((one, other) => (one.node < other.node ? -1 : one.node > other.node ? 1 : one.start - other.start))
    .map(({ cluster, node, start, end, state, reason, user }) => ({
      cluster,
      nodeName: node,
      timeStart: scene.times.time(start),
      timeEnd: scene.times.time(end),
      state,
      reason,
      user,
    }));
  const columns = ['Cluster', 'NodeName', 'TimeStart', 'TimeEnd', 'State', 'Reason', 'User'];
  return table(scene, columns, window.format === undefined ? {} : { format: window.format }, rows);
}
