import type { Database } from './database.ts';

export interface NodeStateRow {
  readonly time_stamp: number;
  readonly jobs_running: number;
  readonly cpus_allocated: number;
  readonly memory_allocated: number;
  readonly gpus_allocated: number;
  readonly node_state: string;
  readonly health_state: string;
}

/** A node's state with the node it is of. */
export interface NamedNodeState extends NodeStateRow {
  readonly hostname: string;
  readonly cluster: string;
  readonly subcluster: string;
}

/** Nodes and the states they were in. */
export class NodeStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Appends one state of a node, and the node itself when it is new. */
  add(node: { hostname: string; cluster: string; subCluster: string }, state: NodeStateRow): void {
    this.#db.run(
      'INSERT OR IGNORE INTO node (hostname, cluster, subcluster) VALUES (?, ?, ?)',
      node.hostname,
      node.cluster,
      node.subCluster,
    );
    this.#db.run(
      `INSERT INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state, health_state, node_id)
         SELECT ?, ?, ?, ?, ?, ?, ?, id FROM node WHERE hostname = ? AND cluster = ?`,
      state.time_stamp,
      state.jobs_running,
      state.cpus_allocated,
      state.memory_allocated,
      state.gpus_allocated,
      state.node_state,
      state.health_state,
      node.hostname,
      node.cluster,
    );
  }

  /** One transaction for the states of one request, as since 1.5.2. */
  batch(work: () => void): void {
    this.#db.atomic(work);
  }

  /** Every node state ever received, oldest first. */
  all(): readonly NamedNodeState[] {
    return this.#db.all<NamedNodeState>(
      'SELECT node_state.*, hostname, cluster, subcluster FROM node_state JOIN node ON node.id = node_state.node_id ORDER BY node_state.id',
    );
  }

  /** Deletes states older than `cutoff` (seconds) but the newest of each node (`main.nodestate-retention`, contract §4.9). */
  deleteBefore(cutoff: number): number {
    return this.#db.run(
      'DELETE FROM node_state WHERE time_stamp < ? AND id NOT IN (SELECT max(id) FROM node_state GROUP BY node_id)',
      cutoff,
    ).changes;
  }
}
