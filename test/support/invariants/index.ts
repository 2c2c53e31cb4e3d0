import assert from 'node:assert/strict';
import { MAX_COMMIT_DELAY_MS } from '../../../activities/table/commit-window.ts';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import type { RunSummary } from '../../../src/contract/run.ts';
import { isErrorCode } from '../../../src/errors.ts';
import { outcomeOf, totalCells } from '../../../src/rules/cells/outcome.ts';
import {
  gather,
  hasLoaded,
  refusedKeys,
  unreadableKeys,
  wasCutShort,
  type Evidence,
  type LiveTable,
  type RunOver,
} from './evidence.ts';
import type { TestEnv } from '../test-env.ts';
import { askedIsDue } from './asked-is-due.ts';
import { nothingPaidTwice } from './paid-once.ts';
import { mayHang, resultsWhole } from './results-whole.ts';
import { ledgerTrue } from './ledger-true.ts';
import { underCeiling } from './under-ceiling.ts';
import { sameJson } from './same-json.ts';

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I12';

/** Says what is wrong, one text each; nothing to say = it holds. */
type Check = (evidence: Evidence) => Iterable<string>;

/**
 * Checks of what always holds for a run that is over, whatever its mode. One sandbox serves one
 * run.
 */
const CHECKS: Record<Invariant, Check> = {
  I1: oneTable,
  I2: everyRowOnce,
  I3: nothingPaidTwice,
  I4: resultsWhole,
  I5: endsTruly,
  I6: noSecret,
  I12: (evidence) => [...askedIsDue(evidence), ...underCeiling(evidence), ...ledgerTrue(evidence)],
};

/** Lists the breaches of the invariants, e.g. `I2 row S7 is not in the table`. */
export function breaches(evidence: Evidence): string[] {
  return Object.entries(CHECKS).flatMap(([invariant, check]) =>
    [...check(evidence)].map((what) => `${invariant} ${what}`),
  );
}

/** Fails with every breach at once. */
export async function expectInvariants(testEnv: TestEnv, run: RunOver): Promise<void> {
  assert.deepEqual(breaches(await gather(testEnv, run)), []);
}

function* oneTable({ tables, summary, finished, earlier }: Evidence): Iterable<string> {
  const [table, ...more] = tables;
  if (more.length > 0) yield `${tables.length} live tables`;
  if (summary === null) return;
  // Cancelled before its making was heard of (nothing is in it), or before it was found again.
  const unknown = earlier !== null && (earlier.summary?.tableId ?? null) === null;
  const unheardOf =
    summary.outcome === 'cancelled' &&
    summary.tableId === null &&
    !finished.has('ensureTable') &&
    (table?.rows.length === 0 || unknown);
  if (!unheardOf && summary.tableId !== (table?.id ?? null)) {
    yield `the run's table is ${String(summary.tableId)}, there is ${String(table?.id)}`;
  }
  const tags = table?.tags.filter((tag) => /^rowmill-[0-9a-f]{24}$/.test(tag)) ?? [];
  if (table !== undefined && tags.length !== 1) yield `the table has ${tags.length} run tags`;
}

function* everyRowOnce(evidence: Evidence): Iterable<string> {
  for (const table of evidence.tables) yield* everyRowOnceIn(table, evidence);
}

/**
 * Cut short while its rows were loaded: a request on its way could not be waited for, and what came
 * twice is not put right any more. No run was started, so it costs nothing.
 */
export const leftHalfLoaded = ({ runs, cells }: LiveTable, evidence: Evidence): boolean =>
  wasCutShort(evidence) && !hasLoaded(evidence) && runs.length === 0 && cells.length === 0;

/** Rows of a table beyond the first with the same key. */
export const rowsTwice = ({ rows }: LiveTable): number =>
  rows.length - new Set(rows.map(({ key }) => key)).size;

function* everyRowOnceIn(table: LiveTable, evidence: Evidence): Iterable<string> {
  const { rows, runs } = table;
  const { wanted } = evidence;
  const halfLoaded = leftHalfLoaded(table, evidence);
  const left = new Map(wanted.map(({ key, input }) => [key, input]));
  for (const { key, input } of rows) {
    const should = key === null ? undefined : left.get(key);
    const twice = wanted.find((row) => row.key === key)?.input;
    if (should === undefined && !(halfLoaded && twice !== undefined)) {
      yield `row ${String(key)} is doubled, or foreign`;
    } else if (!sameJson(input, should ?? twice)) yield `row ${String(key)} holds other inputs`;
    left.delete(key ?? '');
  }
  if (!hasLoaded(evidence)) return;
  const refused = refusedKeys(evidence);
  if (refused.size > evidence.rowsRefused) yield `${refused.size} rows were left out`;
  const missing = [...left.keys()].filter((key) => !refused.has(key));
  // A run that has published nothing, as one that was terminated, has no quarantine to name them.
  const published = evidence.summary?.results ?? [];
  if (published.length > 0 || missing.length > evidence.rowsRefused) {
    for (const key of missing) yield `row ${key} is not in the table`;
  }
  const [first] = runs;
  if (first === undefined) return;
  const late = rows.filter(({ createdAtMs }) => createdAtMs > Date.parse(first.at));
  if (late.length > 0) yield `${late.length} rows came after the first run`;
}

/** Time before the deadline within which a step may not be tried once more. */
const LAST_PAUSE_MS = 400_000;

/** Codes that a rerun of a run that never had a table may fail with. */
const NOTHING_THERE = ['action_refused', 'store_unreadable'];

function* endsTruly(evidence: Evidence): Iterable<string> {
  const { summary, failure, pipeline, startedAtMs, endedAtMs, manifest, tables } = evidence;
  const { deadlineMs, graceMs, earlier, cancelledAtMs } = evidence;
  if (endedAtMs - startedAtMs > deadlineMs + graceMs) {
    yield `it took ${endedAtMs - startedAtMs} ms, the deadline is ${deadlineMs} ms`;
  }
  const cancelled = summary?.outcome === 'cancelled';
  if (cancelled && cancelledAtMs !== null && endedAtMs > cancelledAtMs + graceMs) {
    yield `it went on for ${endedAtMs - cancelledAtMs} ms after it had been cancelled`;
  }
  const reason = summary === null ? failure?.type : manifest.reason;
  const isLate = reason === 'deadline_reached' || reason?.startsWith('the deadline was reached');
  if (isLate === true && endedAtMs + LAST_PAUSE_MS < startedAtMs + deadlineMs) {
    yield 'it took its deadline to be over long before';
  }
  if (summary === null) {
    const code = failure?.type ?? '';
    // By an operator, who need give no reason.
    if (code === 'TerminatedFailure') return;
    if (!isErrorCode(code) || code === 'internal') yield `it failed with ${code || 'nothing'}`;
    const goesOn = earlier !== null && tables.some(({ rows }) => rows.length > 0);
    if (goesOn && NOTHING_THERE.includes(code)) yield `it found nothing to go on with: ${code}`;
    return;
  }
  const { outcome, cells } = summary;
  if (manifest.outcome !== outcome) yield `the manifest says ${String(manifest.outcome)}`;
  if (outcome === 'completed' || outcome === 'partial') {
    const should = totalCells(cells) === 0 ? null : outcomeDue(summary, pipeline);
    if (outcome !== should) yield `${outcome}, where the cells say ${String(should)}`;
  }
  yield* knowsBefore(evidence);
  // One that was on its way then may commit a little later; a paid step in progress goes by the deadline that
  // it was given, also when people have put it forward since.
  const givenMs = Math.max(deadlineMs, pipeline.run.deadlineMs);
  const latestMs = startedAtMs + givenMs + MAX_COMMIT_DELAY_MS;
  if (tables.some(({ runs }) => runs.some(({ at }) => Date.parse(at) > latestMs))) {
    yield 'cells were asked for after the deadline';
  }
  const unreadable = unreadableKeys(evidence);
  const inputs = new Map(tables.flatMap(({ rows }) => rows.map(({ id, key }) => [id, key])));
  // A run cannot see the cells of a row that no page can show; the summary counts such rows.
  const going = tables
    .flatMap(({ inFlight }) => inFlight)
    .filter((cell) => !unreadable.has(inputs.get(cell.split('/')[0] ?? '') ?? ''));
  // A rerun that read nothing knows nothing of the cells of the run before.
  const unread = earlier !== null && summary.manifest === null;
  if (
    !unread &&
    going.length > 0 &&
    (summary.stillRunning ?? null) === null &&
    !askedLate(evidence)
  ) {
    yield `${going.length} cells go on, and cost, of which the summary says nothing`;
  }
  // Idle was claimed: nothing may be in progress but stuck cells.
  if (wasCutShort(evidence)) return;
  for (const cell of going) {
    const [rowId = '', column = ''] = cell.split('/');
    const row = evidence.wanted.find(({ key }) => key === inputs.get(rowId));
    const known = evidence.columns.some(({ key }) => key === column);
    if (row === undefined || !known || !mayHang(evidence.truth(row, column), evidence)) {
      yield `cell ${String(row?.key)}/${column} is still in progress`;
    }
  }
}

/** An empty answer counts as one, and can still fail an expectation. */
function outcomeDue(summary: RunSummary, { run, onFailedExpectation }: Pipeline): string {
  const isUnmet = summary.expectations?.some(({ met }) => !met) ?? false;
  // Results that were held, and never approved.
  const isLate = summary.reason?.startsWith('the deadline was reached') ?? false;
  if (isUnmet && (isLate || onFailedExpectation === 'partial')) return 'partial';
  return outcomeOf(summary.cells, run.tolerateFailed);
}

/** A request that was on its way when the run ended was committed after the last scan. */
function askedLate({ tables, finished }: Evidence): boolean {
  const scannedAtMs = finished.get('collectResults')?.fromMs ?? 0;
  return tables.some(({ runs }) => runs.some(({ at }) => Date.parse(at) >= scannedAtMs));
}

/** A rerun reports how the run before it had ended. */
function* knowsBefore({ summary, earlier }: Evidence): Iterable<string> {
  const before = summary?.previousRun ?? null;
  if (earlier === null && before !== null) yield 'it continues a run that is not there';
  if (earlier === null || matches(before, earlier)) return;
  yield `before it, it says, was ${JSON.stringify(before)}`;
}

function matches(
  before: RunSummary['previousRun'],
  { summary, finished, earlier }: Evidence,
): boolean {
  if (summary === null) return true;
  const { workflowId, outcome, cells } = summary;
  if (sameJson(before, { workflowId, outcome, cells })) return true;
  // Of a rerun that had prepared nothing the store knows nothing, once it has expired in Temporal.
  return !finished.has('prepareRows') && earlier !== null && matches(before, earlier);
}

function* noSecret({ token, texts }: Evidence): Iterable<string> {
  const base64 = Buffer.from(token).toString('base64').replace(/=+$/, '');
  const forms = [token, encodeURIComponent(token), base64, encodeURIComponent(base64)];
  for (const [where, text] of texts) {
    if (forms.some((form) => text.includes(form))) yield `the token is in ${where}`;
  }
}
