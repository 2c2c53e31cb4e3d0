import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Truth } from '../../sandbox/index.ts';
import type { CellOutcome } from '../../src/contract/results.ts';
import { isErrorCode } from '../../src/errors.ts';
import { CELL_OUTCOMES, outcomeOf, totalCells } from '../../src/rules/outcome.ts';
import { gather, type Evidence, type LiveTable, type RunOver } from './evidence.ts';
import type { House } from './house.ts';

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6';

/** Says what is wrong, one text each; nothing to say = it holds. */
type Check = (evidence: Evidence) => Iterable<string>;

/** What is always true of a run that is over. One sandbox serves one run; its mode is `new`. */
const CHECKS: Record<Invariant, Check> = {
  I1: oneTable,
  I2: everyRowOnce,
  I3: nothingPaidTwice,
  I4: resultsWhole,
  I5: endsTruly,
  I6: noSecret,
};

/** What of the invariants does not hold, e.g. `I2 row S7 is not in the table`. */
export function breaches(evidence: Evidence): string[] {
  return Object.entries(CHECKS).flatMap(([invariant, check]) =>
    [...check(evidence)].map((what) => `${invariant} ${what}`),
  );
}

/** Fails with every breach at once. */
export async function expectInvariants(house: House, run: RunOver): Promise<void> {
  assert.deepEqual(breaches(await gather(house, run)), []);
}

/** What is published late, of a run that was cut short, cannot be complete. */
const wasCutShort = ({ summary, manifest }: Evidence): boolean =>
  summary === null || summary.outcome === 'cancelled' || (manifest.reason ?? null) !== null;

function* oneTable({ tables, summary }: Evidence): Iterable<string> {
  const [table, ...more] = tables;
  if (more.length > 0) yield `${tables.length} live tables`;
  if (summary === null) return;
  // Cancelled while it was made, it was not heard of any more; nothing is in it.
  const unheardOf =
    summary.outcome === 'cancelled' && summary.tableId === null && table?.rows.length === 0;
  if (!unheardOf && summary.tableId !== (table?.id ?? null)) {
    yield `the run's table is ${String(summary.tableId)}, there is ${String(table?.id)}`;
  }
  const tags = table?.tags.filter((tag) => /^rowmill-[0-9a-f]{24}$/.test(tag)) ?? [];
  if (table !== undefined && tags.length !== 1) yield `the table has ${tags.length} run tags`;
}

function* everyRowOnce(evidence: Evidence): Iterable<string> {
  for (const table of evidence.tables) yield* everyRowOnceIn(table, evidence);
}

function* everyRowOnceIn({ rows, runs }: LiveTable, evidence: Evidence): Iterable<string> {
  const { wanted } = evidence;
  const brokenOff = runs.length === 0 && wasCutShort(evidence);
  const left = new Map(wanted.map(({ key, input }) => [key, input]));
  for (const { key, input } of rows) {
    const should = key === null ? undefined : left.get(key);
    // Broken off before the first run: what came twice is not put right any more, and costs nothing.
    const twice = wanted.find((row) => row.key === key)?.input;
    if (should === undefined && !(brokenOff && twice !== undefined)) {
      yield `row ${String(key)} is doubled, or nobody's`;
    } else if (!sameJson(input, should ?? twice)) yield `row ${String(key)} holds other inputs`;
    left.delete(key ?? '');
  }
  // Before the first run a table may still be on its way; afterwards it may not.
  const [first] = runs;
  if (first === undefined) return;
  for (const key of left.keys()) yield `row ${key} is not in the table`;
  const late = rows.filter(({ createdAtMs }) => createdAtMs > Date.parse(first.at));
  if (late.length > 0) yield `${late.length} rows came after the first run`;
}

function* nothingPaidTwice(evidence: Evidence): Iterable<string> {
  const { tables, summary, pipeline, passesAsked } = evidence;
  const { cellsPaid, creditsSpent, balanceDisturbed } = evidence;
  const inFlight = new Set(tables.flatMap((table) => table.inFlight));
  let starts = 0;
  for (const { rowId, row, column, ...cell } of tables.flatMap(({ cells }) => cells)) {
    const name = `cell ${row}/${column}`;
    if (isPaid(evidence, column)) starts += cell.starts;
    if (cell.done > 1) yield `${name} was done ${cell.done} times`;
    // One start for the answer (or for the cell under way), and one for each failure before.
    const underWay = inFlight.has(`${rowId}/${column}`) ? 1 : 0;
    if (cell.starts > cell.done + cell.failed + underWay) {
      yield `${name}: ${cell.starts} starts, ${cell.done} done, ${cell.failed} failed`;
    }
    if (cell.starts > 1 + pipeline.run.failedPasses + passesAsked) {
      yield `${name} was started ${cell.starts} times`;
    }
  }
  // What the live tables do not account for was paid in tables that are gone.
  if (starts !== cellsPaid) yield `${cellsPaid} cells paid, of which ${starts} in the run's table`;
  const said = summary?.creditsSpent ?? null;
  // Cells under way when a run was cut short are paid after it has looked at the balance.
  const right = said === creditsSpent || (wasCutShort(evidence) && (said ?? 0) < creditsSpent);
  if (said !== null && !balanceDisturbed && !right) {
    yield `the run says ${said} credits, ${creditsSpent} were spent`;
  }
}

const isPaid = ({ pipeline }: Evidence, column: string): boolean =>
  pipeline.table.columns.some(
    ({ key, kind }) => key === column && !FREE.some((free) => free === kind),
  );

const FREE = ['input', 'company_profile', 'company_name', 'company_website'];

function* resultsWhole(evidence: Evidence): Iterable<string> {
  const { summary, published, results, manifest, wanted } = evidence;
  if (summary === null) return;
  if (!sameJson(manifest.results ?? null, summary.results)) yield 'the manifest names other files';
  for (const [at, { path, bytes }] of published.entries()) {
    const said = summary.results[at];
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (said?.sha256 !== sha256 || said.bytes !== bytes.length) yield `${path} is another file`;
    if (said?.rows !== wanted.length) yield `${path}: ${String(said?.rows)} rows are claimed`;
  }
  if (published.length === 0) {
    if (summary.outcome === 'completed' || summary.outcome === 'partial') yield 'no results';
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
}

function* cellsTrue(evidence: Evidence): Iterable<string> {
  const { results, wanted, quarantine, summary, tables, pipeline } = evidence;
  const rowIds = new Map(tables.flatMap(({ rows }) => rows.map(({ key, id }) => [key, id])));
  const columns = pipeline.table.columns.filter(({ kind }) => kind !== 'input');
  const rows = new Map(wanted.map((row) => [row.key, row]));
  const counts = { done: 0, empty: 0, failed: 0, blocked: 0, pending: 0 };
  const open: string[] = [];
  for (const { key, rowId, input, cells, complete } of results) {
    const row = rows.get(key);
    if (row === undefined) continue;
    if (!sameJson(input, row.input)) yield `row ${key} has other inputs`;
    if (rowId !== rowIds.get(key)) yield `row ${key} names another row of the table`;
    for (const column of columns) {
      const name = textOf(column['key']);
      const cell = cells[name];
      const truth = evidence.truth(row, name);
      if (cell === undefined || !CELL_OUTCOMES.includes(cell.status)) {
        yield `cell ${key}/${name} is missing`;
        continue;
      }
      counts[cell.status] += 1;
      if (cell.status !== 'done') open.push(`${key}/${name}/${cell.status}`);
      const should = cell.status === 'done' ? truth.answer : null;
      if (!sameJson(cell.value, should)) yield `cell ${key}/${name} holds another value`;
      if (!isPlausible(cell.status, truth, evidence)) yield `cell ${key}/${name} is ${cell.status}`;
    }
    const all = Object.values(cells).every(({ status }) => status === 'done');
    if (complete !== all) yield `row ${key} says complete: ${complete}`;
  }
  if (!sameJson(counts, summary?.cells ?? null)) yield 'the summary counts other cells';
  const lines = quarantine.map(({ key, column, status }) => `${key}/${column}/${status}`);
  if (!sameJson(lines, open)) yield `${lines.length} quarantined cells, ${open.length} are open`;
}

/** Whether a cell may have ended so; before its time a run may leave any cell unfinished. */
function isPlausible(status: CellOutcome, truth: Truth, evidence: Evidence): boolean {
  const cutShort = wasCutShort(evidence);
  if (status === 'pending') return truth.stuck || cutShort;
  if (status === 'failed') {
    return truth.hopeless || (truth.firstTryFails && (cutShort || !mendsFirstTries(evidence)));
  }
  if (status === 'blocked') {
    return truth.blockedBy.length > 0 || cutShort || !mendsFirstTries(evidence);
  }
  const answered = !truth.hopeless && truth.blockedBy.length === 0;
  return answered && (status === 'empty') === EMPTY.includes(JSON.stringify(truth.answer));
}

/** A pass mends one column; the next one of a chain, or what hung until then, fails only later. */
const mendsFirstTries = (evidence: Evidence): boolean => {
  const { run, table } = evidence.pipeline;
  const hangs = table.columns.some(({ key }) =>
    evidence.wanted.some((row) => evidence.truth(row, textOf(key)).stuck),
  );
  const computed = table.columns.filter(({ kind }) => kind !== 'input');
  return run.failedPasses >= computed.length && !hangs;
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const EMPTY = ['null', '""', '[]'];

function* endsTruly(evidence: Evidence): Iterable<string> {
  const { summary, failure, pipeline, startedAtMs, endedAtMs, manifest, tables } = evidence;
  const { deadlineMs, graceMs } = evidence;
  if (endedAtMs - startedAtMs > deadlineMs + graceMs) {
    yield `it took ${endedAtMs - startedAtMs} ms, the deadline is ${deadlineMs} ms`;
  }
  if (summary === null) {
    const code = failure?.type ?? '';
    if (!isErrorCode(code) || code === 'internal') yield `it failed with ${code || 'nothing'}`;
    return;
  }
  const { outcome, cells } = summary;
  if (manifest.outcome !== outcome) yield `the manifest says ${String(manifest.outcome)}`;
  if (outcome === 'completed' || outcome === 'partial') {
    const should = totalCells(cells) === 0 ? null : outcomeOf(cells, pipeline.run.tolerateFailed);
    if (outcome !== should) yield `${outcome}, where the cells say ${String(should)}`;
  }
  // Idle was claimed: nothing may be under way but what hangs.
  if (wasCutShort(evidence)) return;
  const inputs = new Map(tables.flatMap(({ rows }) => rows.map(({ id, key }) => [id, key])));
  for (const cell of tables.flatMap(({ inFlight }) => inFlight)) {
    const [rowId = '', column = ''] = cell.split('/');
    const row = evidence.wanted.find(({ key }) => key === inputs.get(rowId));
    const known = pipeline.table.columns.some(({ key }) => key === column);
    if (row === undefined || !known || !evidence.truth(row, column).stuck) {
      yield `cell ${String(row?.key)}/${column} is still under way`;
    }
  }
}

function* noSecret({ token, texts }: Evidence): Iterable<string> {
  const base64 = Buffer.from(token).toString('base64').replace(/=+$/, '');
  const forms = [token, encodeURIComponent(token), base64, encodeURIComponent(base64)];
  for (const [where, text] of texts) {
    if (forms.some((form) => text.includes(form))) yield `the token is in ${where}`;
  }
}

/** Equal as JSON, whatever the order of the fields. */
function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
