import {
  countHosts,
  exitCodeFromWaitStatus,
  expandHostlist,
  expandTaskList,
  foldHostlist,
  formatDuration,
  formatExitCode,
  formatGres,
  formatJobId,
  formatMemory,
  formatNodeState,
  formatRanges,
  formatState,
  formatTimeLimit,
  formatTres,
  parseArrayTasks,
  parseDuration,
  parseExitCode,
  parseGres,
  parseJobId,
  parseMemoryMiB,
  parseNodeState,
  parseRanges,
  parseRequestedMemory,
  parseState,
  parseTime,
  parseTimeLimit,
  parseTres,
  sortHosts,
} from '@sluice/slurm';
import { languageTarget } from './language.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const capitals = letters.toUpperCase();
const digits = '0123456789';
/** Enough for any list in the samples, and little enough that a long list costs little. */
const maxHosts = 10_000;

/** Numbers that count up, with gaps and repetitions, so that writers fold some of them. */
function run(random: Random, most: number): number[] {
  let number = random.natural(20);
  return random.list(most, () => {
    number += random.pick([0, 1, 1, 1, 1, 2, 90]);
    return number;
  });
}

function host(random: Random): string {
  return random.pick(letters.split('')) + random.text(`${letters}${digits}-_.`, 12);
}

function hosts(random: Random): string[] {
  const names = random.list(4, () => {
    const stem = random.oneIn(5) ? '' : host(random);
    const width = random.below(5);
    const tail = random.oneIn(4) ? host(random) : '';
    return run(random, 30).map((number) => stem + `${number}`.padStart(width, '0') + tail);
  });
  return names.flat();
}

/** KiB are the finest that Slurm writes. */
function memory(random: Random): number {
  return random.oneIn(2) ? random.natural(40) : random.natural(40) / 1024;
}

function orNull<T>(random: Random, value: () => T): T | null {
  return random.oneIn(2) ? null : value();
}

export const languageTargets: readonly FuzzTarget[] = [
  languageTarget({
    name: 'hostlist',
    samples: [
      'node[01-04]',
      'node[04,01-02],gpu01,node03,gpu02',
      'x[1,3,5-7]y,a[0-1]b[08-11]',
      'n[098-102]',
      'None assigned',
      'a[0-99]b[0-99]c[0-9]',
    ],
    words: ['node', 'n', 'a[', '[', ']', '-', ',', '0', '1', '9', '01', '10', 'x.y', '_', '[0-1]', '[0-999]', '[0-999999999]'],
    parse: (text) => expandHostlist(text, maxHosts),
    format: foldHostlist,
    value: hosts,
    check: (text, read) => {
      const count = countHosts(text);
      if (read && count !== read.length) return `counted ${count}, expanded ${read.length}`;
      if (!read && count !== undefined && count <= maxHosts) return `counted ${count}, not expanded`;
      return read && sortHosts(read).length !== read.length ? 'lost in sorting' : undefined;
    },
  }),
  languageTarget({
    name: 'tres',
    samples: [
      'cpu=4,mem=4000M,node=1,billing=4,gres/gpu=2,gres/gpu:a100=2',
      'cpu=16,mem=62.50G,billing=16',
      '1=4,2=4000,1001=2',
      'energy=18446744073709551614',
    ],
    words: [
      'cpu',
      'mem',
      'node',
      'billing',
      'gres/gpu',
      ':a100',
      'license/x@y',
      'bb/cray',
      '=',
      ',',
      '.',
      'K',
      'M',
      'G',
      'T',
      '4',
      '62.50',
    ],
    parse: parseTres,
    format: formatTres,
    value: (random) => {
      const name = (): string =>
        random.pick(['cpu', 'node', 'billing', 'gres/gpu', `gres/gpu:${random.text(letters, 8)}`, 'energy', '1001', host(random)]);
      const counts = random.list(8, () => [name(), random.natural(53)] as const);
      return Object.fromEntries(random.oneIn(2) ? [...counts, ['mem', memory(random)]] : counts);
    },
  }),
  languageTarget({
    name: 'gres',
    samples: [
      'gpu:a100:2(IDX:0,2-3)',
      'gpu:2',
      'gpu:a100:4(S:0-1)',
      'gpu:a100:1(IDX:0),craynetwork:4(IDX:N/A)',
      'gpu:a100:no_consume:4',
      'gres/gpu:1',
      'gres:gpu:a100:2',
      'mps:0(0/400)',
    ],
    words: ['gpu', ':', 'a100', '(IDX:', '(S:', ')', 'N/A', '0-3', ',', '2', '4G', 'no_consume', 'gres/', '1g.5gb'],
    parse: parseGres,
    format: formatGres,
    value: (random) =>
      random.list(4, () => ({
        name: host(random).replace('.', '_'),
        type: orNull(random, () => host(random)),
        count: random.natural(20),
        indices: orNull(random, () => run(random, 12)),
        ...(random.natural(2) === 0 ? { sockets: run(random, 4) } : {}),
      })),
  }),
  languageTarget({
    name: 'memory',
    samples: ['4000M', '62.50G', '1T', '16K', '0', '1.95G'],
    words: [...'0123456789.KMGTPEkmgt', '00', '62.50', '4000'],
    parse: parseMemoryMiB,
    format: formatMemory,
    value: memory,
  }),
  languageTarget({
    name: 'requested-memory',
    samples: ['4Gn', '4000Mc', '2G', '1.95Gc', '0n'],
    words: [...'0123456789.KMGTnc', '4G', '4000M'],
    parse: parseRequestedMemory,
    format: ({ mib, per }) => formatMemory(mib) + (per === null ? '' : per.charAt(0)),
    value: (random) => ({ mib: memory(random), per: random.pick(['node', 'cpu', null] as const) }),
  }),
  languageTarget({
    name: 'duration',
    samples: ['1-02:03:04', '02:03:04', '03:04', '03:04.567', '1-02', '365-00:00:00', '900'],
    words: [...'0123456789', ':', '-', '.', '00', '59', '60', '.999'],
    parse: parseDuration,
    format: formatDuration,
    value: (random) => (random.oneIn(2) ? random.natural(40) : random.natural(40) / 1000),
  }),
  languageTarget({
    name: 'time-limit',
    samples: ['1-00:00:00', '30', '30:00', '1:30:00', '2-12', '2-12:30', 'UNLIMITED', 'Partition_Limit', 'infinite', 'NOT_SET', 'n/a'],
    words: [...'0123456789', ':', '-', '.', '00', '59', '60', 'UNLIMITED', 'Partition', '_Limit', 'NONE'],
    parse: parseTimeLimit,
    format: formatTimeLimit,
    value: (random) => random.pick([random.natural(31), 'unlimited', 'partition'] as const),
  }),
  languageTarget({
    name: 'time',
    samples: ['2026-11-21T09:38:14', '1792882800', '2026-10-25T02:15:00', '2028-02-29T23:59:59', 'Unknown', 'None', '0'],
    words: [...'0123456789', '-', ':', 'T', 'Z', '2026-', '02', '29', '31', '24:', '+02:00'],
    parse: parseTime,
    format: (epoch) => (epoch % 2 === 0 ? `${epoch}` : isoOrDigits(epoch)),
    value: (random) => 1 + random.natural(31),
  }),
  languageTarget({
    name: 'job-id',
    samples: [
      '123',
      '123_4',
      '123_[1-5%2]',
      '123_[1-5,9,20-30:2%2]',
      '123+1',
      '123.0',
      '123.batch',
      '123.extern',
      '123_4.batch',
      '123+1.0',
      '123.0+1',
      '17_[1,3,5,...%4]',
      '1_[1,8,15,22,',
    ],
    words: [...'0123456789', '_', '[', ']', '%', '+', '.', '-', ',', ':', 'batch', 'extern', 'interactive', 'TBD', '...'],
    parse: parseJobId,
    format: formatJobId,
    value: (random) => {
      const id = (): number => random.natural(31);
      const kind = random.below(4);
      const pending = kind === 3 ? `${formatRanges(run(random, 9).concat(7))}${random.oneIn(2) ? '' : `%${id()}`}` : null;
      const name = (): number | string => random.pick([id(), 'batch', 'extern', 'interactive', 'TBD']);
      return {
        jobId: id() + 1,
        taskId: kind === 1 ? id() : null,
        pending,
        hetOffset: kind === 2 ? id() : null,
        step: pending === null ? orNull(random, () => ({ name: name(), hetOffset: orNull(random, id) })) : null,
      };
    },
  }),
  languageTarget({
    name: 'array-tasks',
    samples: ['1-5%2', '1-5,9,20-30:2%2', '7-10%4', '0', '0-999'],
    words: [...'0123456789', '-', ',', ':', '%', '0-31'],
    parse: parseArrayTasks,
    format: ({ tasks, limit }) => tasks + (limit === null ? '' : `%${limit}`),
    value: (random) => ({ tasks: formatRanges(run(random, 9).concat(3)), limit: orNull(random, () => random.natural(31)) }),
  }),
  languageTarget({
    name: 'task-list',
    samples: ['1-5', '1-5,9,20-30:2', '7-10', '0', '0-999'],
    words: [...'0123456789', '-', ',', ':', '0-31', '0-4294967295'],
    parse: (text) => expandTaskList(text, maxHosts),
    format: formatRanges,
    value: (random) => run(random, 40).concat(5),
  }),
  languageTarget({
    name: 'range',
    samples: ['0-3,8-9', '0', '0,2-3', '0-127'],
    words: [...'0123456789', '-', ',', '0-9007199254740991', '9007199254740990-9007199254740991'],
    parse: (text) => parseRanges(text, maxHosts),
    format: formatRanges,
    value: (random) => run(random, 40),
  }),
  languageTarget({
    name: 'state',
    samples: [
      'RUNNING',
      'PD',
      'CANCELLED by 1000',
      'CANCELLED+',
      'OUT_OF_ME+',
      'PENDING,UPDATE_DB',
      'RUNNING+COMPLETING',
      'REQUEUED',
      'CG',
    ],
    words: [
      'RUNNING',
      'CANCELLED',
      'PENDING',
      'COMPLETING',
      'REQUEUED',
      '+',
      ',',
      ' by ',
      '1000',
      'F',
      'OOM',
      'CG',
      '_',
      'NEW_STATE',
      'by',
    ],
    parse: parseState,
    format: formatState,
    value: (random) => {
      const base = random.pick(['RUNNING', 'PENDING', 'SUSPENDED', 'FAILED', 'CANCELLED', 'TIMEOUT', `NEW${random.text(capitals, 6)}`]);
      const flags = random.list(3, () =>
        random.pick(['COMPLETING', 'CONFIGURING', 'REQUEUED', 'UPDATE_DB', `LATER_${random.text(capitals, 6)}`]),
      );
      const known = !base.startsWith('NEW');
      return {
        base,
        flags: known ? [...new Set(flags)] : [],
        cancelledBy: base === 'CANCELLED' ? orNull(random, () => random.natural(31)) : null,
      };
    },
  }),
  languageTarget({
    name: 'node-state',
    samples: ['MIXED+DRAIN', 'IDLE*', 'DOWN*+DRAIN', 'idle~', 'drained', 'alloc', 'plnd', 'IDLE+POWERED_DOWN', 'mixed-'],
    words: ['MIXED', 'IDLE', 'DOWN', 'DRAIN', 'drng', 'MAINT', '+', '*', '~', '#', '!', '%', '$', '@', '^', '-'],
    parse: parseNodeState,
    format: formatNodeState,
    value: (random) => ({
      state: random.pick(['IDLE', 'ALLOCATED', 'MIXED', 'DOWN', 'ERROR', 'FUTURE', 'UNKNOWN', `NEW_${random.text(capitals, 6)}`]),
      flags: [
        ...new Set(
          random.list(4, () => random.pick(['DRAIN', 'COMPLETING', 'MAINTENANCE', 'NOT_RESPONDING', `LATER_${random.text(capitals, 6)}`])),
        ),
      ],
    }),
  }),
  languageTarget({
    name: 'exit-code',
    samples: ['0:0', '3:0', '0:11', '0:53', '255:0'],
    words: [...'0123456789', ':', '-'],
    parse: parseExitCode,
    format: formatExitCode,
    value: (random) => exitCodeFromWaitStatus(random.natural(16)),
  }),
];

function isoOrDigits(epoch: number): string {
  const time = new Date(epoch * 1000);
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() > 9999 ? `${epoch}` : time.toISOString().slice(0, 19);
}
