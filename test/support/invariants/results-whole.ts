import { createHash } from 'node:crypto';
import type { Expected } from '../../../sandbox/index.ts';
import type { RunSummary } from '../../../src/contract/run.ts';
import type { CellUsage, ResultCell, ResultRow } from '../../../src/contract/results.ts';
import { canaryRows } from '../../../src/rules/answers/canary.ts';
import { CELL_OUTCOMES } from '../../../src/rules/cells/outcome.ts';
import { refusedKeys, unreadableKeys, wasCutShort, type Evidence } from './evidence.ts';
import { changesTrue } from './changes-true.ts';
import { isSkipped } from './skipped.ts';
import { sameJson } from './same-json.ts';

/** I4. */
export function* resultsWhole(evidence: Evidence): Iterable<string> {
  const { summary, published, results, manifest, wanted } = evidence;
  if (summary === null) return;
  if (!sameJson(manifest.results ?? [], summary.results)) yield 'the manifest names other files';
  for (const [at, { path, bytes }] of published.entries()) {
    const said = summary.results[at];
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (said?.sha256 !== sha256 || said.bytes !== bytes.length) yield `${path} is another file`;
    if (said?.rows !== wanted.length) yield `${path}: ${String(said?.rows)} rows are claimed`;
  }
  if (published.length === 0) {
    const isOver = summary.outcome === 'completed' || summary.outcome === 'partial';
    if (isOver && !leavesFuller(summary) && !isHeld(evidence)) yield 'no results';
    return;
  }
  const keys = results.map(({ key }) => key);
  if (
    !sameJson(
      keys,
      wanted.map(({ key }) => key),
    )
  ) {
    yield `${keys.length} rows, which are not the input in its order`;
  }
  yield* cellsTrue(evidence);
  yield* changesTrue(evidence);
}

/** Results that fail an expectation do not replace the last ones, unless an operator approves. */
function isHeld({ pipeline, summary }: Evidence): boolean {
  const { expect, onFailedExpectation = 'hold' } = pipeline;
  const isUnmet = summary?.expectations?.some(({ met }) => !met) ?? false;
  return expect !== undefined && onFailedExpectation === 'hold' && isUnmet;
}

function* cellsTrue(evidence: Evidence): Iterable<string> {
  const { results, wanted, quarantine, summary, tables, columns } = evidence;
  const rowIds = new Map(tables.flatMap(({ rows }) => rows.map(({ key, id }) => [key, id])));
  const rows = new Map(wanted.map((row) => [row.key, row]));
  const counts = { done: 0, empty: 0, failed: 0, blocked: 0, pending: 0 };
  let skipped = 0;
  const open: string[] = [];
  const unreadable = unreadableKeys(evidence);
  const refused = refusedKeys(evidence);
  const isLeftByCanary = canaryKeys(evidence);
  const isGivenUp = (key: string): boolean => unreadable.has(key) || refused.has(key);
  if (unreadable.size > evidence.rowsUnreadable) yield `${unreadable.size} rows are given up`;
  for (const { key, rowId, input, cells, complete } of results) {
    const row = rows.get(key);
    if (row === undefined) continue;
    if (!sameJson(input, row.input)) yield `row ${key} has other inputs`;
    if (rowId !== (isGivenUp(key) ? '' : rowIds.get(key)))
      yield `row ${key} names another row of the table`;
    for (const { key: name } of columns) {
      const cell = cells[name];
      const truth = evidence.truth(row, name);
      if (cell?.status === 'skipped') {
        skipped += 1;
        if (!isSkipped(evidence, key, name)) yield `cell ${key}/${name} is skipped`;
        continue;
      }
      if (cell === undefined || !CELL_OUTCOMES.includes(cell.status)) {
        yield `cell ${key}/${name} is missing`;
        continue;
      }
      counts[cell.status] += 1;
      if (isSkipped(evidence, key, name) && !isGivenUp(key))
        yield `cell ${key}/${name} is not skipped`;
      if (cell.status !== 'done') open.push(`${key}/${name}/${cell.status}`);
      const should = cell.status === 'done' ? truth.answer : null;
      if (!sameJson(cell.value, should)) yield `cell ${key}/${name} holds another value`;
      const isPlausibleHere = isGivenUp(key)
        ? cell.status === 'blocked'
        : isPlausible(cell, truth, cells, evidence) ||
          (cell.status === 'failed' && truth.firstTryFails && isLeftByCanary(key));
      if (!isPlausibleHere) {
        yield `cell ${key}/${name} is ${cell.status}`;
      }
    }
    const all = Object.values(cells).every(({ status }) => ['done', 'skipped'].includes(status));
    if (complete !== all) yield `row ${key} says complete: ${complete}`;
  }
  const counted = skipped === 0 ? counts : { ...counts, skipped };
  if (!sameJson(counted, summary?.cells ?? null)) yield 'the summary counts other cells';
  if (!sameJson(usageIn(results), summary?.usage ?? null)) yield 'the cells took something else';
  const lines = quarantine.map(({ key, column, status }) => `${key}/${column}/${status}`);
  if (!sameJson(lines, open)) yield `${lines.length} quarantined cells, ${open.length} are open`;
}

/** Rows of a canary: what failed in its passes is asked for by no pass of the rest. */
function canaryKeys({ pipeline: { canary }, wanted }: Evidence): (key: string) => boolean {
  if (canary === undefined) return () => false;
  const isIn = canaryRows(canary, wanted.length);
  const keys = new Set(wanted.filter(({ key }, at) => isIn(at, key)).map(({ key }) => key));
  return (key) => keys.has(key);
}

/** Returns whether fuller results of another run are the reason that none were published. */
function leavesFuller({ notPublished = [], cells }: RunSummary): boolean {
  const answered = cells.done + cells.empty;
  const isFuller = notPublished.every(({ existing }) => (existing?.answered ?? 0) > answered);
  return notPublished.length > 0 && isFuller;
}

/** Sums the usage of the cells. */
function usageIn(results: readonly ResultRow[]): CellUsage | null {
  const reported = results.flatMap(({ cells }) =>
    Object.values(cells).flatMap(({ usage }) => (usage === undefined ? [] : [usage])),
  );
  const sum = (name: keyof CellUsage): number =>
    reported.reduce((all, one) => all + (one[name] ?? 0), 0);
  // The sandbox's prices are whole millionths.
  const price = Math.round(sum('price') * 1e6) / 1e6;
  const tokens = { inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') };
  return reported.length === 0 ? null : { requests: sum('requests'), price, ...tokens };
}

/** A run nudges stuck cells once; unpaid cells are stuck where the provider has no balance. */
export const mayHang = ({ stuck, nudges }: Expected, { ranDry }: Evidence): boolean =>
  ranDry || (stuck && nudges !== 1);

/**
 * Returns whether a cell may have ended so; before its time a run may leave any cell unfinished.
 */
function isPlausible(
  cell: ResultCell,
  truth: Expected,
  cells: ResultRow['cells'],
  evidence: Evidence,
): boolean {
  const { status } = cell;
  const cutShort = wasCutShort(evidence);
  if (status === 'pending') return mayHang(truth, evidence) || cutShort;
  if (status === 'failed') {
    return truth.alwaysFails || (truth.firstTryFails && (cutShort || cameTooLate(cell, evidence)));
  }
  // What it waits for has no answer; whether that may be so is asked of that cell.
  if (status === 'blocked') return truth.upstream.some((key) => !isAnswered(cells[key]));
  const answerable = !truth.alwaysFails && truth.blockedBy.length === 0;
  return answerable && (status === 'empty') === EMPTY.includes(JSON.stringify(truth.answer));
}

const isAnswered = (cell: ResultCell | undefined): boolean =>
  cell?.status === 'done' || cell?.status === 'empty';

/** A pass repairs one column of a chain; what fails for the first time after the last one stays. */
function cameTooLate(cell: ResultCell, { tables, pipeline, startedAtMs, earlier }: Evidence) {
  const reruns = tables
    .flatMap(({ runs }) => runs)
    .filter(({ mode, at }) => mode === 'failed' && Date.parse(at) >= startedAtMs);
  const last = Math.max(...reruns.map(({ at }) => Date.parse(at)), 0);
  // A rerun was asked for a pass of its own.
  const passes = pipeline.run.failedPasses + (earlier === null ? 0 : 1);
  return reruns.length >= passes && Date.parse(cell.updatedAt ?? '') > last;
}

const EMPTY = ['null', '""', '[]'];
