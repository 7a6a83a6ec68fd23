import type { Epoch } from '@sluice/slurm';

/** Something that is to happen: at the moment `at`, among those of one moment in the order of `seq`. */
export interface Timer<Kind extends string = string> {
  readonly at: Epoch;
  readonly seq: number;
  readonly kind: Kind;
}

/** Timers by time; a binary heap. What no longer holds is left in it: whoever takes a timer asks its owner whether it still stands. */
export class TimerHeap<Entry extends { readonly at: Epoch; readonly seq: number }> {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): Entry | undefined {
    return this.#heap[0];
  }

  push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (isBefore(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Entry)) child += 1;
      const below = heap[child] as Entry;
      if (isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: { at: Epoch; seq: number }, b: { at: Epoch; seq: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}
