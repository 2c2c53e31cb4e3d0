import type { Canary, RowsSpec } from '../contract/pipeline.ts';
import type { SnapshotRef, SnapshotRow } from '../contract/rows.ts';
import { RowmillError } from '../errors.ts';
import type { Draft } from '../store/store.ts';
import { CanaryCheck } from './canary-check.ts';
import { KeptColumns } from './columns/kept-columns.ts';
import { LeftOutFile } from './left-out-file.ts';
import { NamedColumns } from './columns/named-columns.ts';
import { isBlank } from './rows/blank.ts';
import { Problems, type LeftOutRows } from './problems.ts';
import { RepeatedInputs, type Repeats } from './repeated-inputs.ts';
import { MAX_FIELD_BYTES, RowCheck, type InputShape } from './row-check.ts';
import type { RowProblem, SourceRow } from './rows/row.ts';
import { openSource, sourceName, type SourceOptions } from './source.ts';
import { SourceNotes } from './rows/source-notes.ts';

export interface SnapshotOptions extends Pick<SourceOptions, 'stdin' | 'env'> {
  /** Maximum bytes of a field. @default 256 KiB */
  fieldBytesCap?: number;
  signal?: AbortSignal;
  /** Opens the draft for rows that are left out, at the first of them. */
  leftOut?: () => Promise<Draft>;
  /** Counts rows with equal inputs, in another 32 bytes per row. @default false */
  countRepeats?: boolean;
  /** Other columns that the source must have. @default none */
  named?: readonly string[];
  /** Canary that the list must have. @default none */
  canary?: Canary | undefined;
  /** Called with each valid row, in order. */
  onRow?: ((row: SnapshotRow) => Promise<void>) | undefined;
}

export interface Snapshot {
  ref: SnapshotRef;
  warnings: string[];
  /** Rows that `rows.skipBad` left out; `null`: none. */
  bad: LeftOutRows | null;
  /** Later rows of a key, which `rows.duplicates` left out; `null`: none. */
  repeatedKeys: LeftOutRows | null;
  /** Rows with the same inputs as an earlier row; `null`: not counted. */
  repeats: Repeats | null;
  /** Source columns that the results include. */
  kept: string[];
}

/**
 * Reads the source once, validates every row and freezes the table's rows as JSON, one
 * `SnapshotRow` per line. Commits the draft if the bad rows are within `rows.skipBad`, else removes
 * it. Every row must fill `inputs`; other mapped columns may be empty.
 * @throws RowmillError `source_not_found`, `source_unreadable`, `rows_invalid`, `rows_empty`, and
 * the errors of the store
 */
export async function takeSnapshot(
  rows: RowsSpec,
  inputs: readonly string[],
  draft: Draft,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const leftOut = new LeftOutFile(options.leftOut);
  try {
    return await freeze(rows, inputs, draft, leftOut, options);
  } catch (error) {
    await draft.discard();
    await leftOut.discard();
    throw error;
  }
}

async function freeze(
  rows: RowsSpec,
  inputs: readonly string[],
  draft: Draft,
  leftOut: LeftOutFile,
  {
    stdin,
    env,
    signal,
    fieldBytesCap = MAX_FIELD_BYTES,
    countRepeats = false,
    named: others = [],
    canary,
    onRow,
  }: SnapshotOptions,
): Promise<Snapshot> {
  const where = sourceName(rows.source);
  const { keep = 'all', skipBad = 0, duplicates = 'refuse' } = rows;
  const shapes = shapesOf(rows, inputs);
  const check = new RowCheck({ key: rows.key, inputs: shapes, fieldBytesCap });
  const kept = new KeptColumns(keep, fieldBytesCap);
  const repeats = countRepeats ? new RepeatedInputs() : null;
  const named = [
    rows.key,
    ...shapes.map(({ source }) => source),
    ...(keep === 'all' ? [] : keep),
    ...others,
  ];
  const columns = new NamedColumns(new Set(named), where);
  const canaryCheck = canary === undefined ? null : new CanaryCheck(canary);
  const problems = new Problems();
  const repeatedKeys = new Problems();
  const notes = new SourceNotes();
  // Reported between two rows, written with the next one.
  const unwritten: RowProblem[][] = [];
  let read = 0;

  const source = openSource(rows.source, {
    ...(stdin === undefined ? {} : { stdin }),
    env,
    notes,
    onProblem: (problem) => {
      read += 1;
      problems.add([problem], true);
      if (skipBad > 0) unwritten.push([problem]);
    },
  });
  try {
    for await (const row of source) {
      signal?.throwIfAborted();
      columns.see(row, notes);
      if (isEmptyRow(row)) {
        notes.blankRows += 1;
        continue;
      }
      read += 1;
      const checked = check.check(row);
      if (Array.isArray(checked)) {
        const repeated = checked.filter(({ repeatsKey }) => repeatsKey);
        if (duplicates === 'first' && repeated.length > 0) {
          repeatedKeys.add(repeated, false);
          unwritten.push(repeated);
        } else {
          problems.add(checked, false);
          if (skipBad > 0) unwritten.push(checked);
        }
      } else if (skipBad > 0 || problems.bad === 0) {
        canaryCheck?.see(checked.row.key);
        repeats?.add(checked.row.input);
        if (onRow !== undefined) await onRow(checked.row);
        const source = kept.of(row.values, checked.used);
        const line: SnapshotRow =
          Object.keys(source).length === 0 ? checked.row : { ...checked.row, source };
        await draft.line(JSON.stringify(line));
      }
      for (const bad of unwritten) await leftOut.write(bad);
      unwritten.length = 0;
    }
  } catch (error) {
    throw error instanceof RowmillError && error.code === 'source_unreadable'
      ? problems.with(error)
      : error;
  }
  if (read === 0) throw new RowmillError('rows_empty', 'no rows', { where });
  // A header that matches no column is not the intended one.
  if (notes.header !== null) columns.see({ header: notes.header, values: {} }, notes);
  // A column that no row had is one mistake in the pipeline file, not one per row.
  if (problems.bad > 0 || keep !== 'all' || others.length > 0) columns.refuseMissing();
  const used = read - problems.bad - repeatedKeys.bad;
  if (problems.bad > read * skipBad || used === 0) throw problems.error(read, where, skipBad);
  for (const bad of unwritten) await leftOut.write(bad);
  canaryCheck?.refuse(used, where);
  const written = await leftOut.commit();
  const { sha256, lines, bytes } = await draft.commit();
  const ref: SnapshotRef = { digest: `sha256:${sha256}`, rows: lines, bytes };
  return {
    ref: written === null ? ref : { ...ref, badRows: written },
    warnings: [...notes.warnings(), ...checkWarnings(check, kept)].map(
      (text) => `${where}: ${text}`,
    ),
    bad: problems.leftOut(read),
    repeatedKeys: repeatedKeys.leftOut(read),
    repeats: repeats?.counts ?? null,
    kept: kept.names,
  };
}

const shapesOf = (rows: RowsSpec, inputs: readonly string[]): InputShape[] =>
  [...new Set([...inputs, ...Object.keys(rows.map)])].map((name) => ({
    name,
    // `hasOwn`, because a column may be called `constructor`.
    source: (Object.hasOwn(rows.map, name) ? rows.map[name] : undefined) ?? name,
    optional: !inputs.includes(name),
  }));

/** Detects an empty row of a list without a header; the CSV reader skips its own. */
const isEmptyRow = ({ header, values }: SourceRow): boolean =>
  header === undefined &&
  Object.values(values).every(
    (value) => value === null || (typeof value === 'string' && isBlank(value)),
  );

const checkWarnings = (
  { trimmedKeys }: RowCheck,
  { dropped, hasMore, names }: KeptColumns,
): string[] => [
  ...(trimmedKeys === 0
    ? []
    : [`spaces or invisible characters around ${trimmedKeys} keys are ignored`]),
  ...(dropped === 0
    ? []
    : [`${dropped} fields are too large or too deep to come back with the results`]),
  ...(hasMore
    ? [
        `only JSON Lines have all columns; other results have the first ${names.length}, or those of rows.keep`,
      ]
    : []),
];
