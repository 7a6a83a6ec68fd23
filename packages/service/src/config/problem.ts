import { redactText, SluiceError } from '@sluice/io';

export type Path = readonly (string | number)[];

/** One thing that is wrong or doubtful in a configuration. */
export interface Problem {
  readonly file?: string;
  /** Where, e.g. `clusters[0].name`; empty for the whole. */
  readonly path: string;
  /** Counted from 1, when the place in the text is known. */
  readonly line?: number;
  readonly column?: number;
  /** What stands there, shortened; a secret only as `[redacted]`. */
  readonly found?: string;
  /** What should stand there, in words. */
  readonly expected: string;
  /** For an unknown key, the known one that was most likely meant. */
  readonly nearest?: string;
  /** All of the above but the place, as one sentence. */
  readonly message: string;
}

export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** `file:line:column: path: message`, as far as known; one line. */
export function problemLine(problem: Problem): string {
  const position = problem.line === undefined ? '' : `:${problem.line}:${problem.column}`;
  const place =
    problem.file !== undefined ? `${problem.file}${position}: ` : problem.line === undefined ? '' : `line ${position.slice(1)}: `;
  return `${place}${problem.path === '' ? '' : `${problem.path}: `}${problem.message}`;
}

/** A configuration with errors, exit code 78; the message has one line per problem. */
export class ConfigError extends SluiceError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'one error' : `${problems.length} errors`;
    super('config.invalid', [`the configuration has ${count}:`, ...problems.map((problem) => `  ${problemLine(problem)}`)].join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const foundLength = 60;

/** A value as a message shows it: scalars themselves, shortened and without passwords in URLs, everything else by its kind. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(redactText(value)) : String(value);
  return text.length > foundLength ? `${text.slice(0, foundLength)}…` : text;
}
