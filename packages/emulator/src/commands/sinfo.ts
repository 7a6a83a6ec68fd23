import { sinfoJson } from '../json/index.ts';
import type { EmulatedNode } from '../model/slurmctld.ts';
import { refusedCluster } from './clusters.ts';
import type { CommandCall } from './command.ts';
import { optionsOrEnd } from './inform.ts';
import { answerJson, jsonWish } from './json-answer.ts';
import { type GivenOptions, type OptionTable, optionTable } from './options.ts';
import { majorRelease, sceneOf } from './scene.ts';
import { type SinfoColumn, type SinfoScene, sinfoColumns } from './sinfo-columns.ts';
import { nodeListText, type SinfoRow, sinfoRows, sortSinfo } from './sinfo-rows.ts';
import { hostSet } from './squeue-choice.ts';
import { nodeStateWord } from './state-words.ts';
import { byteLength, cellText, type Layout, parseFormat, parseLongFormat } from './text-columns.ts';
import { TextOut } from './text-lines.ts';
import { ctimeText, spanText } from './time-text.ts';

export function optionsOf(release: number): OptionTable {
  return optionTable([
    'all,a',
    'dead,d',
    'exact,e',
    'federation',
    'help',
    'hide',
    'iterate,i:',
    'local',
    'long,l',
    'clusters|cluster,M:',
    'nodes|node,n:',
    'noconvert',
    'noheader,h',
    'Node,N',
    'format,o:',
    'Format,O:',
    'partition,p:',
    'responding,r',
    'list-reasons,R',
    'reservation,T',
    'summarize,s',
    'sort,S:',
    'states,t:',
    'usage',
    'verbose,v',
    'version,V',
    release < 2302 ? 'json' : 'json::',
    release < 2302 ? 'yaml' : 'yaml::',
  ]);
}

const usage = 'Usage: sinfo [-abdelNRrsTv] [-i seconds] [-t states] [-p partition] [-n nodes] [-S fields] [-o format] [-O format]\n';

/** sinfo(1). */
export async function sinfo(call: CommandCall): Promise<number> {
  const given = optionsOrEnd(call, 'sinfo', usage, optionsOf(majorRelease(call)));
  if (typeof given === 'number') return given;
  const cluster = given.value('clusters') ?? call.env['SLURM_CLUSTERS'];
  const refused = refusedCluster(call, 'sinfo', cluster);
  if (refused !== undefined) return refused;
  const states = wantedStates(given);
  if (typeof states === 'string') {
    call.err(`sinfo: error: Bad state string: "${states}"\nsinfo: error: valid states: ${knownStates.join(',').toLowerCase()}\n`);
    return 1;
  }
  const nodeText = given.value('nodes');
  const named = nodeText === undefined ? null : hostSet(nodeText);
  if (named === undefined) {
    call.err(`sinfo: error: Invalid node list ${nodeText}\n`);
    return 1;
  }
  const controller = await call.controller();
  const partitionNames = (given.value('partition') ?? call.env['SINFO_PARTITION'])?.split(',');
  const partitions = controller.partitions().filter(({ name }) => partitionNames === undefined || partitionNames.includes(name));
  const nodes = controller.nodes().filter((node) => isWanted(node, { given, named, states }));
  const wish = jsonWish(given);
  if (wish !== undefined) {
    const shown = majorRelease(call) < 2302 ? { partitions: controller.partitions(), nodes: controller.nodes() } : { partitions, nodes };
    return answerJson(call, 'sinfo', wish, (json) => sinfoJson(call.slurm, shown, json));
  }
  const scene: SinfoScene = { ...sceneOf(call, controller), fullRelease: call.slurm.spec.release, hasClusters: cluster !== undefined };
  const out = new TextOut(call.out);
  if (!given.has('noheader') && (given.has('long') || given.has('verbose') || given.has('iterate'))) {
    out.write(`${ctimeText(scene.now, scene.times.zone)}\n`);
  }
  if (cluster !== undefined && !given.has('noheader')) out.write(`CLUSTER: ${scene.cluster}\n`);
  if (given.has('reservation')) writeReservations(call, scene, out);
  else {
    const fields = fieldsOf(call, given, scene.release);
    for (const word of fields.refused) {
      call.err(
        fields.isLong ? `sinfo: error: Invalid job format specification: ${word}\n` : `Invalid node format specification: ${word}\n`,
      );
    }
    const isPerNode = given.has('Node');
    const isByPartition = fields.fields.some(({ column }) => column?.header === 'PARTITION');
    const keyed = fields.fields.flatMap(({ column }) => column ?? []);
    const rows = sinfoRows(partitions, nodes, {
      isPerNode,
      isByPartition: isByPartition && !given.has('list-reasons'),
      partitionKey: (partition) => keyed.map(({ partitionKey }) => partitionKey?.(partition) ?? '').join('\u0001'),
      nodeKey: (node) => keyed.map(({ nodeKey }) => nodeKey?.(node) ?? '').join('\u0001'),
    });
    const sorted = sortSinfo(rows, given.value('sort') ?? call.env['SINFO_SORT'] ?? (isPerNode ? 'N' : '#P,-t'));
    writeRows(sorted, fields, scene, given.has('noheader'), out);
  }
  out.flush();
  return 0;
}

const knownStates: readonly string[] = [
  ...['UNKNOWN', 'DOWN', 'IDLE', 'ALLOCATED', 'ERROR', 'MIXED', 'FUTURE', 'RESERVED', 'UNDRAIN', 'CLOUD', 'RESUME', 'DRAIN', 'COMPLETING'],
  ...['NO_RESPOND', 'POWERED_DOWN', 'FAIL', 'POWERING_UP', 'MAINT', 'REBOOT_REQUESTED', 'REBOOT_CANCEL', 'POWERING_DOWN', 'DYNAMIC_FUTURE'],
  ...['REBOOT_ISSUED', 'PLANNED', 'INVALID_REG', 'POWER_DOWN', 'POWER_UP', 'POWER_DRAIN', 'DYNAMIC_NORM', 'DRAINED', 'DRAINING'],
];

/** Shortened or other words for states. */
const otherNames: Readonly<Record<string, string>> = {
  ALLOC: 'ALLOCATED',
  COMP: 'COMPLETING',
  DRNG: 'DRAINING',
  MIX: 'MIXED',
  MAINTENANCE: 'MAINT',
  NOT_RESPONDING: 'NO_RESPOND',
  RESV: 'RESERVED',
  UNK: 'UNKNOWN',
};

/** States that were asked for; a text is one that is none. */
function wantedStates(given: GivenOptions): readonly string[] | null | string {
  const text = given.value('states') ?? (given.has('list-reasons') ? 'down,drain,fail' : undefined);
  if (text === undefined || text.toLowerCase() === 'all') return null;
  const states: string[] = [];
  for (const word of text.split(/[,&]/)) {
    const upper = word.toUpperCase();
    const state =
      otherNames[upper] ?? knownStates.find((one) => one === upper) ?? knownStates.find((one) => upper !== '' && one.startsWith(upper));
    if (state === undefined) return word;
    states.push(state);
  }
  return states;
}

function isWanted(
  node: EmulatedNode,
  { given, named, states }: { given: GivenOptions; named: ReadonlySet<string> | null; states: readonly string[] | null },
): boolean {
  const isDeaf = node.flags.includes('NOT_RESPONDING');
  if (named !== null && !named.has(node.spec.name)) return false;
  if ((given.has('dead') && !isDeaf) || (given.has('responding') && isDeaf)) return false;
  return states === null || states.some((state) => isIn(node, state));
}

function isIn(node: EmulatedNode, state: string): boolean {
  const word = nodeStateWord(node);
  if (state === 'DRAINING' || state === 'DRAINED') return word.startsWith(state);
  if (state === 'ALLOCATED') return node.cpusAllocated > 0;
  const flag = { NO_RESPOND: 'NOT_RESPONDING', MAINT: 'MAINTENANCE' }[state] ?? state;
  return node.flags.includes(flag) || node.state === state;
}

interface Field {
  readonly column: SinfoColumn | null;
  readonly layout: Layout;
}

interface Fields {
  readonly prefix: string;
  readonly fields: readonly Field[];
  readonly refused: readonly string[];
  readonly isLong: boolean;
  /** Names of columns that become as wide as what stands in them. */
  readonly fitted: ReadonlySet<string>;
}

function fieldsOf({ env }: CommandCall, given: GivenOptions, release: number): Fields {
  const columns = sinfoColumns.filter(({ since }) => since <= release);
  const last = given.options.findLast(({ name }) => name === 'format' || name === 'Format');
  const own =
    last === undefined && !given.has('Node') && !given.has('summarize') && !given.has('list-reasons') ? env['SINFO_FORMAT'] : undefined;
  if (last?.name === 'format' || own !== undefined) return shortFields(last?.value ?? own ?? '', columns);
  if (last !== undefined) return longFields(last.value ?? '', columns, new Set());
  const isLong = given.has('long');
  if (given.has('summarize'))
    return longFields('partition:9 ,available:.5 ,time:.10 ,nodeaiot:.16 ,nodelist:0', columns, new Set(['Partition']));
  if (given.has('Node')) {
    const format = isLong
      ? 'nodelist:0 ,nodes:.6 ,partition:.9 ,statelong:.11 ,cpus:4 ,socketcorethread:.8 ,memory:.6 ,disk:.8 ,weight:.6 ,features:.8 ,reason:20'
      : 'nodelist:0 ,nodes:.6 ,partition:.9 ,statecompact:6';
    return longFields(format, columns, new Set(['Partition', 'NodeList']));
  }
  if (given.has('list-reasons')) {
    const format = isLong
      ? 'reason:20 ,userlong:12 ,timestamp:19 ,statecompact:6 ,nodelist:0'
      : 'reason:20 ,user:9 ,timestamp:19 ,nodelist:0';
    return longFields(format, columns, new Set());
  }
  const format = isLong
    ? `partition:9 ,available:.5 ,time:.10 ,size:.10 ,root:.4 ,oversubscribe:.8 ,groups:.10 ,nodes:.6 ,statelong:.11 ,${release < 2302 ? '' : 'reservation:.11 ,'}nodelist:0`
    : 'partition:9 ,available:.5 ,time:.10 ,nodes:.6 ,statecompact:.6 ,nodelist:0';
  return longFields(format, columns, new Set(['Partition']));
}

function longFields(format: string, columns: readonly SinfoColumn[], fitted: ReadonlySet<string>): Fields {
  const find = (name: string) => columns.find((column) => column.name?.toLowerCase() === name.toLowerCase()) ?? null;
  const parsed = parseLongFormat(format);
  const fields = parsed.map(({ name, layout }) => ({ column: find(name), layout }));
  return { prefix: '', fields, refused: parsed.filter(({ name }) => find(name) === null).map(({ name }) => name), isLong: true, fitted };
}

function shortFields(format: string, columns: readonly SinfoColumn[]): Fields {
  const byLetter = new Map(columns.flatMap((column) => (column.letter === null ? [] : [[column.letter, column] as const])));
  if (format.toLowerCase() === '%all') return allFields(byLetter);
  const { prefix, fields, refused } = parseFormat(format, (letter) => byLetter.has(letter));
  return {
    prefix,
    fields: fields.map(({ layout, letter }) => ({ column: byLetter.get(letter) ?? null, layout })),
    refused,
    isLong: false,
    fitted: new Set(),
  };
}

/** `%all`: small letters, then capitals with a blank behind them, each in the order of the alphabet. */
function allFields(byLetter: ReadonlyMap<string, SinfoColumn>): Fields {
  const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter((letter) => byLetter.has(letter));
  const fields = letters.map((letter, index) => ({
    column: byLetter.get(letter) ?? null,
    layout: { width: 0, isRight: false, suffix: (letter < 'a' ? ' ' : '') + (index === letters.length - 1 ? '' : '|') },
  }));
  return { prefix: '', fields, refused: [], isLong: false, fitted: new Set() };
}

const leastWidth: Readonly<Record<string, number>> = { Partition: 9, NodeList: 9 };

function writeRows(
  rows: readonly SinfoRow[],
  { fields, fitted, prefix }: Fields,
  scene: SinfoScene,
  noHeader: boolean,
  out: TextOut,
): void {
  const laid = fields.map(({ column, layout }) => {
    if (column?.name == null || !fitted.has(column.name)) return { column, layout };
    const widths = rows.map((row) => byteLength(column.text(row, scene) ?? ''));
    return { column, layout: { ...layout, width: Math.max(leastWidth[column.name] ?? 0, ...widths) } };
  });
  const line = (text: (column: SinfoColumn) => string | null) =>
    `${prefix}${laid.map(({ column, layout }) => (column === null ? '' : cellText(text(column), layout)) + layout.suffix).join('')}\n`;
  if (!noHeader) out.write(line(({ header }) => header));
  for (const row of rows) out.write(line(({ text }) => text(row, scene)));
}

/** `sinfo -T`. */
function writeReservations({ slurm }: CommandCall, { now, times }: SinfoScene, out: TextOut): void {
  const reservations = slurm.controller.reservations();
  if (reservations.length === 0) {
    out.write('No reservations in the system\n');
    return;
  }
  const width = Math.max(9, ...reservations.map(({ name }) => byteLength(name)));
  const line = (words: readonly string[]) => {
    const [name = '', state = '', start = '', end = '', duration = '', nodes = ''] = words;
    return `${name.padEnd(width)}  ${state.padStart(8)}  ${start.padStart(19)}  ${end.padStart(19)}  ${duration.padStart(11)}  ${nodes}\n`;
  };
  out.write(line(['RESV_NAME', 'STATE', 'START_TIME', 'END_TIME', 'DURATION', 'NODELIST']));
  for (const { end, name, nodes, start } of reservations) {
    const state = start <= now && now < end ? 'ACTIVE' : 'INACTIVE';
    const list = nodeListText({ nodes: nodes.flatMap((node) => slurm.controller.node(node) ?? []) });
    out.write(line([name, state, times.time(start), times.time(end), spanText(end - start), list]));
  }
}
