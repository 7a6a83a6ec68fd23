import { isatty } from 'node:tty';
import { isCode, redactObject, redactText, SluiceError } from '@sluice/io';
import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Level,
  type LogFn,
  type Logger,
  type LoggerOptions,
  pino,
  stdTimeFunctions,
} from 'pino';
import { descriptorDestination } from './log-destination.ts';
import { humanLine } from './log-human.ts';

export type Log = Logger;
export type LogLevel = Level | 'silent';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const satisfies readonly LogLevel[];

export interface LogOptions {
  /** Name of the program, e.g. `sluice-cc`. */
  readonly name: string;
  /** `info` by default. */
  readonly level?: LogLevel;
  /** Where lines go; stderr by default, see `descriptorDestination`. */
  readonly destination?: DestinationStream;
  /** `human`, which is the default when stderr is a terminal, or `json`: one object per line with `level`, `time`, `name`, `msg`. */
  readonly form?: 'human' | 'json';
  /** Puts the journal's priority `<3>` … `<7>` before each line (sd-daemon(3)). */
  readonly journaldPriority?: boolean;
}

/**
 * The log of one program: JSON lines, or lines for people. No worker threads. What looks like a secret is redacted, in
 * fields by their names and in all texts.
 */
export function createLog(options: LogOptions): Log {
  const sink = options.destination ?? descriptorDestination(2);
  const human = (options.form ?? (options.destination === undefined && isatty(2) ? 'human' : 'json')) === 'human';
  const settings: LoggerOptions = {
    name: options.name,
    level: options.level ?? 'info',
    base: { name: options.name },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: logged },
    // `logged` has already made fields of the error; pino's own serializer would put the stack back.
    serializers: { err: (error: unknown) => error },
    hooks: { logMethod: withRedactedText },
  };
  const shaped = human ? { write: (line: string) => sink.write(humanLine(line)) } : sink;
  return withRedactedChildren(pino(settings, options.journaldPriority ? withPriority(shaped) : shaped));
}

const priorities: Readonly<Record<string, number>> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 };

function withPriority(sink: DestinationStream): DestinationStream {
  return {
    write(line: string) {
      const level = /^\{"level":"(\w+)"/.exec(line)?.[1] ?? 'info';
      sink.write(`<${priorities[level] ?? 6}>${line}`);
    },
  };
}

/**
 * The level for a number of the replaced programs: 0 fatal, 1 error, 2 warn (their default), 3 info, 4 debug, 5 and
 * above trace (cc-slurm-adapter, `internal/trace`).
 */
export function levelOfNumber(level: number): LogLevel {
  return logLevels[Math.min(5, Math.max(0, Math.trunc(level)))] ?? 'info';
}

/**
 * The level for a name: Sluice's own, Python's (`WARNING`, `CRITICAL`, as Waldur Site Agent has them) or a number, in
 * any case; undefined when it is none.
 */
export function levelOfName(name: string): LogLevel | undefined {
  const word = name.trim().toLowerCase();
  if (/^\d+$/.test(word)) return levelOfNumber(Number(word));
  if (word === 'warning') return 'warn';
  if (word === 'critical') return 'fatal';
  return logLevels.find((level) => level === word);
}

function logged(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, reduced(name, value)]))) as typeof fields;
}

/** Errors and what a web framework hands over as a whole, reduced to what is worth a line. */
function reduced(name: string, value: unknown): unknown {
  if (name === 'err') return errorFields(value);
  if (value === null || typeof value !== 'object') return value;
  if (name === 'req' && 'method' in value && 'url' in value) return { method: value.method, url: value.url };
  if (name === 'res' && 'statusCode' in value) return { statusCode: value.statusCode };
  return value;
}

/** pino gives the fields of a child logger to no formatter. */
function withRedactedChildren(log: Logger): Logger {
  const child = log.child;
  return Object.assign(log, {
    child(this: Logger, fields: Bindings, options?: ChildLoggerOptions): Logger {
      return Reflect.apply(child, this, [logged(fields), options]);
    },
  });
}

function withRedactedText(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const texts: unknown[] = args.map((argument) => (typeof argument === 'string' ? redactText(argument) : argument));
  method.apply(this, texts as Parameters<LogFn>);
}

/** What is logged of an error: its code and message; the stack only for what nobody raised on purpose. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const expected = error instanceof SluiceError && !isCode(error, 'internal');
  return {
    ...(error instanceof SluiceError ? { code: error.code } : { type: name }),
    message,
    ...(error instanceof SluiceError && error.hint !== undefined ? { hint: error.hint } : {}),
    ...(expected ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: cause instanceof Error ? cause.message : String(cause) }),
  };
}
