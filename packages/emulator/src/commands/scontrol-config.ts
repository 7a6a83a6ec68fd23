import type { Slurmctld } from '../model/slurmctld.ts';
import type { CommandCall } from './command.ts';
import type { Scene } from './scene.ts';
import { configTable } from './scontrol-config-table.ts';

interface Setting {
  readonly name: string;
  readonly value: string;
}

/** The text of `scontrol show config` without the controllers that answer. */
export function configText(controller: Slurmctld, scene: Scene, { slurm }: Pick<CommandCall, 'slurm'>): string {
  const { spec } = slurm;
  const own = new Map(Object.entries(controller.config()).map(([name, value]) => [name.toLowerCase(), { name, value }]));
  const filled: Readonly<Record<string, string>> = {
    cluster: spec.name,
    controllerPort: `${spec.controllerPort}`,
    databaseHost: spec.databaseHost,
    databasePort: `${spec.databasePort}`,
    release: spec.release,
    started: scene.times.time(controller.statistics().startedAt),
    tres: ['cpu', 'mem', 'energy', 'node', 'billing', 'fs/disk', 'vmem', 'pages', ...spec.tres].join(','),
  };
  const settings = settingsOf(scene.release).flatMap(({ name, value }): Setting[] => {
    if (value === '{hosts}')
      return spec.controllers.map(({ address, host }, index) => ({ name: `SlurmctldHost[${index}]`, value: `${host}(${address})` }));
    const plain = name.replace(/\[0\]$/, '');
    const given = own.get(plain.toLowerCase());
    own.delete(plain.toLowerCase());
    if (name === 'DefMemPerNode' && own.has('defmempercpu')) {
      const perCpu = own.get('defmempercpu');
      own.delete('defmempercpu');
      return perCpu === undefined ? [] : [{ name: 'DefMemPerCPU', value: perCpu.value }];
    }
    if (name === 'AccountingStoreFlags' && given !== undefined) return [{ name, value: inOwnOrder(given.value) }];
    return [
      {
        name,
        value: given === undefined ? value.replace(/\{(\w+)\}/g, (_, word: string) => filled[word] ?? '') : withUnit(given.value, value),
      },
    ];
  });
  const lines = [...settings, ...own.values()].map(({ name, value }) => `${name.padEnd(23)} = ${value}\n`);
  return `Configuration data as of ${scene.times.time(scene.now)}\n${lines.join('')}\n`;
}

/** Flags as slurmctld lists them, in whatever order they were set. */
function inOwnOrder(flags: string): string {
  return flags.split(',').sort().join(',');
}

/** `300 sec` for a setting that is counted in seconds where it is not set. */
function withUnit(value: string, unset: string): string {
  const unit = /^\d+ (sec|min|usec|percent|nodes\/min)$/.exec(unset)?.[1];
  return unit !== undefined && /^\d+$/.test(value) ? `${value} ${unit}` : value;
}

function settingsOf(release: number): readonly Setting[] {
  return configTable
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, since, until, name = '', text = ''] = /^(?:(\d{4})?-(\d{4})? )?([^=]+)=(.*)$/.exec(line) ?? [];
      if (release < Number(since ?? 0) || release > Number(until ?? 9999)) return [];
      const [old = '', late = old] = text.split(' | ');
      const value = release < 2302 ? old : late;
      // Since 24.05 it says yes and no in small letters.
      return [{ name, value: release >= 2405 && (value === 'Yes' || value === 'No') ? value.toLowerCase() : value }];
    });
}
