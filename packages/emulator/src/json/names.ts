import { foldHostlist, formatGres } from '@sluice/slurm';
import type { EmulatedJob, NodeGrant } from '../model/job.ts';

/** `node[01-04]` for names one by one. */
export function nodeList(names: readonly string[]): string {
  return foldHostlist(names);
}

/** `gpu:a100:2(IDX:1-2)`: what a job holds on one node; empty without devices. */
export function grantGres(grant: NodeGrant): string {
  return formatGres(grant.gres.map(({ name, type, indices }) => ({ name, type, count: indices.length, indices })));
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A SLUID as 25.11 and later print it: `s` and 13 digits of Crockford's base 32 over the 64 bits of the row's id. */
export function sluid(dbIndex: string): string {
  let rest = /^[0-9]+$/.test(dbIndex) ? BigInt(dbIndex) : 0n;
  let digits = '';
  for (let index = 0; index < 13; index += 1) {
    digits = (crockford[Number(rest & 31n)] ?? '0') + digits;
    rest >>= 5n;
  }
  return `s${digits}`;
}

/** Paths of a job's output: as it was given (with the directory), and with as much filled in as a release fills in. */
export interface OutputPaths {
  readonly raw: string;
  /** All but the node's name: what 23.11 and 24.11 show. */
  readonly half: string;
  readonly expanded: string;
}

type PathKind = 'stdout' | 'stderr' | 'stdin';

interface PathSource {
  readonly jobId: number;
  readonly name: string;
  readonly user: string;
  readonly array: EmulatedJob['array'];
  readonly batchHost: string;
  readonly workDir: string;
}

export function outputPaths(kind: PathKind, given: string | undefined, job: PathSource): OutputPaths {
  const raw = absolute(given ?? defaultPath(kind, job), job.workDir);
  const half = fill(raw, job, null);
  return { raw, half, expanded: fill(raw, job, job.batchHost || '(null)') };
}

function defaultPath(kind: PathKind, job: PathSource): string {
  if (kind === 'stdin') return '/dev/null';
  if (kind === 'stderr') return '';
  return job.array === null ? 'slurm-%j.out' : 'slurm-%A_%a.out';
}

function absolute(path: string, workDir: string): string {
  return path === '' || path.startsWith('/') ? path : `${workDir}/${path}`;
}

function fill(path: string, job: PathSource, host: string | null): string {
  return path.replace(/%([0-9]*)([AabjJNnsStux%])/g, (all, width: string, letter: string) => {
    const pad = (id: number) => `${id}`.padStart(Math.min(Number(width || 0), 10), '0');
    switch (letter) {
      case '%':
        return '%';
      case 'A':
        return pad(job.array?.jobId ?? job.jobId);
      case 'a':
        return pad(job.array?.taskId ?? 4_294_967_294);
      case 'b':
        return pad((job.array?.taskId ?? 0) % 10);
      case 'j':
      case 'J':
        return pad(job.jobId);
      case 'u':
        return job.user;
      case 'x':
        return job.name;
      case 'N':
        return host === null ? all : host;
      default:
        return host === null ? all : '0';
    }
  });
}
