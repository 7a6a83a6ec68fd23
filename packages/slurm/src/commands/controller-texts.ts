import type { ControllerStatus, Diagnostics } from '../facets.ts';

/** Controllers of `scontrol ping`: `Slurmctld(primary) at host is UP`, one line each. */
export function readPing(text: string): readonly ControllerStatus[] {
  const found = text.matchAll(/^Slurmctld\((\w+)\) at (\S+) is (UP|DOWN)\b/gm);
  return [...found].map(([, role, host = '', state]) => ({ host, role: role === 'primary' ? 'primary' : 'backup', up: state === 'UP' }));
}

/** Settings of `scontrol show config`: `Name = value`, by name; plugins' own settings too, where they do not repeat a name. */
export function readConfig(text: string): Readonly<Record<string, string>> {
  const settings = new Map<string, string>();
  for (const match of text.matchAll(/^(\S+)\s+= ?(.*)$/gm)) {
    const [, name = '', value = ''] = match;
    if (!settings.has(name)) settings.set(name, value.trim());
  }
  return Object.fromEntries(settings);
}

/** How many controllers slurm.conf names: `SlurmctldHost[0]`, `SlurmctldHost[1]`, … */
export function countControllers(config: Readonly<Record<string, string>>): number {
  return Object.keys(config).filter((name) => /^SlurmctldHost\[\d+\]$/.test(name)).length || 1;
}

/** Seconds that a command waits for one controller; Slurm's default of 10 when the text says nothing. */
export function messageTimeout(config: Readonly<Record<string, string>>): number {
  const seconds = Number.parseInt(config['MessageTimeout'] ?? '', 10);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 10;
}

/** The text of `sdiag`. What a release does not print is null. */
export function readDiagnostics(text: string, cluster: string): Diagnostics {
  const byType = /Remote Procedure Call statistics by message type\n([\s\S]*?)(?:\n\n|$)/.exec(text)?.[1] ?? '';
  const rpcs = [...byType.matchAll(/^\s+(\S+)\s+\(\s*\d+\)\s+count:(\d+)\s+ave_time:(\d+)/gm)];
  return {
    cluster,
    time: found(text, /^sdiag output at .*\((\d+)\)/m),
    jobsPending: found(text, /^Jobs pending:\s*(\d+)/m),
    jobsRunning: found(text, /^Jobs running:\s*(\d+)/m),
    serverThreads: found(text, /^Server thread count:\s*(\d+)/m),
    dbdAgentQueue: found(text, /^DBD Agent queue size:\s*(\d+)/m),
    rpcs: rpcs.map(([, name = '', count, average]) => ({ name, count: Number(count), averageMicroseconds: Number(average) })),
  };
}

function found(text: string, pattern: RegExp): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
