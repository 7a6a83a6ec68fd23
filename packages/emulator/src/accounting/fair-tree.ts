/** One association as fairshare sees it. `usage` is decayed and holds that of all below it. */
export interface FairTreeInput {
  readonly id: number;
  /** 0 for the root. */
  readonly parentId: number;
  readonly isUser: boolean;
  readonly shares: number | 'parent';
  readonly usage: number;
}

export interface FairTreeFigures {
  /** Share among its siblings. */
  readonly normShares: number;
  /** Usage as part of all usage. */
  readonly normUsage: number;
  /** Usage as part of its parent's. */
  readonly effectiveUsage: number;
  /** Infinity where there is no usage; null where it plays no part. */
  readonly levelFs: number | null;
  /** Of users: 1 for whoever comes first, down to 1 / number of users. */
  readonly fairshare: number | null;
}

interface Node {
  readonly input: FairTreeInput;
  readonly children: Node[];
  normShares: number;
  normUsage: number;
  effectiveUsage: number;
  levelFs: number | null;
  fairshare: number | null;
}

/**
 * Fair Tree, slurmctld's fairshare since 19.05 (slurm.schedmd.com/fair_tree.html): siblings are ordered by their level fairshare, shares
 * by usage, and users ranked as the tree is walked in that order; siblings that are level are ranked as one.
 * The recordings sreport/sshare.txt of every release are its test.
 */
export function fairTree(inputs: readonly FairTreeInput[]): ReadonlyMap<number, FairTreeFigures> {
  const nodes = new Map<number, Node>();
  for (const input of inputs) {
    nodes.set(input.id, { input, children: [], normShares: 0, normUsage: 0, effectiveUsage: 0, levelFs: null, fairshare: null });
  }
  for (const node of nodes.values()) nodes.get(node.input.parentId)?.children.push(node);
  const root = [...nodes.values()].find(({ input }) => !nodes.has(input.parentId));
  if (root === undefined) return nodes;
  root.effectiveUsage = 1;
  measure(root, root.input.usage);
  const users = inputs.filter(({ isUser }) => isUser).length;
  rank(siblingsOf([root]), { users, next: users, given: users }, false);
  return nodes;
}

/** Accounts whose shares are their parent's are no level of their own: their children are its children. */
function siblingsOf(parents: readonly Node[]): Node[] {
  const found: Node[] = [];
  for (const { children } of parents) {
    for (const child of children) {
      if (child.input.shares === 'parent' && !child.input.isUser) found.push(...siblingsOf([child]));
      else found.push(child);
    }
  }
  return found;
}

function measure(root: Node, all: number): void {
  const measureBelow = (parent: Node, level: readonly Node[]): void => {
    const shares = level.reduce((sum, { input }) => sum + (input.shares === 'parent' ? 0 : input.shares), 0);
    for (const node of level) {
      const { input } = node;
      const own = input.shares === 'parent' ? null : input.shares;
      node.normShares = own === null ? parent.normShares : shares === 0 ? 0 : own / shares;
      node.normUsage = all === 0 ? 0 : input.usage / all;
      node.effectiveUsage = own === null ? parent.effectiveUsage : parent.input.usage === 0 ? 0 : input.usage / parent.input.usage;
      if (own === null) node.levelFs = input.isUser ? Number.POSITIVE_INFINITY : null;
      else
        node.levelFs =
          node.normShares === 0 ? 0 : node.effectiveUsage === 0 ? Number.POSITIVE_INFINITY : node.normShares / node.effectiveUsage;
    }
    for (const node of level) if (!node.input.isUser) measureBelow(node, siblingsOf([node]));
  };
  measureBelow(root, siblingsOf([root]));
}

interface Ranks {
  readonly users: number;
  /** Rank of the next user who is not level with the one before. */
  next: number;
  /** Rank that was given last. */
  given: number;
}

function rank(siblings: readonly Node[], ranks: Ranks, parentTied: boolean): void {
  const ordered = [...siblings].sort(
    (one, other) => compare(other.levelFs, one.levelFs) || Number(other.input.isUser) - Number(one.input.isUser),
  );
  for (let at = 0; at < ordered.length; at++) {
    const node = ordered[at];
    if (node === undefined) return;
    const tied = at === 0 ? parentTied : compare(ordered[at - 1]?.levelFs ?? null, node.levelFs) === 0;
    if (node.input.isUser) {
      if (!tied) ranks.given = ranks.next;
      node.fairshare = ranks.given / ranks.users;
      ranks.next -= 1;
      continue;
    }
    const level = [node];
    for (let next = ordered[at + 1]; next !== undefined && compare(next.levelFs, node.levelFs) === 0; next = ordered[at + 1]) {
      level.push(next);
      at += 1;
    }
    rank(siblingsOf(level), ranks, tied);
  }
}

function compare(one: number | null, other: number | null): number {
  const a = one ?? -1;
  const b = other ?? -1;
  return a === b ? 0 : a - b;
}
