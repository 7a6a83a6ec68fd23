import type { Epoch } from '@sluice/slurm';

export type DependencyKind = 'after' | 'afterany' | 'afterok' | 'afternotok' | 'aftercorr' | 'singleton';

/** One condition of `--dependency`. */
export interface DependencyTerm {
  readonly kind: DependencyKind;
  /** 0 for `singleton`. */
  readonly jobId: number;
  /** Of an array: this task alone; null: all of it. */
  readonly taskId: number | null;
  /** Minutes after the start, with `after:JOB+MINUTES`. */
  readonly delay: number;
}

/** What a term looks at: runs of a job, of the tasks of an array or of the components of a het job. */
export interface DependencyTarget {
  readonly pending: boolean;
  readonly ended: boolean;
  readonly succeeded: boolean;
  readonly startedAt: Epoch | null;
}

const kinds: ReadonlySet<string> = new Set(['after', 'afterany', 'afterok', 'afternotok', 'aftercorr', 'singleton']);

/** `afterok:5:6,afterany:7`, or with `?` where one of them is enough. Undefined when it is no such list. */
export function parseDependency(text: string): { readonly terms: readonly DependencyTerm[]; readonly any: boolean } | undefined {
  const any = text.includes('?');
  if (any && text.includes(',')) return undefined;
  const terms: DependencyTerm[] = [];
  for (const part of text.split(any ? '?' : ',')) {
    const [kind = '', ...targets] = part.split(':');
    if (!kinds.has(kind)) return undefined;
    if (kind === 'singleton') {
      if (targets.length > 0) return undefined;
      terms.push({ kind, jobId: 0, taskId: null, delay: 0 });
      continue;
    }
    if (targets.length === 0) return undefined;
    for (const target of targets) {
      const [, jobId, task, delay] = /^(\d+)(?:_(\d+|\*))?(?:\+(\d+))?$/.exec(target) ?? [];
      if (jobId === undefined || (delay !== undefined && kind !== 'after')) return undefined;
      terms.push({
        kind: kind as DependencyKind,
        jobId: Number(jobId),
        taskId: task === undefined || task === '*' ? null : Number(task),
        delay: Number(delay ?? 0),
      });
    }
  }
  return { terms, any };
}

export type TermState = 'fulfilled' | 'unfulfilled' | 'failed';

/**
 * Where a term stands. `targets` are the records of its job that slurmctld still holds; a job that it has forgotten counts as fulfilled for `after` and `afterany`,
 * and as failed for the others (slurmctld can't tell any more how it ended).
 */
export function termState(term: DependencyTerm, targets: readonly DependencyTarget[], now: Epoch): TermState {
  if (term.kind === 'singleton') return targets.length === 0 ? 'fulfilled' : 'unfulfilled';
  if (targets.length === 0) return term.kind === 'after' || term.kind === 'afterany' ? 'fulfilled' : 'failed';
  if (term.kind === 'after') {
    const begun = targets.every(({ pending, startedAt }) => !pending && (startedAt === null || startedAt + term.delay * 60 <= now));
    return begun ? 'fulfilled' : 'unfulfilled';
  }
  if (term.kind === 'afternotok') {
    if (!targets.every(({ ended }) => ended)) return 'unfulfilled';
    return targets.some(({ succeeded }) => !succeeded) ? 'fulfilled' : 'failed';
  }
  if (term.kind !== 'afterany' && targets.some(({ ended, succeeded }) => ended && !succeeded)) return 'failed';
  return targets.every(({ ended }) => ended) ? 'fulfilled' : 'unfulfilled';
}

/** All terms together, with `,` or `?` between them. */
export function combined(states: readonly TermState[], any: boolean): TermState {
  if (any) {
    if (states.includes('fulfilled')) return 'fulfilled';
    return states.every((state) => state === 'failed') ? 'failed' : 'unfulfilled';
  }
  if (states.includes('failed')) return 'failed';
  return states.every((state) => state === 'fulfilled') ? 'fulfilled' : 'unfulfilled';
}

/** As slurmctld shows it: what is not fulfilled yet, `afterok:5(unfulfilled)`. */
export function formatDependency(terms: readonly DependencyTerm[], states: readonly TermState[], any: boolean): string {
  return terms
    .flatMap((term, at) => {
      const state = states[at] ?? 'unfulfilled';
      if (state === 'fulfilled') return [];
      const id =
        term.kind === 'singleton'
          ? ''
          : `:${term.jobId}${term.taskId === null ? '' : `_${term.taskId}`}${term.delay > 0 ? `+${term.delay}` : ''}`;
      return [`${term.kind}${id}(${state})`];
    })
    .join(any ? '?' : ',');
}
