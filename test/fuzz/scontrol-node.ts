import type { Node } from '@sluice/slurm';
import { decoded, hostileText } from './hostile.ts';
import { Random } from './random.ts';
import { difference, forged, orTyped } from './records.ts';
import { scriptedSlurm } from './scripted-slurm.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

interface Nodes {
  readonly text: string;
  /** Without the reasons. */
  readonly truth: readonly Omit<Node, 'reason'>[];
  /** The reason, where it is one line and Slurm's stamp its only one. */
  readonly reasons: ReadonlyMap<string, string>;
  /** Names of nodes that a free text puts at the beginning of a line of its own. */
  readonly baited: ReadonlySet<string>;
  readonly seed: number;
}

const names = ['gpu01', 'node01', 'node02', 'node03'] as const;
const bait = 'CPUAlloc=99 CPUTot=99 Gres=gpu:9 GresUsed=gpu:9 RealMemory=9 AllocMem=9 State=IDLE CfgTRES=cpu=99 AllocTRES=cpu=99 Version=9';
const lures: readonly string[] = [
  ` ${bait}`,
  ' State=IDLE',
  ' Version=evil OS=x  RealMemory=1 ',
  ' OS=',
  ' Reason=',
  ' Comment=',
  ' Extra=',
  ' [root@2026-11-21T09:41:21]',
  ' Partitions=none',
  ' ActiveFeatures=forged',
];
const records: readonly string[] = names.map((name) => `\nNodeName=${name} CoresPerSocket=1 ${bait}\n`);

export const scontrolNode: FuzzTarget = fuzzTarget('scontrol-node', { make, judge, show: ({ text }) => text });

function make(seed: number, index: number): Nodes {
  const random = new Random(seed, index);
  const reasons = new Map<string, string>();
  const baited = new Set<string>();
  const truth: Omit<Node, 'reason'>[] = [];
  let text = '';
  for (const name of names) {
    if (random.oneIn(3)) continue;
    const { node, line } = makeNode(random, name, reasons);
    for (const other of names) if (line.includes(`\nNodeName=${other}`)) baited.add(other);
    truth.push(node);
    text += line;
  }
  return { text, truth, reasons, baited, seed: random.below(2 ** 31) };
}

function makeNode(
  random: Random,
  name: string,
  reasons: Map<string, string>,
): { readonly node: Omit<Node, 'reason'>; readonly line: string } {
  const registered = !random.oneIn(4);
  const memory = random.pick([64_000, 2048]);
  const used = random.pick([0, 2000]);
  const cpus = random.below(17);
  const [gres, total] = random.pick([
    ['(null)', []],
    ['gpu:a100:4', [{ name: 'gpu', type: 'a100', count: 4, indices: null }]],
  ] as const);
  const [gresUsed, held] = random.pick([
    ['gpu:a100:0(IDX:N/A)', []],
    ['gpu:a100:2(IDX:0,2)', [{ name: 'gpu', type: 'a100', count: 2, indices: [0, 2] }]],
  ] as const);
  const [stateText, state, flags] = random.pick([
    ['MIXED', 'MIXED', []],
    ['IDLE+DRAIN', 'IDLE', ['DRAIN']],
    ['DOWN*', 'DOWN', ['NOT_RESPONDING']],
  ] as const);
  const features = random.pick(['(null)', 'avx,ib']);
  // What slurmd says of its system stands between two keys of Slurm's; a blank before the second key's name would end it.
  const os = registered ? ` OS=Linux 6.18${hostileLine(random, ' RealMemory=')} ` : '';
  const node = {
    ...{ cluster: 'c', name, hostname: name, address: '127.0.0.1', state, flags, partitions: ['cpu', 'gpu'] },
    features: features === '(null)' ? [] : features.split(','),
    ...{ sockets: 2, coresPerSocket: 4, threadsPerCore: 2, cpus: { total: 16, allocated: cpus } },
    memoryMiB: { total: memory, allocated: used, free: registered ? 23_061 : null },
    gres: { total, used: held },
    tres: { total: { cpu: 16, mem: memory }, allocated: cpus === 0 ? {} : { cpu: cpus, mem: used } },
    version: registered ? '24.11.1' : null,
  };
  const line = [
    `NodeName=${name} ${registered ? 'Arch=x86_64 ' : ''}CoresPerSocket=4  CPUAlloc=${cpus} CPUEfctv=16 CPUTot=16 CPULoad=1.30 `,
    `AvailableFeatures=${features} ActiveFeatures=${features} Gres=${gres} GresDrain=N/A GresUsed=${gresUsed} NodeAddr=127.0.0.1 `,
    `NodeHostName=${name} ${registered ? 'Port=17015 Version=24.11.1' : ''}${os} RealMemory=${memory} AllocMem=${used} `,
    `FreeMem=${registered ? '23061' : 'N/A'} Sockets=2 Boards=1 State=${stateText} ThreadsPerCore=2 TmpDisk=0 Weight=1 Owner=N/A `,
    `MCS_label=N/A Partitions=cpu,gpu  BootTime=None CfgTRES=cpu=16,mem=${memory}M AllocTRES=${cpus === 0 ? '' : `cpu=${cpus},mem=${used}M`} `,
    `CurrentWatts=0 AveWatts=0${freeTexts(random, name, reasons)}\n`,
  ].join('');
  return { node, line };
}

/** Reason, comment and extra, in either order; of them only the last two keep their newlines. */
function freeTexts(random: Random, name: string, reasons: Map<string, string>): string {
  const others = ['Comment', 'Extra']
    .map((key) => (random.oneIn(3) ? ` ${key}=${hostileText(random, [...lures, ...records])}` : ''))
    .join('');
  if (random.oneIn(3)) return others;
  const [first = '', ...more] = random.oneIn(3) ? ['disk full'] : hostileText(random, lures).split('\n');
  const rest = more.map((line) => `        ${line}`).join('');
  if (others === '' && rest === '' && !first.includes('=') && !first.includes('[')) reasons.set(name, decoded(first).trim());
  const reason = ` Reason=${first} [root@1795254116]${rest}`;
  return random.oneIn(2) ? reason + others : others + reason;
}

function hostileLine(random: Random, without: string): string {
  return hostileText(random, lures).replaceAll('\n', ' ').replaceAll(without.trim(), 'x');
}

async function judge({ text, truth, reasons, baited }: Nodes): Promise<FuzzVerdict> {
  const { controller } = scriptedSlurm(
    ({ args }) => ({ stdout: args.includes('node') ? text : 'ClusterName = c\n' }),
    (bytes) => [bytes],
  );
  const answer = await orTyped(() => controller.nodes());
  if (answer instanceof Error) return forged(`refused: ${answer.message}`);
  const left = new Map(truth.map((node) => [node.name, node]));
  for (const { reason, ...node } of answer.records) {
    const expected = left.get(node.name);
    left.delete(node.name);
    // A comment of an administrator may name a node that there is not.
    if (expected === undefined) {
      if (!baited.has(node.name)) return forged(`node ${JSON.stringify(node.name)} comes from nowhere`);
      continue;
    }
    const wrong = difference(node, expected);
    if (wrong !== 'keys are missing') return forged(`node ${node.name}: ${wrong}`);
    const said = reasons.get(node.name);
    if (said !== undefined && said !== reason) return forged(`reason ${JSON.stringify(reason)} for ${JSON.stringify(said)}`);
  }
  const lost = [...left.keys()].find((name) => !baited.has(name));
  if (lost !== undefined) return forged(`node ${lost} was not read`);
  if (left.size > 0 && answer.rejects.length === 0) return forged('a node is missing and nothing was rejected');
  return { accepted: left.size === 0 && answer.rejects.length === 0 };
}
