import type { ClusterSpec } from '../model/spec.ts';

/** The settings of slurm.conf that the engine goes by, as numbers and words. Times are seconds. */
export interface EngineSettings {
  readonly minJobAge: number;
  readonly killWait: number;
  readonly overTimeLimit: number;
  readonly defMemPerCpuMiB: number | null;
  readonly enforce: ReadonlySet<'associations' | 'limits' | 'qos' | 'safe' | 'wckeys'>;
  readonly maxArraySize: number;
  readonly maxJobCount: number;
  readonly jobRequeue: boolean;
  readonly returnToService: number;
  readonly prologSlurmctld: readonly string[];
  readonly epilogSlurmctld: readonly string[];
  readonly backfillInterval: number;
  readonly backfillDepth: number;
  readonly weights: {
    readonly age: number;
    readonly fairshare: number;
    readonly jobSize: number;
    readonly partition: number;
    readonly qos: number;
    readonly assoc: number;
  };
  readonly maxAge: number;
  readonly favorSmall: boolean;
  readonly calcPeriod: number;
  readonly basicPriority: boolean;
  readonly firstJobId: number;
  /** AccountingStoreFlags. */
  readonly stores: ReadonlySet<string>;
  /** Not of slurm.conf: seconds a job takes whose script says nothing, seconds its node epilog takes, and how jobs are played. */
  readonly simulatedSeconds: number;
  readonly epilogSeconds: number;
  readonly play: 'simulated' | 'script';
}

/** Settings that are the emulator's own; they may stand among the others and slurmctld does not show them. */
export const ownSettings: readonly string[] = ['EmulatedSeconds', 'EmulatedEpilogSeconds', 'EmulatedPlay'];

export function engineSettings(spec: ClusterSpec): EngineSettings {
  const given = new Map(Object.entries(spec.settings).map(([name, value]) => [name.toLowerCase(), value]));
  const text = (name: string, fallback: string): string => given.get(name.toLowerCase()) ?? fallback;
  const number = (name: string, fallback: number): number => {
    const value = Number.parseFloat(text(name, ''));
    return Number.isFinite(value) ? value : fallback;
  };
  const scheduler = new Map<string, string>();
  for (const word of text('SchedulerParameters', '').split(',')) {
    const [name = '', value = ''] = word.split('=');
    scheduler.set(name, value);
  }
  const schedulerNumber = (name: string, fallback: number): number => {
    const value = Number.parseFloat(scheduler.get(name) ?? '');
    return Number.isFinite(value) ? value : fallback;
  };
  const list = (name: string): readonly string[] => {
    const value = text(name, '');
    return value === '' || value === '(null)' ? [] : value.split(',').filter((path) => path !== '');
  };
  const defMem = number('DefMemPerCPU', 0);
  return {
    minJobAge: number('MinJobAge', 300),
    killWait: number('KillWait', 30),
    overTimeLimit: number('OverTimeLimit', 0) * 60,
    defMemPerCpuMiB: defMem > 0 ? defMem : null,
    enforce: enforced(text('AccountingStorageEnforce', '')),
    maxArraySize: number('MaxArraySize', 1001),
    maxJobCount: number('MaxJobCount', 10_000),
    jobRequeue: number('JobRequeue', 1) !== 0,
    returnToService: number('ReturnToService', 0),
    prologSlurmctld: list('PrologSlurmctld'),
    epilogSlurmctld: list('EpilogSlurmctld'),
    backfillInterval: schedulerNumber('bf_interval', 30),
    backfillDepth: schedulerNumber('bf_max_job_test', 500),
    weights: {
      age: number('PriorityWeightAge', 0),
      fairshare: number('PriorityWeightFairshare', 0),
      jobSize: number('PriorityWeightJobSize', 0),
      partition: number('PriorityWeightPartition', 0),
      qos: number('PriorityWeightQOS', 0),
      assoc: number('PriorityWeightAssoc', 0),
    },
    maxAge: duration(text('PriorityMaxAge', '7-0')),
    favorSmall: text('PriorityFavorSmall', 'no').toLowerCase() === 'yes',
    calcPeriod: Math.max(duration(text('PriorityCalcPeriod', '5')), 1),
    basicPriority: text('PriorityType', 'priority/multifactor') === 'priority/basic',
    stores: new Set(text('AccountingStoreFlags', '').split(',')),
    firstJobId: number('FirstJobId', 1),
    simulatedSeconds: number('EmulatedSeconds', 60),
    epilogSeconds: number('EmulatedEpilogSeconds', 0),
    play: text('EmulatedPlay', 'simulated') === 'script' ? 'script' : 'simulated',
  };
}

function enforced(text: string): EngineSettings['enforce'] {
  const words = new Set<'associations' | 'limits' | 'qos' | 'safe' | 'wckeys'>();
  for (const word of text.toLowerCase().split(',')) {
    if (word === 'all' || word === '1') for (const each of ['associations', 'limits', 'qos'] as const) words.add(each);
    else if (word === 'associations' || word === 'limits' || word === 'qos' || word === 'safe' || word === 'wckeys') words.add(word);
  }
  // Limits and QOS are of no use without associations: slurmctld adds them.
  if (words.size > 0) words.add('associations');
  if (words.has('safe')) words.add('limits');
  return words;
}

/** Slurm's durations: minutes, `MM:SS`, `HH:MM:SS`, `D-HH[:MM[:SS]]`; seconds come out. */
function duration(text: string): number {
  const [, days, rest = ''] = /^(?:(\d+)-)?([\d:]+)$/.exec(text.trim()) ?? [];
  const parts = rest.split(':').map(Number);
  const [a = 0, b = 0, c = 0] = parts;
  if (days !== undefined) return Number(days) * 86_400 + a * 3600 + b * 60 + c;
  if (parts.length === 1) return a * 60;
  return parts.length === 2 ? a * 60 + b : a * 3600 + b * 60 + c;
}
