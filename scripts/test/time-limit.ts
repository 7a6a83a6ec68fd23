import { setTimeout as pause } from 'node:timers/promises';
import { childrenWith, signalAll, withDescendants } from './process-tree.ts';

/** How long a test process may take to end what it has started once it is told to. */
const graceMs = 20_000;

/** A test that begins or ends, with the numbers that its process gives to it and to the one it is part of. */
export interface Step {
  readonly testId: number;
  readonly parentId: number;
  readonly name: string;
}

/**
 * Bounds the time of test files. Of a file that is over the limit it is told which tests run; then its process is ended
 * with all that it started: first asked (a lab takes its daemons down), then made to.
 */
export class TimeLimit {
  readonly #limitMs: number;
  readonly #tell: (file: string, running: readonly string[]) => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Map<string, Map<number, Step>>();

  constructor(limitMs: number, tell: (file: string, running: readonly string[]) => void) {
    this.#limitMs = limitMs;
    this.#tell = tell;
  }

  /** The process of a file is about to start; `file` is what its command line calls it. */
  fileBegins(file: string): void {
    this.#running.set(file, new Map());
    this.#timers.set(
      file,
      setTimeout(() => void this.#end(file), this.#limitMs),
    );
  }

  fileEnds(file: string): void {
    clearTimeout(this.#timers.get(file));
  }

  testBegins(file: string, step: Step): void {
    this.#running.get(file)?.set(step.testId, step);
  }

  testEnds(file: string, step: Step): void {
    this.#running.get(file)?.delete(step.testId);
  }

  async #end(file: string): Promise<void> {
    this.#tell(file, this.#innermost(file));
    const roots = childrenWith(file);
    const seen = withDescendants(roots);
    signalAll(roots, 'SIGTERM');
    for (let waited = 0; waited < graceMs && childrenWith(file).length > 0; waited += 100) {
      await pause(100);
      seen.push(...withDescendants(childrenWith(file)));
    }
    signalAll(seen, 'SIGKILL');
  }

  /** The tests that run and wait for no test within them, each with those it is part of. */
  #innermost(file: string): string[] {
    const running = this.#running.get(file) ?? new Map<number, Step>();
    const parents = new Set([...running.values()].map(({ parentId }) => parentId));
    const named = (step: Step): string => {
      const parent = running.get(step.parentId);
      return parent === undefined ? step.name : `${named(parent)} › ${step.name}`;
    };
    return [...running.values()].filter(({ testId }) => !parents.has(testId)).map(named);
  }
}
