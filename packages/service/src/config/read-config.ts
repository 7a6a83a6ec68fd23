import { isCode } from '@sluice/io';
import type { Document } from 'yaml';
import type * as z from 'zod';
import { expectation } from './expectation.ts';
import { jsonError } from './json-error.ts';
import { nearest } from './nearest.ts';
import { plainJson } from './plain-json.ts';
import { ConfigError, foundText, type Path, type Problem, pathText } from './problem.ts';
import { declaredKeys, knownKeys, narrowed, type Place, placeBelow, placeOf } from './shape.ts';
import { isReference } from './show-config.ts';
import { type ConfigText, readConfigText } from './text.ts';
import { documentTree, type TextProblem, type Tree } from './tree.ts';

export interface ReadConfigOptions {
  /** Path of the file; with `text` it is only the name in the messages. */
  readonly file?: string;
  /** The configuration itself, instead of a file. */
  readonly text?: string;
  /** `auto` (the default) takes a file named `*.json` as JSON and everything else as YAML, of which JSON is a part. */
  readonly format?: 'auto' | 'yaml' | 'json';
  /** Unknown keys are errors instead of warnings. */
  readonly strict?: boolean;
  /** Keys are read in any case, as Go's encoding/json does. */
  readonly caseInsensitiveKeys?: boolean;
  /** A file that does not exist counts as an empty mapping; `missing` then says so. */
  readonly optional?: boolean;
}

export interface ConfigReading<T> {
  /** The configuration with its defaults; undefined exactly when there are problems. */
  readonly value: T | undefined;
  /** Everything that is wrong, in the order of the text. */
  readonly problems: readonly Problem[];
  /** Unknown and deprecated keys. */
  readonly warnings: readonly Problem[];
  /** The file was optional and is not there. */
  readonly missing: boolean;
}

/**
 * Reads one configuration and finds every problem at once. Throws `config.unreadable` and `config.invalid` only when
 * the file gives no text; see `readConfigText`.
 */
export async function readConfig<T extends z.ZodType>(schema: T, options: ReadConfigOptions): Promise<ConfigReading<z.output<T>>> {
  let source: ConfigText | undefined = options.text === undefined ? undefined : { text: options.text, mode: 0 };
  let missing = false;
  try {
    source ??= await readConfigText(options.file ?? '');
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
    missing = options.optional === true && isCode(error, 'config.unreadable') && cause?.code === 'ENOENT';
    if (!missing) throw error;
    source = { text: '{}', mode: 0 };
  }
  const reading = new Reading(source, options.file);
  const value = await reading.read(schema, options);
  return { value, problems: reading.problems, warnings: reading.warnings, missing };
}

/** As `readConfig`, but problems are thrown as one `ConfigError`. */
export async function loadConfig<T extends z.ZodType>(
  schema: T,
  options: ReadConfigOptions,
): Promise<{ readonly value: z.output<T>; readonly warnings: readonly Problem[]; readonly missing: boolean }> {
  const { value, problems, warnings, missing } = await readConfig(schema, options);
  if (problems.length > 0) throw new ConfigError(problems);
  return { value: value as z.output<T>, warnings, missing };
}

/** What follows the first errors of a broken text are their consequences. */
const maxTextErrors = 10;

class Reading {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #text: string;
  readonly #file: string | undefined;
  readonly #mode: number;
  #offsets: ReadonlyMap<string, number> = new Map();
  #holdsSecrets = false;

  constructor({ text, mode }: ConfigText, file: string | undefined) {
    this.#mode = mode;
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text;
    this.#file = file;
  }

  async read<T extends z.ZodType>(schema: T, options: ReadConfigOptions): Promise<z.output<T> | undefined> {
    const root = placeOf(schema);
    if (this.#text.trim() === '') {
      this.#say(this.problems, { path: [], offset: undefined, expected: 'a mapping', message: 'the file is empty' });
      return undefined;
    }
    const json = options.format === 'json' || (options.format !== 'yaml' && this.#file?.toLowerCase().endsWith('.json') === true);
    const plain = json ? this.#plainly(schema, root) : undefined;
    if (plain) return plain.data;
    const tree = json ? await this.#jsonTree(root, options) : await this.#yamlTree(root, options, false);
    if (!tree) return undefined;
    this.#offsets = tree.offsets;
    for (const problem of tree.problems) this.#say(this.problems, problem);
    for (const warning of tree.warnings) this.#say(this.warnings, warning);
    this.#keys(tree.value, [], root, options.strict === true ? this.problems : this.warnings);
    if (this.#tellsSecrets) {
      const message = `it holds secrets and everybody may read it (mode ${(this.#mode & 0o777).toString(8)}): chmod o= ${this.#file}`;
      this.#say(this.warnings, { path: [], offset: undefined, expected: 'a file that its owner and group alone may read', message });
    }
    // A YAML file of comments alone sets nothing.
    const settings = tree.value === null && !json ? {} : tree.value;
    const result = schema.safeParse(settings, { error: expectation, reportInput: true });
    if (!result.success) for (const issue of result.error.issues) this.#issue(issue, [], root, tree.value);
    this.problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
    return result.success && this.problems.length === 0 ? result.data : undefined;
  }

  /**
   * JSON about which there is nothing to say. Nobody asks then where a value stands, and the parser that tells, 60 ms of a start,
   * is not loaded.
   */
  #plainly<T extends z.ZodType>(schema: T, root: Place): { readonly data: z.output<T> } | undefined {
    const value = plainJson(this.#text);
    if (value === undefined) return undefined;
    const notes: Problem[] = [];
    this.#keys(value, [], root, notes);
    if (notes.length > 0 || this.warnings.length > 0 || this.#tellsSecrets) {
      this.warnings.length = 0;
      return undefined;
    }
    const result = schema.safeParse(value);
    return result.success ? result : undefined;
  }

  get #tellsSecrets(): boolean {
    return this.#holdsSecrets && (this.#mode & 0o007) !== 0;
  }

  async #jsonTree(root: Place, options: ReadConfigOptions): Promise<Tree | undefined> {
    const broken = jsonError(this.#text);
    if (broken) {
      this.#say(this.problems, { path: [], offset: broken.offset, expected: 'JSON', message: `this is not JSON: ${broken.reason}` });
      return undefined;
    }
    return this.#yamlTree(root, options, true);
  }

  async #yamlTree(root: Place, options: ReadConfigOptions, json: boolean): Promise<Tree | undefined> {
    // Loaded when a configuration is read: a program that has none need not carry the parser.
    const { parseDocument, isAlias, isMap, isScalar, isSeq } = await import('./yaml-library.ts');
    let document: Document.Parsed;
    try {
      document = parseDocument(this.#text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#say(this.problems, { path: [], offset: undefined, expected: 'a plain configuration', message: 'nested too deeply' });
      return undefined;
    }
    for (const { message, pos } of document.errors.slice(0, maxTextErrors)) {
      const text = message.split('\n')[0] ?? '';
      this.#say(this.problems, { path: [], offset: pos[0], expected: 'YAML', message: `this is not YAML: ${text}` });
    }
    if (this.problems.length > 0) return undefined;
    for (const { message, pos } of document.warnings) {
      this.#say(this.warnings, { path: [], offset: pos[0], expected: 'plain values', message: message.split('\n')[0] ?? '' });
    }
    return documentTree({ isAlias, isMap, isScalar, isSeq }, document, root, {
      caseInsensitiveKeys: options.caseInsensitiveKeys === true,
      mergeKeys: !json,
    });
  }

  /** Unknown and deprecated keys. What an unknown key holds is never shown: it may be a mistyped secret. */
  #keys(value: unknown, path: Path, place: Place, unknown: Problem[]): void {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#keys(item, [...path, index], placeBelow(place, index), unknown);
      return;
    }
    if (place.secret && isReference(value)) return;
    if (value === null || typeof value !== 'object') {
      this.#holdsSecrets ||= place.secret && value !== null && value !== '';
      return;
    }
    const here = narrowed(place, new Map(Object.entries(value)));
    const known = knownKeys(here);
    for (const [key, item] of Object.entries(value)) {
      const below = [...path, key];
      if (known && !known.includes(key)) {
        const meant = nearest(key, known);
        const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
        const nearestKey = meant === undefined ? {} : { nearest: meant };
        this.#say(unknown, { path: below, offset: undefined, expected: 'a known key', message: `unknown key${hint}` }, nearestKey);
        continue;
      }
      const placeThere = placeBelow(here, key);
      if (placeThere.deprecatedBy !== undefined && declaredKeys(here).includes(key)) {
        const message = `this key is deprecated; ${JSON.stringify(placeThere.deprecatedBy)} took its place`;
        this.#say(this.warnings, { path: below, offset: undefined, expected: placeThere.deprecatedBy, message });
      }
      this.#keys(item, below, placeThere, unknown);
    }
  }

  #issue(issue: z.core.$ZodIssue, before: Path, root: Place, value: unknown): void {
    const path = [...before, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
    if (issue.code === 'unrecognized_keys') {
      const place = path.reduce(placeBelow, root);
      for (const key of issue.keys) {
        const meant = nearest(key, declaredKeys(place));
        const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
        this.#say(this.problems, { path: [...path, key], offset: undefined, expected: 'a known key', message: `unknown key${hint}` });
      }
      return;
    }
    const deeper = issue.code === 'invalid_union' ? branchThatFits(issue.errors) : undefined;
    if (deeper) {
      for (const inner of deeper) this.#issue(inner, path, root, value);
      return;
    }
    const place = path.reduce(placeBelow, root);
    const present = at(value, path);
    const unit = place.unit !== undefined && issue.code !== 'custom' ? ` (${place.unit})` : '';
    const expected = `${issue.message}${unit}`;
    const found = place.secret && present !== undefined ? '[redacted]' : foundText(present);
    const message =
      issue.code === 'custom' && issue.message !== 'a valid value'
        ? `${expected} (found ${found})`
        : present === undefined
          ? `missing: expected ${expected}`
          : `expected ${expected}, found ${found}`;
    this.#say(this.problems, { path, offset: undefined, found, expected, message });
  }

  #say(list: Problem[], problem: TextProblem, more: { readonly nearest?: string } = {}): void {
    const offset = problem.offset ?? this.#offsetOf(problem.path);
    list.push({
      ...(this.#file === undefined ? {} : { file: this.#file }),
      path: pathText(problem.path),
      ...(offset === undefined ? {} : lineAndColumn(this.#text, offset)),
      ...(problem.found === undefined ? {} : { found: problem.found }),
      expected: problem.expected,
      ...more,
      message: problem.message,
    });
  }

  /** Where a value stands; a missing one is looked for in the nearest thing around it. */
  #offsetOf(path: Path): number | undefined {
    for (let length = path.length; length >= 0; length--) {
      const offset = this.#offsets.get(pathText(path.slice(0, length)));
      if (offset !== undefined) return offset;
    }
    return undefined;
  }
}

/** The only alternative of a union that took the value's kind and stumbled over something inside it. */
function branchThatFits(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const fitting = branches.filter(
    (issues) => issues.length > 0 && issues.every((issue) => issue.path.length > 0 || issue.code !== 'invalid_type'),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (here === null || typeof here !== 'object') return undefined;
    here = Object.hasOwn(here, step) ? (here as Record<string, unknown>)[String(step)] : undefined;
  }
  return here;
}

function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - start + 1 };
}
