import { type Epoch, parseRelease } from '@sluice/slurm';
import type { EmulatedNode, EmulatedPartition, Slurmctld } from '../model/slurmctld.ts';
import type { CommandCall } from './command.ts';
import { type TimeTexts, timeTexts } from './time-text.ts';

/** What the texts of one answer have in common: the release whose texts they are, the moment, and what slurmctld says of nodes and partitions. */
export interface Scene {
  /** Year × 100 + month, e.g. 2411. */
  readonly release: number;
  readonly cluster: string;
  readonly now: Epoch;
  readonly times: TimeTexts;
  readonly env: Readonly<Record<string, string>>;
  node(name: string): EmulatedNode | undefined;
  partition(name: string): EmulatedPartition | undefined;
  setting(name: string): string | undefined;
}

export function sceneOf(call: Pick<CommandCall, 'env' | 'slurm'>, controller: Slurmctld): Scene {
  const now = controller.now();
  const nodes = memo(() => new Map(controller.nodes().map((node) => [node.spec.name, node])));
  const partitions = memo(() => new Map(controller.partitions().map((partition) => [partition.name, partition])));
  const config = memo(() => controller.config());
  const release = majorRelease(call);
  return {
    release,
    cluster: controller.spec.name,
    now,
    times: timeTexts(call.env, now, release < 2302 ? 31 : 255),
    env: call.env,
    node: (name) => nodes().get(name),
    partition: (name) => partitions().get(name),
    setting: (name) => config()[name],
  };
}

/** Year × 100 + month of the release whose texts the commands speak. */
export function majorRelease({ slurm }: Pick<CommandCall, 'slurm'>): number {
  return parseRelease(slurm.spec.release)?.major ?? 2605;
}

/** A value that is worked out when it is first asked for. */
export function memo<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
