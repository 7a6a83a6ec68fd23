import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine; when it began tells it from a later one of the same number. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly began: string;
}

/** All processes of this machine, as /proc shows them. */
function all(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap(look);
}

/** None when it is no more. See proc_pid_stat(5): the second field is the program's name in brackets and may hold anything. */
function look(pid: number): Process[] {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  const [parent, began] = [fields[1], fields[19]];
  return parent === undefined || began === undefined ? [] : [{ pid, parent: Number(parent), began }];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Children of this process that were started with that word among their arguments. */
export function childrenWith(argument: string): Process[] {
  return all().filter(({ pid, parent }) => parent === process.pid && read(`/proc/${pid}/cmdline`).split('\0').includes(argument));
}

/** These processes and all that they and theirs have started, as far as nobody between them has ended. */
export function withDescendants(roots: readonly Process[]): Process[] {
  const processes = all();
  const tree = [...roots];
  for (const { pid } of tree) tree.push(...processes.filter(({ parent }) => parent === pid));
  return tree;
}

/** Sends a signal to each that is still there. */
export function signalAll(processes: readonly Process[], signal: NodeJS.Signals): void {
  for (const { pid, began } of processes) {
    if (look(pid)[0]?.began === began) process.kill(pid, signal);
  }
}
