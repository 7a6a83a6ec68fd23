import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandCall, type CommandName, commandNames, Unreachable } from '../commands/command.ts';
import { unreachableWords } from '../commands/unreachable.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { CommandExchange } from './command-exchange.ts';
import type { Commands } from './commands.ts';
import { identityOf, type UserDatabase } from './identity.ts';
import { bytesOfText, textOfBytes } from './text-bytes.ts';
import type { Question } from './wire.ts';

export interface AnswerOptions {
  readonly slurm: EmulatedSlurm;
  readonly commands: Commands;
  readonly users: UserDatabase;
  /** Signs the tokens of `scontrol token`. */
  readonly jwtKey: Uint8Array;
  /** From 0 to 1, for faults that come by chance. */
  readonly random: () => number;
}

/** Runs one of Slurm's commands for an executable, with the faults that are set; gives the exit code. */
export async function answerCommand(options: AnswerOptions, question: Question, exchange: CommandExchange): Promise<number> {
  const { slurm, commands, users, random, jwtKey } = options;
  const name = commandNames.find((one) => one === question.command);
  if (name === undefined) throw new RangeError(`there is no command ${question.command}`);
  const { truncateAfter, emptyShare } = slurm.faults;
  if ((name === 'squeue' || name === 'scontrol') && emptyShare > 0 && random() < emptyShare) return 0;

  const env = environmentOf(question);
  let written = 0;
  let truncated = false;
  const call: CommandCall = {
    slurm,
    argv: question.argv.map(textOfBytes),
    env,
    cwd: textOfBytes(question.cwd),
    as: identityOf(slurm.spec, users, question, env),
    stdin: exchange.stdin(),
    signal: exchange.signal,
    terminals: question.terminals,
    jwtKey,
    runThere: (run) => exchange.runThere(run),
    out: (text) => {
      slurm.keep();
      const bytes = typeof text === 'string' ? bytesOfText(text) : Buffer.from(text);
      const room = truncateAfter === null ? bytes.length : Math.max(0, truncateAfter - written);
      truncated ||= room < bytes.length;
      written += bytes.length;
      exchange.out(bytes.subarray(0, room));
    },
    err: (text) => exchange.err(bytesOfText(text)),
    controller: () => reached(slurm, 'slurmctld', exchange.signal).then(() => slurm.controller),
    database: () => reached(slurm, 'slurmdbd', exchange.signal).then(() => slurm.database),
  };
  const code = await ran(name, commands, call);
  slurm.keep();
  return truncated ? 0 : code;
}

async function ran(name: CommandName, commands: Commands, call: CommandCall): Promise<number> {
  try {
    return await commands[name](call);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const { stdout, stderr, code } = unreachableWords(name, call.argv, error, call.slurm.spec);
    call.out(stdout);
    call.err(stderr);
    return code;
  }
}

/** Passes as a daemon would answer: late when it is slow, after MessageTimeout not at all when it is silent. */
async function reached({ faults, controller }: EmulatedSlurm, daemon: 'slurmctld' | 'slurmdbd', signal: AbortSignal): Promise<void> {
  if (faults[daemon] === 'down') throw new Unreachable(daemon, 'refused');
  if (faults[daemon] === 'silent') {
    await sleep(1000 * Number(controller.spec.settings['MessageTimeout'] ?? 10), undefined, { signal });
    throw new Unreachable(daemon, 'silent');
  }
  if (faults.slowMs > 0) await sleep(faults.slowMs, undefined, { signal });
}

function environmentOf({ environment }: Question): Record<string, string> {
  const env: Record<string, string> = {};
  for (const line of environment) {
    const text = textOfBytes(line);
    const equals = text.indexOf('=');
    if (equals > 0) env[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return env;
}
