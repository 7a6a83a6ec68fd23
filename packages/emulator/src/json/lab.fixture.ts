import type { Epoch, TresKind } from '@sluice/slurm';
import { labCluster } from '../engine/testing/lab-cluster.ts';
import { type EmulatedSlurm, noFaults } from '../model/emulated-slurm.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import type { Slurmdbd } from '../model/slurmdbd.ts';
import type { ClusterSpec } from '../model/spec.ts';

/** The cluster that was recorded, in every release the same but for ports and directories. */
export function labSpec(release: string, port: number): ClusterSpec {
  return { ...labCluster({}, release, port), settings: {}, accounts: [], qos: [] };
}

/** Resources that slurmdbd knew; gpumem and gpuutil came with 23.02 and stand before what the cluster adds only in ids. */
export function labTres(release: string): readonly TresKind[] {
  const own = ['cpu', 'mem', 'energy', 'node', 'billing', 'fs/disk', 'vmem', 'pages'];
  const added = release < '23' ? ['gres/gpu', 'gres/gpu:a100'] : ['gres/gpu', 'gres/gpu:a100', 'gres/gpumem', 'gres/gpuutil'];
  return [...own.map((name, index) => kind(name, index + 1)), ...added.map((name, index) => kind(name, 1001 + index))];
}

function kind(text: string, id: number): TresKind {
  const [type = text, name = ''] = text.split('/', 2);
  return { id, type, name };
}

/** As much of an emulated cluster as writing JSON asks: the rest is refused. */
export function labSlurm(
  spec: ClusterSpec,
  now: Epoch,
  parts: { readonly controller?: Partial<Slurmctld>; readonly database?: Partial<Slurmdbd> } = {},
): EmulatedSlurm {
  const controller: Partial<Slurmctld> = {
    spec,
    config: () => ({ DefMemPerCPU: '1000' }),
    now: () => now,
    reservations: () => [],
    ...parts.controller,
  };
  const database: Partial<Slurmdbd> = { now: () => now, tres: () => labTres(spec.release), ...parts.database };
  return {
    spec,
    controller: refusing(controller),
    database: refusing(database),
    time: { now: () => now, rate: 1, setRate() {}, advance() {}, set() {} },
    faults: noFaults,
    setFaults() {},
    onChange: () => () => {},
    injectUsage() {},
    keep() {},
    close: async () => {},
  };
}

function refusing<T extends object>(part: Partial<T>): T {
  return new Proxy(part, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (member === undefined) throw new Error(`the fixture has no ${String(key)}`);
      return member;
    },
  }) as T;
}
