import type { JobRequest } from '@sluice/emulator';

/** A job of the demo, and when it comes. */
export interface PlannedJob {
  /** Milliseconds after the beginning. */
  readonly atMs: number;
  readonly user: string;
  readonly request: JobRequest;
  /** Its user cancels it so long after it began; absent for most. */
  readonly cancelAfterMs?: number;
}

/** A day passes in so many milliseconds. */
export const dayMs = 300_000;
const daySeconds = 86_400;
/** Jobs of a day. */
const jobsOfDay = 360;

interface Kind {
  readonly weight: number;
  readonly names: readonly string[];
  readonly partition: string;
  readonly request: Partial<JobRequest>;
  /** Hours of a real day: most jobs are short, a few long. */
  readonly hours: readonly [median: number, longest: number];
}

const kinds: readonly Kind[] = [
  { weight: 30, names: ['fit', 'postproc', 'test', 'analyse'], partition: 'cpu', request: { tasks: 1 }, hours: [0.3, 4] },
  { weight: 20, names: ['md', 'lattice'], partition: 'cpu', request: { tasks: 8, memoryPerCpuMiB: 500 }, hours: [0.8, 8] },
  { weight: 8, names: ['cfd', 'qchem'], partition: 'cpu', request: { minNodes: 2, maxNodes: 2, tasksPerNode: 8 }, hours: [0.6, 5] },
  { weight: 5, names: ['whole-node'], partition: 'cpu', request: { minNodes: 1, maxNodes: 1, sharing: 'exclusive' }, hours: [0.5, 4] },
  { weight: 20, names: ['train', 'infer'], partition: 'gpu', request: { cpusPerTask: 2, gresPerNode: 'gpu:1' }, hours: [0.7, 8] },
  { weight: 5, names: ['train-large'], partition: 'gpu', request: { minNodes: 2, maxNodes: 2, gresPerNode: 'gpu:a100:2' }, hours: [1, 8] },
  { weight: 6, names: ['sweep'], partition: 'cpu', request: { array: '0-7%4' }, hours: [0.2, 1] },
];

/** How jobs end: most as they should. */
const ends = [
  { weight: 80, code: 0, signal: 0 },
  { weight: 10, code: 1, signal: 0 },
  { weight: 3, code: 0, signal: 11 },
] as const;
const timeOutShare = 0.04;
const cancelShare = 0.05;
const users = [
  { name: 'alice', accounts: ['physics', 'chem'] },
  { name: 'bob', accounts: ['chem'] },
] as const;

/** A day's jobs in the order in which they come: few at night, many in the morning and after lunch. */
export function dayLoad(random: () => number, workDir: string, submitHost: string): readonly PlannedJob[] {
  const scale = dayMs / 1000 / daySeconds;
  const jobs = Array.from({ length: jobsOfDay }, (): PlannedJob => {
    const kind = weighted(kinds, random);
    const user = one(users, random);
    const end = weighted(ends, random);
    const seconds = Math.max(1, Math.round(hoursOf(kind.hours, random) * 3600 * scale));
    const name = one(kind.names, random);
    // A limit is given in minutes, and a minute is long here; the few that are to reach theirs run on for ever.
    const timesOut = random() < timeOutShare;
    return {
      atMs: Math.round(momentOfDay(random) * dayMs),
      user: user.name,
      request: {
        ...kind.request,
        name,
        account: one(user.accounts, random),
        partitions: [kind.partition],
        timeLimit: timesOut ? 1 : Math.ceil(seconds / 60) + 1,
        workDir,
        submitHost,
        command: `${workDir}/${name}.sh`,
        submitLine: `sbatch ${name}.sh`,
        script: `#!/bin/sh\nsleep ${seconds}\n`,
        environment: { HOME: `/home/${user.name}`, USER: user.name },
        play: { kind: 'simulated', seconds: timesOut ? 600 : seconds, exit: { code: end.code, signal: end.signal } },
      },
      ...(random() < cancelShare ? { cancelAfterMs: Math.round(1000 + seconds * 1000 * random()) } : {}),
    };
  });
  // Somebody is there at once.
  return jobs.toSorted((a, b) => a.atMs - b.atMs).map((job, index) => (index < 3 ? { ...job, atMs: 0 } : job));
}

/** A moment of the working day as a share of it: uniform, thinned out by how busy the hour is. */
function momentOfDay(random: () => number): number {
  for (;;) {
    const at = random();
    // The demo begins at eight in the morning.
    const hour = (8 + at * 24) % 24;
    const busy = 0.35 + 0.65 * Math.exp(-(((hour - 10) / 2.5) ** 2)) + 0.6 * Math.exp(-(((hour - 15) / 3) ** 2));
    if (random() * 1.6 < busy) return at;
  }
}

/** Log-normal around the median, cut at the longest. */
function hoursOf([median, longest]: readonly [number, number], random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(longest, median * Math.exp(normal));
}

function weighted<T extends { readonly weight: number }>(items: readonly T[], random: () => number): T {
  let left = random() * items.reduce((sum, { weight }) => sum + weight, 0);
  for (const item of items) {
    left -= item.weight;
    if (left < 0) return item;
  }
  return one(items, random);
}

function one<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}
