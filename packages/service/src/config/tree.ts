import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml';
import { foundText, type Path, pathText } from './problem.ts';
import { declaredKeys, narrowed, type Place, placeBelow } from './shape.ts';

/** A problem of the text, before the schema has its say. */
export interface TextProblem {
  readonly path: Path;
  readonly offset: number | undefined;
  readonly found?: string;
  readonly expected: string;
  readonly message: string;
}

/** What a text says: plain values, and where each of them stands. */
export interface Tree {
  readonly value: unknown;
  /** Offset of a value in the text, by `pathText`. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly problems: readonly TextProblem[];
  readonly warnings: readonly TextProblem[];
}

interface Library {
  isAlias(node: unknown): node is Alias;
  isMap(node: unknown): node is YAMLMap;
  isSeq(node: unknown): node is { items: unknown[] } & Node;
  isScalar(node: unknown): node is { value: unknown } & Node;
}

/** Values that aliases may add to a document, and levels it may have: far above any configuration, far below a bomb. */
const maxAliased = 20_000;
const maxDepth = 100;

/**
 * Turns a parsed YAML document into plain values. The schema is needed on the way only to read keys in any case, as Go
 * does; the last of several keys that differ by case wins, as there. JSON has no merge keys (`<<`).
 */
export function documentTree(
  yaml: Library,
  document: Document.Parsed,
  root: Place,
  reading: { readonly caseInsensitiveKeys: boolean; readonly mergeKeys: boolean },
): Tree {
  const offsets = new Map<string, number>();
  const problems: TextProblem[] = [];
  const warnings: TextProblem[] = [];
  let aliased = 0;
  let bombed = false;

  function bomb(path: Path, node: Node | undefined, what: string): undefined {
    if (!bombed) problems.push({ path: path.slice(0, 5), offset: node?.range?.[0], expected: 'a plain configuration', message: what });
    bombed = true;
    return undefined;
  }

  function plain(node: unknown, path: Path, place: Place, throughAlias: boolean): unknown {
    if (bombed || node === null || node === undefined) return null;
    const known = node as Node;
    if (throughAlias && ++aliased > maxAliased) return bomb(path, known, `aliases expand to more than ${maxAliased} values`);
    if (path.length > maxDepth) return bomb(path, known, `nested deeper than ${maxDepth} levels`);
    if (yaml.isAlias(node)) {
      const target = node.resolve(document);
      return plain(target, path, place, true);
    }
    const where = pathText(path);
    if (!offsets.has(where) && known.range) offsets.set(where, known.range[0]);
    if (yaml.isMap(node)) return mapping(node, path, place, throughAlias);
    if (yaml.isSeq(node)) return node.items.map((item, index) => plain(item, [...path, index], placeBelow(place, index), throughAlias));
    return yaml.isScalar(node) ? scalar(node.value) : null;
  }

  function mapping(node: YAMLMap, path: Path, place: Place, throughAlias: boolean): Record<string, unknown> {
    const written = new Map<string, unknown>();
    const literal = new Set<string>();
    const merged: unknown[] = [];
    const simple = new Map(node.items.map((pair) => [keyText(yaml, pair), yaml.isScalar(pair.value) ? pair.value.value : undefined]));
    const here = narrowed(place, simple as Map<string, unknown>);
    const declared = declaredKeys(here);
    for (const pair of node.items) {
      const key = keyText(yaml, pair);
      const offset = (pair.key as Node | null)?.range?.[0];
      if (key === undefined) {
        problems.push({ path, offset, expected: 'a plain key', message: 'a key must be plain text, not a list or a mapping' });
      } else if (reading.mergeKeys && key === '<<' && (yaml.isAlias(pair.value) || yaml.isMap(pair.value) || yaml.isSeq(pair.value))) {
        merged.push(plain(pair.value, path, here, true));
      } else {
        const name = reading.caseInsensitiveKeys ? inKnownCase(key, declared) : key;
        const below = [...path, name];
        if (literal.has(key))
          problems.push({ path: below, offset, expected: 'each key once', message: `the key ${foundText(key)} stands here twice` });
        else if (written.has(name)) {
          const message = `the key ${foundText(name)} stands here twice, in different case; the last one counts`;
          warnings.push({ path: below, offset, expected: 'each key once', message });
        }
        literal.add(key);
        offsets.delete(pathText(below));
        if (offset !== undefined) offsets.set(pathText(below), offset);
        written.set(name, plain(pair.value, below, placeBelow(here, name), throughAlias));
      }
    }
    for (const source of merged.flat()) {
      if (source === null || typeof source !== 'object') continue;
      for (const [key, value] of Object.entries(source)) if (!written.has(key)) written.set(key, value);
    }
    return Object.fromEntries(written);
  }

  return { value: plain(document.contents, [], root, false), offsets, problems, warnings };
}

function keyText(yaml: Library, pair: Pair): string | undefined {
  if (pair.key === null) return 'null';
  return yaml.isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function scalar(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function inKnownCase(key: string, declared: readonly string[]): string {
  if (declared.includes(key)) return key;
  const folded = key.toLowerCase();
  return declared.find((name) => name.toLowerCase() === folded) ?? key;
}
