import type { Epoch, TresKind } from '@sluice/slurm';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { NodeSpec, PartitionSpec } from '../model/spec.ts';
import { parseDialect, releaseOf } from './dialects.ts';

/** What the tables may ask beside the record: the dialect, the release behind it, and names that the record has as numbers. */
export interface JsonContext {
  /** 42 for v0.0.42. */
  readonly dialect: number;
  /** Year × 100 + month, e.g. 2411: what Slurm itself does, whatever the dialect. */
  readonly release: number;
  readonly releaseText: string;
  readonly cluster: string;
  readonly now: Epoch;
  readonly slurm: EmulatedSlurm;
  node(name: string): NodeSpec | undefined;
  partition(name: string): PartitionSpec | undefined;
  /** A user's name; the number itself when it has none. */
  userName(uid: number): string;
  /** A resource by its name in a Tres: `cpu`, `gres/gpu:a100`. */
  tres(name: string): TresKind | undefined;
  tresKinds(): readonly TresKind[];
  setting(name: string): string | undefined;
  /** Number of a QOS; past all others when there is none of that name. */
  qosId(name: string): number;
}

const ownTres = ['cpu', 'mem', 'energy', 'node', 'billing', 'fs/disk', 'vmem', 'pages'];

export function jsonContext(slurm: EmulatedSlurm, release: string, dialect: string): JsonContext {
  const nodes = memo(() => new Map(slurm.spec.nodes.map((node) => [node.name, node])));
  const kinds = memo(() => slurm.database.tres());
  const byName = memo(() => new Map(kinds().map((kind) => [tresName(kind), kind])));
  const qos = memo(() => new Map(slurm.database.qos().map(({ name, id }) => [name, id])));
  const config = memo(() => slurm.controller.config());
  return {
    dialect: parseDialect(dialect) ?? 42,
    release: releaseOf(release).major,
    releaseText: releaseOf(release).text,
    cluster: slurm.spec.name,
    now: slurm.time.now(),
    slurm,
    node: (name) => nodes().get(name),
    partition: (name) => slurm.spec.partitions.find((partition) => partition.name === name),
    userName: (uid) => (uid === 0 ? 'root' : (slurm.spec.users.find((user) => user.uid === uid)?.name ?? `${uid}`)),
    tres: (name) => byName().get(name) ?? ownKind(name),
    tresKinds: () => kinds(),
    setting: (name) => config()[name],
    qosId: (name) => qos().get(name) ?? Number.MAX_SAFE_INTEGER,
  };
}

export function tresName({ type, name }: TresKind): string {
  return name === '' ? type : `${type}/${name}`;
}

function ownKind(name: string): TresKind | undefined {
  const index = ownTres.indexOf(name);
  const [type = name, rest = ''] = name.split('/', 2);
  return index < 0 ? undefined : { id: index + 1, type, name: rest };
}

function memo<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
