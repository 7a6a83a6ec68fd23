import { SlurmError } from '../model/slurmctld.ts';
import type { CommandCall } from './command.ts';
import type { JsonWish } from './json-answer.ts';
import { memo, sceneOf } from './scene.ts';
import type { NodeScene } from './scontrol-node.ts';

/** One scontrol: its options, which commands of a session change, and the exit code that a failure leaves behind. */
export interface Scontrol {
  readonly call: CommandCall;
  readonly json: JsonWish | undefined;
  isOneLine: boolean;
  isDetailed: boolean;
  isQuiet: boolean;
  code: number;
}

/** Says why something failed; the whole scontrol ends with 1 then. */
export function fail(scontrol: Scontrol, text: string): void {
  scontrol.code = 1;
  if (!scontrol.isQuiet) scontrol.call.err(`${text}\n`);
}

/** Does something that slurmctld may refuse; gives whether it did not. */
export function tried(scontrol: Scontrol, act: () => void, sentence: (message: string) => string): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    fail(scontrol, sentence(error.message));
    return false;
  }
}

/** Whether a word is a command or an entity, or the beginning of one of so many letters at least. */
export function isWord(given: string, word: string, least: number): boolean {
  return given.length >= least && word.startsWith(given.toLowerCase());
}

export async function nodeScene({ call }: Scontrol): Promise<NodeScene> {
  const controller = await call.controller();
  const partitions = memo(() => {
    const byNode = new Map<string, string[]>();
    for (const { name, nodes } of controller.partitions()) {
      for (const node of nodes) byNode.set(node, [...(byNode.get(node) ?? []), name]);
    }
    return byNode;
  });
  return {
    ...sceneOf(call, controller),
    fullRelease: call.slurm.spec.release,
    tracked: call.slurm.spec.tres,
    partitionsOf: (node) => partitions().get(node) ?? [],
  };
}

/** A request as `key=value`; a word without `=` has no value. */
export interface Pair {
  readonly key: string;
  readonly value: string | null;
  /** `+`, `-` before the equals sign. */
  readonly sign: '' | '+' | '-';
  readonly word: string;
}

export function pairOf(word: string): Pair {
  const equals = word.indexOf('=');
  if (equals < 0) return { key: word, value: null, sign: '', word };
  const before = word.slice(0, equals);
  const sign = before.endsWith('+') ? '+' : before.endsWith('-') ? '-' : '';
  return { key: sign === '' ? before : before.slice(0, -1), value: word.slice(equals + 1), sign, word };
}
