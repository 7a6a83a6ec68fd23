import { hash } from 'node:crypto';
import type { Records, Reject } from '../facets.ts';
import { parseGres, parseNodeState, parseTres } from '../languages/index.ts';
import type { GresAllocation, Node, Tres } from '../records.ts';
import { excerpt } from './framing.ts';
import { own } from './memo.ts';
import { listOf, numberOf, readPairs, splitRecords, textOf } from './scontrol-pairs.ts';

const source = 'scontrol show node';

/**
 * Nodes from `scontrol -d -o show node`. The operating system has blanks, and reason, comment and extra are free text of
 * operators: the first is cut out between its neighbours, the others are looked for behind everything that Slurm writes.
 */
export function readNodes(text: string, cluster: string, read = readNode): Records<Node> {
  const nodes = new Map<string, Node>();
  const rejects: Reject[] = [];
  const twice = new Set<string>();
  for (const record of splitRecords(text, 'NodeName')) {
    const node = read(record, cluster);
    if (typeof node === 'string') {
      rejects.push({ source, reason: node, excerpt: excerpt(record) });
    } else if (nodes.has(node.name)) {
      twice.add(node.name);
      rejects.push({ source, reason: `node ${node.name} comes twice`, excerpt: excerpt(record) });
    } else {
      nodes.set(node.name, node);
    }
  }
  // One of them is a line in a comment; which, nothing tells.
  for (const name of twice) {
    nodes.delete(name);
    rejects.push({ source, reason: `node ${name} comes twice`, excerpt: `NodeName=${name}` });
  }
  return { records: [...nodes.values()], rejects };
}

/**
 * {@link readNodes} for answers of one cluster, one after another: a node whose record is what it was is the object that it was, and
 * so is the answer when all are.
 */
export function nodeReader(): typeof readNodes {
  let known = new Map<string, Node | string>();
  let last: Records<Node> | undefined;
  return (text, cluster) => {
    const now = new Map<string, Node | string>();
    const answer = readNodes(text, cluster, (record) => {
      // One part of an answer, as a key or in a node that is kept, would keep all of it in memory.
      const digest = hash('sha256', record, 'base64');
      const node = known.get(digest) ?? readNode(own(record), cluster);
      now.set(digest, node);
      return node;
    });
    known = now;
    if (last === undefined || answer.rejects.length > 0 || !isSame(answer.records, last.records)) last = answer;
    return last;
  };
}

function isSame(some: readonly Node[], others: readonly Node[]): boolean {
  return some.length === others.length && some.every((node, index) => node === others[index]);
}

/** The node, or what is wrong. */
function readNode(record: string, cluster: string): Node | string {
  const { own, reason } = separate(record);
  const pairs = readPairs(own);
  const state = parseNodeState(pairs.get('State') ?? '');
  if (!state) return 'no node state';
  const gres = readGres(pairs, 'Gres');
  const gresUsed = readGres(pairs, 'GresUsed');
  const tres = readTres(pairs, 'CfgTRES');
  const tresUsed = readTres(pairs, 'AllocTRES');
  if (!gres || !gresUsed) return 'generic resources that are not of their language';
  if (!tres || !tresUsed) return 'trackable resources that are not of their language';
  const total = numberOf(pairs, 'CPUTot');
  const memory = numberOf(pairs, 'RealMemory');
  if (total === null || memory === null) return 'no CPUTot or RealMemory';
  return {
    cluster,
    name: pairs.get('NodeName') ?? '',
    hostname: textOf(pairs, 'NodeHostName'),
    address: textOf(pairs, 'NodeAddr'),
    state: state.state,
    flags: state.flags,
    reason,
    partitions: listOf(pairs, 'Partitions'),
    features: listOf(pairs, 'ActiveFeatures'),
    sockets: numberOf(pairs, 'Sockets') ?? 0,
    coresPerSocket: numberOf(pairs, 'CoresPerSocket') ?? 0,
    threadsPerCore: numberOf(pairs, 'ThreadsPerCore') ?? 0,
    cpus: { total, allocated: numberOf(pairs, 'CPUAlloc') ?? 0 },
    memoryMiB: { total: memory, allocated: numberOf(pairs, 'AllocMem') ?? 0, free: numberOf(pairs, 'FreeMem') },
    gres: { total: gres, used: gresUsed },
    // Slurm rounds memory here to hundredths of a GiB.
    tres: { total: withMemory(tres, memory), allocated: withMemory(tresUsed, numberOf(pairs, 'AllocMem')) },
    version: textOf(pairs, 'Version') || null,
  };
}

/** ` [root@1795254116]`, which Slurm puts behind the first line of a reason; an operator may have written others before. */
const lastStamp = / \[[^\s[\]]+@[\dT:-]{9,}\](?![\s\S]* \[[^\s[\]]+@[\dT:-]{9,}\])/;

/** What Slurm writes of itself, and the reason. */
function separate(record: string): { readonly own: string; readonly reason: string } {
  const afterOs = record.indexOf(' RealMemory=');
  const os = record.slice(0, Math.max(afterOs, 0)).indexOf(' OS=');
  const head = os < 0 ? '' : record.slice(0, os);
  const rest = os < 0 ? record : record.slice(afterOs);
  const free = /\s(?:Comment|Extra|Reason|InstanceId)=/.exec(rest);
  const own = head + (free ? rest.slice(0, free.index) : rest);
  const reason = /\sReason=([\s\S]*)$/.exec(free ? rest.slice(free.index) : '')?.[1] ?? '';
  return { own, reason: reason.replace(lastStamp, '').trim() };
}

/** Resources of the node; `gpu:0`, which stands for none in use, is left out. */
function readGres(pairs: ReadonlyMap<string, string>, key: string): readonly GresAllocation[] | undefined {
  return parseGres(pairs.get(key) ?? '')?.filter(({ count }) => count > 0);
}

function withMemory(tres: Tres, mib: number | null): Tres {
  return tres['mem'] === undefined || mib === null ? tres : { ...tres, mem: mib };
}

function readTres(pairs: ReadonlyMap<string, string>, key: string): Tres | undefined {
  return parseTres(pairs.get(key) ?? '');
}
