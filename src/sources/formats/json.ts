import type { Json, JsonObject } from '../../contract/json.ts';
import { unreadable, type Block } from './bytes.ts';
import { parseExact } from '../../contract/exact-json.ts';
import { findFlaw } from './json-flaw.ts';
import type { ReportProblem, SourceRow } from '../rows/row.ts';

/** Maximum bytes of a line of JSON Lines, and of a whole JSON array, which is read at once. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** Reads rows of JSON Lines; skips blank lines and reports broken ones. */
export async function* jsonlRows(
  blocks: AsyncIterable<Block>,
  report: ReportProblem,
): AsyncGenerator<SourceRow> {
  for await (const block of blocks) {
    let { line } = block;
    for (const text of block.bytes.toString('utf8').split('\n')) {
      if (text.trim() !== '') {
        const row = rowOf(text);
        if (typeof row === 'string') report({ line, unit: 'line', what: row });
        else yield { line, unit: 'line', values: row };
      }
      line += 1;
    }
  }
}

function rowOf(text: string): JsonObject | string {
  try {
    return asRow(parseExact(text));
  } catch {
    const flaw = findFlaw(text);
    return flaw === null ? 'broken JSON' : `broken JSON at column ${flaw.at + 1}: ${flaw.what}`;
  }
}

/**
 * Reads rows of a JSON array. Needs the whole text in memory, hence the limit.
 * @throws RowmillError `source_unreadable`
 */
export async function* jsonRows(
  blocks: AsyncIterable<Block>,
  where: string,
  report: ReportProblem,
): AsyncGenerator<SourceRow> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const block of blocks) {
    parts.push(block.bytes);
    bytes += block.bytes.length;
    if (bytes > MAX_JSON_BYTES) {
      throw unreadable('a JSON array of more than 64 MiB; use JSON Lines (.jsonl)', where);
    }
  }
  const text = Buffer.concat(parts).toString('utf8');
  if (text.trim() !== '') yield* listRows(parseList(text, where), report);
}

/** Iterates over rows in memory: of a JSON array, or of the pipeline file. */
export function* listRows(rows: readonly Json[], report: ReportProblem): Generator<SourceRow> {
  for (const [at, item] of rows.entries()) {
    const row = asRow(item);
    if (typeof row === 'string') report({ line: at + 1, unit: 'row', what: row });
    else yield { line: at + 1, unit: 'row', values: row };
  }
}

function parseList(text: string, where: string): Json[] {
  let value: Json;
  try {
    value = parseExact(text);
  } catch {
    throw unreadable(`${placeOfFlaw(text)} (a JSON Lines file ends in .jsonl)`, where);
  }
  if (Array.isArray(value)) return value;
  throw unreadable(`${kindOf(value)}; a list of rows is expected: [ {…}, {…} ]`, where);
}

function placeOfFlaw(text: string): string {
  const flaw = findFlaw(text);
  if (flaw === null) return 'broken JSON';
  const before = text.slice(0, flaw.at).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: broken JSON: ${flaw.what}`;
}

const asRow = (value: Json): JsonObject | string =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value
    : `${kindOf(value)} instead of a row {…}`;

const kindOf = (value: Json): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'one JSON object' : `a ${typeof value}`;
};
