import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Json } from '../../contract/json.ts';
import { shorten, SpecError, type Path, type SpecIssue, MAX_ISSUES, pathText } from './issue.ts';
import { MAX_VALUES, roughlyValues, excessOf, MAX_BYTES } from './size.ts';
import { MAX_ALIASES, yamlIssues, type Place } from './yaml-issues.ts';

/** Parsed YAML or JSON text with positions, or a value without them. */
export interface SpecDocument {
  value: Json;
  /** Mistakes that leave the rest readable, like a repeated key. */
  issues: SpecIssue[];
  /**
   * Returns the position of the value at the path, of `within` inside it, or of the nearest
   * existing parent.
   */
  locationOf(path: Path, within?: string): Place;
  /** Returns the position of the key itself. */
  locationOfKey(path: Path, key: string): Place;
}

/** Hundreds of nested brackets or dashes, which the parser would process slowly. */
const DEEP = /(?:[[{]\s*|[-?][ \t]+){200}/;

/**
 * Reads YAML 1.2 (which includes JSON): one document, no custom tags.
 * @throws SpecError `spec_invalid` for an unreadable text
 */
export function readDocument(text: string, file: string): SpecDocument {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const whole = (found: string, allowed: string): SpecError =>
    new SpecError(file, [{ line: 1, column: 1, path: '', found, allowed, suggestion: null }]);

  if (roughlyValues(text) > MAX_VALUES) {
    throw whole(`more than ${MAX_VALUES} values`, 'fewer; put the rows into a file of their own');
  }
  if (DEEP.test(text)) throw whole('nested too deeply', 'a plain file');
  const document = reading(whole, () =>
    parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      merge: true,
      resolveKnownTags: false,
      uniqueKeys: false,
    }),
  );
  const { fatal, mild } = yamlIssues(document, placeAt);
  if (fatal.length > 0) throw new SpecError(file, [...fatal, ...mild]);
  // Safe cast: the core schema yields only JSON values; numbers are among the mild issues.
  const value = reading(whole, () => document.toJS({ maxAliasCount: MAX_ALIASES }) as Json);
  // An anchor that contains its own alias is endless, and the walk through it overflows.
  if (reading(whole, () => weigh(value, MAX_UNFOLDED)) < 0) {
    throw whole('aliases that unfold to more than 2 MiB', 'a plain file');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = text.trim() === '' ? 'the file is empty' : describeTop(value);
    throw whole(found, TOP_ALLOWED);
  }

  const offsetOf = (path: Path): Node | null => {
    let node: Node | null = document.contents;
    for (const step of path) {
      const next: Node | null = childOf(resolve(node, document), step);
      if (next === null) return node;
      node = next;
    }
    return resolve(node, document);
  };
  return {
    value,
    issues: mild,
    locationOf(path, within) {
      const range = offsetOf(path)?.range;
      if (!range) return { line: 1, column: 1 };
      const inside = within === undefined ? -1 : text.indexOf(within, range[0]);
      return placeAt(inside >= 0 && inside < range[1] ? inside : range[0]);
    },
    locationOfKey(path, key) {
      const parent = offsetOf(path);
      const pair = isMap(parent) ? pairOf(parent, key) : null;
      const at = (isScalar(pair?.key) ? pair.key.range?.[0] : undefined) ?? parent?.range?.[0];
      return placeAt(at ?? 0);
    },
  };
}

const TOP_ALLOWED = 'a mapping with name, provider, table, rows and results';

/** Maximum size with aliases expanded, because each repetition is checked and sent. */
const MAX_UNFOLDED = 2 * 1024 * 1024;

/** Subtracts the size of a tree from a budget of characters; below 0 as soon as it is exhausted. */
function weigh(value: Json, budget: number): number {
  if (typeof value === 'string') return budget - value.length;
  if (typeof value !== 'object' || value === null) return budget - 1;
  let left = budget - 1;
  for (const [key, item] of Object.entries(value)) {
    left = weigh(item, left - key.length);
    if (left < 0) break;
  }
  return left;
}

/** Converts errors that the parser throws instead of recording. */
function reading<T>(whole: (found: string, allowed: string) => SpecError, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof RangeError) throw whole('nested too deeply', 'a plain file');
    if (cause instanceof ReferenceError) throw whole('aliases of aliases', 'a plain file');
    const said = cause instanceof Error ? cause.message : String(cause);
    throw whole(shorten(said, 160), 'plain YAML or JSON');
  }
}

const describeTop = (value: Json): string =>
  Array.isArray(value) ? 'a list' : shorten(JSON.stringify(value), 60);

const resolve = (node: Node | null, document: Document): Node | null =>
  isAlias(node) ? (node.resolve(document) ?? null) : node;

/** Pairs by key: searching a big map for each of its keys would take minutes. */
const indexes = new WeakMap<YAMLMap, Map<unknown, Pair>>();

function pairOf(map: YAMLMap, key: string): Pair | null {
  let index = indexes.get(map);
  if (index === undefined) {
    index = new Map(map.items.map((pair) => [isScalar(pair.key) ? pair.key.value : null, pair]));
    indexes.set(map, index);
  }
  return index.get(key) ?? null;
}

function childOf(node: Node | null, step: string | number): Node | null {
  if (isSeq(node) && typeof step === 'number') return nodeOf(node.items[step]);
  if (isMap(node)) return nodeOf(pairOf(node, String(step))?.value);
  return null;
}

const nodeOf = (value: unknown): Node | null =>
  isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;

const NOWHERE = { line: null, column: null } as const;

/**
 * Wraps a pipeline that is an object: the checks see it like a parsed file, without positions.
 * `text` is the value as JSON.
 * @throws SpecError `spec_invalid` if it is too large
 */
export function valueDocument(value: Json, text: string, file: string): SpecDocument {
  const whole = (found: string, allowed: string): SpecError =>
    new SpecError(file, [{ ...NOWHERE, path: '', found, allowed, suggestion: null }]);
  if (text.length > MAX_BYTES) {
    const mib = (text.length / MAX_BYTES).toFixed(1);
    throw whole(`${mib} MiB without the rows`, 'at most 1 MiB');
  }
  const excess = excessOf(value);
  if (excess !== null) throw whole(excess, 'a plain pipeline');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw whole(describeTop(value), TOP_ALLOWED);
  }
  return { value, issues: inexact(value), locationOf: () => NOWHERE, locationOfKey: () => NOWHERE };
}

/** Reports integers beyond 2^53, which have lost digits. */
function inexact(value: Json): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const visit = (one: Json, path: Path): void => {
    if (typeof one === 'number' && Number.isInteger(one) && !Number.isSafeInteger(one)) {
      const place = { ...NOWHERE, path: pathText(path) };
      const allowed = 'a number that is exact, or text';
      if (issues.length < MAX_ISSUES) {
        issues.push({ ...place, found: String(one), allowed, suggestion: null });
      }
    } else if (typeof one === 'object' && one !== null) {
      const entries = Array.isArray(one) ? one.entries() : Object.entries(one);
      for (const [key, item] of entries) visit(item, [...path, key]);
    }
  };
  visit(value, []);
  return issues;
}
