import type { StateStore } from '../model/state-store.ts';
import type { Store } from './store.ts';

/** The part of a store that slurmctld keeps its state in. A write commits all that waits, accounting's rows included; closing it closes the store. */
export function stateStore(store: Store): StateStore {
  return {
    load: (table) => store.list<unknown>(`ctld-${table}`).map(({ id, value }) => ({ key: id, value })),
    write: (changes) => {
      for (const { table, key, value } of changes) {
        if (value === null) store.remove(`ctld-${table}`, key);
        else store.put(`ctld-${table}`, key, value);
      }
      store.flush();
    },
    close: () => store.close(),
  };
}
