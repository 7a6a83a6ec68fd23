import type { Faults } from '@sluice/emulator';
import { SluiceError } from '@sluice/io';
import { nearest } from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import type { FaultOptions } from './emulator-command.ts';
import { askRunning } from './emulator-holder.ts';
import { secondsOf } from './emulator-time.ts';

interface Fault {
  /** What its value may be. */
  readonly values: string;
  /** Without it. */
  readonly clear: Partial<Faults>;
  /** Undefined when the value is none of its. */
  set(value: string): Partial<Faults> | undefined;
  /** Null when it is not set. */
  word(faults: Faults): string | null;
}

const daemon = (name: 'slurmctld' | 'slurmdbd' | 'slurmrestd'): Fault => ({
  values: 'down, silent or up',
  clear: { [name]: 'up' },
  set: (value) => (value === 'up' || value === 'down' || value === 'silent' ? { [name]: value } : undefined),
  word: (faults) => (faults[name] === 'up' ? null : `${name}=${faults[name]}`),
});

const faultsByName: Readonly<Record<string, Fault>> = {
  slurmctld: daemon('slurmctld'),
  primary: {
    values: 'down or up',
    clear: { primary: 'up' },
    set: (value) => (value === 'up' || value === 'down' ? { primary: value } : undefined),
    word: ({ primary = 'up' }) => (primary === 'up' ? null : `primary=${primary}`),
  },
  slurmdbd: daemon('slurmdbd'),
  slurmrestd: daemon('slurmrestd'),
  slow: {
    values: 'a time such as 500ms or 2s',
    clear: { slowMs: 0 },
    set: (value) => {
      const seconds = secondsOf(value);
      return seconds === undefined ? undefined : { slowMs: Math.round(seconds * 1000) };
    },
    word: ({ slowMs }) => (slowMs === 0 ? null : `slow=${slowMs}ms`),
  },
  truncate: {
    values: 'a number of bytes',
    clear: { truncateAfter: null },
    set: (value) => (/^\d{1,9}$/.test(value) ? { truncateAfter: Number(value) } : undefined),
    word: ({ truncateAfter }) => (truncateAfter === null ? null : `truncate=${truncateAfter}`),
  },
  empty: {
    values: 'a share from 0 to 1',
    clear: { emptyShare: 0 },
    set: (value) => (/^(0|1|0?\.\d+|1\.0+)$/.test(value) ? { emptyShare: Number(value) } : undefined),
    word: ({ emptyShare }) => (emptyShare === 0 ? null : `empty=${emptyShare}`),
  },
  lag: {
    values: 'a time such as 30s or 5m',
    clear: { accountingLagSeconds: 0 },
    set: (value) => {
      const seconds = secondsOf(value);
      return seconds === undefined ? undefined : { accountingLagSeconds: seconds };
    },
    word: ({ accountingLagSeconds }) => (accountingLagSeconds === 0 ? null : `lag=${accountingLagSeconds}s`),
  },
};

/** The faults that are set, as `fault set` takes them. */
export function faultWords(faults: Faults): readonly string[] {
  return Object.values(faultsByName).flatMap((fault) => fault.word(faults) ?? []);
}

/** `sluice emulator fault [list | set NAME=VALUE… | clear [NAME…]]` */
export async function emulatorFault(
  { what, faults }: { readonly what: string; readonly faults: readonly string[] },
  { dir, json }: FaultOptions,
  around: Surroundings,
): Promise<void> {
  const status = await askRunning(dir, { ask: 'faults', changes: changesOf(what, faults) });
  if (json === true) around.stdout.write(`${JSON.stringify(status.faults)}\n`);
  else around.stdout.write(`${faultWords(status.faults).join('\n') || 'no faults'}\n`);
}

function changesOf(what: string, words: readonly string[]): Partial<Faults> {
  switch (what) {
    case 'list':
      if (words.length > 0) throw new SluiceError('usage', `fault list takes no names, found ${words.join(' ')}`);
      return {};
    case 'set':
      if (words.length === 0) throw new SluiceError('usage', 'fault set needs at least one NAME=VALUE');
      return Object.assign({}, ...words.map(changeOf));
    case 'clear':
      return Object.assign({}, ...(words.length === 0 ? Object.keys(faultsByName) : words).map((name) => faultOf(name).clear));
    default:
      throw new SluiceError('usage', `fault ${what}: it must be list, set or clear`);
  }
}

function changeOf(word: string): Partial<Faults> {
  const [, name = word, value = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
  const fault = faultOf(name);
  const changes = fault.set(value);
  if (changes === undefined) throw new SluiceError('usage', `fault set ${word}: the value of ${name} must be ${fault.values}`);
  return changes;
}

function faultOf(name: string): Fault {
  const fault = Object.hasOwn(faultsByName, name) ? faultsByName[name] : undefined;
  if (fault !== undefined) return fault;
  const meant = nearest(name, Object.keys(faultsByName));
  const names = Object.keys(faultsByName);
  throw new SluiceError('usage', `there is no fault "${name}"; there are ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`, {
    ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
  });
}
