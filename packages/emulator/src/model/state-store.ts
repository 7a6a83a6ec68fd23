/** Tables of slurmctld's state: a row is a key and a value of plain JSON. */
export type StateTable = 'controller' | 'job' | 'node' | 'partition' | 'reservation' | 'dbd-message';

export interface StateChange {
  readonly table: StateTable;
  readonly key: string;
  /** Null removes the row. */
  readonly value: unknown;
}

/** Where slurmctld's state is kept between two lives of the process. */
export interface StateStore {
  /** All rows of a table, in the order in which they were first written. */
  load(table: StateTable): Iterable<{ readonly key: string; readonly value: unknown }>;
  /** Writes these rows in one transaction. */
  write(changes: readonly StateChange[]): void;
  close(): void;
}
