import type { RowsSpec } from '../contract/pipeline.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { RowmillError } from '../errors.ts';
import type { Draft } from '../store/store.ts';
import { MissingColumns } from './missing-columns.ts';
import { MOST_FIELD_BYTES, RowCheck } from './row-check.ts';
import { problemText, type RowProblem, type SourceRow } from './row.ts';
import { openSource, sourceName, type SourceOptions } from './source.ts';

/** Problems that are spelled out; the rest is counted. */
const MOST_LISTED = 20;

export interface SnapshotOptions extends Pick<SourceOptions, 'stdin'> {
  /** @default 256 KiB */
  fieldBytesCap?: number;
  signal?: AbortSignal;
}

export interface Snapshot {
  ref: SnapshotRef;
  warnings: string[];
}

/**
 * Reads the source once, validates every row and freezes what the table will get: one
 * `SnapshotRow` as JSON a line. Commits the draft when every row is good, throws it away if not.
 * `inputs` are the table columns that every row must fill; other mapped ones may be empty.
 * @throws RowmillError `source_not_found`, `source_unreadable`, `rows_invalid`, `rows_empty`, and
 *   what the store throws
 */
export async function takeSnapshot(
  rows: RowsSpec,
  inputs: readonly string[],
  draft: Draft,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  try {
    return await freeze(rows, inputs, draft, options);
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

async function freeze(
  rows: RowsSpec,
  inputs: readonly string[],
  draft: Draft,
  { stdin, signal, fieldBytesCap = MOST_FIELD_BYTES }: SnapshotOptions,
): Promise<Snapshot> {
  const where = sourceName(rows.source);
  const shapes = [...new Set([...inputs, ...Object.keys(rows.map)])].map((name) => ({
    name,
    // `hasOwn`: a column may be called `constructor`.
    source: (Object.hasOwn(rows.map, name) ? rows.map[name] : undefined) ?? name,
    optional: !inputs.includes(name),
  }));
  const check = new RowCheck({ key: rows.key, inputs: shapes, fieldBytesCap });
  const needed = new Set([rows.key, ...shapes.map(({ source }) => source)]);
  const problems = new Problems();
  const columns = new Set<string>();
  let read = 0;

  const unreadable = (problem: RowProblem): void => {
    read += 1;
    problems.add([problem], true);
  };
  const source = openSource(rows.source, {
    ...(stdin === undefined ? {} : { stdin }),
    onProblem: unreadable,
  });
  for await (const row of source) {
    signal?.throwIfAborted();
    read += 1;
    if (row.header !== undefined && read === 1) refuseMissing(needed, row.header, where);
    remember(columns, row);
    const checked = check.check(row);
    if (Array.isArray(checked)) problems.add(checked, false);
    else if (problems.total === 0) await draft.line(JSON.stringify(checked));
  }
  if (read === 0) throw new RowmillError('rows_empty', 'no rows', { where });
  if (problems.total > 0) {
    // No row had it: that is one mistake in the pipeline file, not one in every row.
    if (columns.size > 0) refuseMissing(needed, [...columns], where);
    throw problems.error(read, where);
  }
  const { sha256, lines, bytes } = await draft.commit();
  const warnings =
    check.trimmedKeys > 0 ? [`${where}: spaces around ${check.trimmedKeys} keys are ignored`] : [];
  return { ref: { digest: `sha256:${sha256}`, rows: lines, bytes }, warnings };
}

function remember(columns: Set<string>, { header, values }: SourceRow): void {
  if (header !== undefined && columns.size > 0) return;
  for (const name of header ?? Object.keys(values)) {
    // Rows of a hostile source may each bring names of their own.
    if (columns.size < 10_000) columns.add(name);
  }
}

function refuseMissing(needed: Set<string>, there: readonly string[], where: string): void {
  const missing = [...needed].filter((name) => !there.includes(name));
  if (missing.length > 0) throw new MissingColumns(missing, there, where);
}

class Problems {
  total = 0;
  #bad = 0;
  #unreadable = 0;
  #listed: string[] = [];

  /** All problems of one row. */
  add(problems: RowProblem[], unreadable: boolean): void {
    this.#bad += 1;
    if (unreadable) this.#unreadable += 1;
    this.total += problems.length;
    const room = MOST_LISTED - this.#listed.length;
    this.#listed.push(...problems.slice(0, room).map(problemText));
  }

  error(read: number, where: string): RowmillError {
    const more = this.total - this.#listed.length;
    const lines = more > 0 ? [...this.#listed, `… and ${more} more`] : this.#listed;
    const code = this.#unreadable === this.#bad ? 'source_unreadable' : 'rows_invalid';
    const what = `${this.#bad} of ${read} rows cannot be used`;
    return new RowmillError(code, [what, ...lines].join('\n'), { where });
  }
}
