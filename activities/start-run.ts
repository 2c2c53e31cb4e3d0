import type { ApiCalls, Confirmed } from '../src/contract/run.ts';
import type { RunMode, RunReceipt, TableProgress, TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider, RunScope } from '../src/providers/provider.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { computedCells } from '../src/rules/cells.ts';
import { beginWatch, type Watch } from '../src/rules/watch.ts';
import type { ActivityDeps } from './deps.ts';
import { LANDS_WITHIN_MS } from './landing.ts';
import { ROW_IDS_FILE } from './load-rows.ts';
import { isAskedFor, openCells, openCellsFile } from './open-cells.ts';
import { failedCells, passLeftTraces, pendingCells, type AskedCells } from './pass-traces.ts';
import { readPatiently } from './reading.ts';
import { rowCount } from './row-audit.ts';
import { runStep, type Step } from './step.ts';

export interface StartRunInput {
  run: RunKey;
  provider: string;
  table: TableRef;
  mode: RunMode;
  /** Only the cells that the sweep of this number found unfinished; otherwise every cell. */
  openOfSweep: number | null;
  /** The last sweep; `null` on a new table, where nothing moves before its first pass. */
  sweep?: number | null;
  /** Rows the table must hold. */
  rows: number;
  /** Name the rows one by one: the table may hold rows that are not ours. */
  contested: boolean;
  mustMove: boolean;
  /** Begun before, and broken off: a request may have gone out. */
  again?: boolean;
}

export type StartedRun =
  | { drifted: true; calls: ApiCalls }
  | {
      drifted: false;
      receipt: RunReceipt;
      watch: Watch;
      calls: ApiCalls;
      /** Left out by older versions. */
      confirmed?: Confirmed;
    };

/** Row ids in one request: 5,000 are about 200 KB. */
const ROW_IDS_PER_RUN = 5_000;

/** How often the status is asked for a run whose reply was lost. */
const SETTLE_EVERY_MS = 2_000;

/**
 * Starts the table's run. A paid request is never blindly repeated: when its fate is unknown the
 * status is read, and only if nothing moved it is sent again.
 */
export const startRun =
  (deps: ActivityDeps) =>
  (input: StartRunInput): Promise<StartedRun> =>
    runStep<null, StartedRun>(deps, async (step) => {
      const provider = deps.providers.get(input.provider);
      const now = deps.now ?? Date.now;
      const before = await readStatus(provider, input.table, step);
      const rows = before.rows ?? (await rowCount(provider, input.table, step));
      if (rows !== input.rows && !input.contested) {
        return { drifted: true, calls: step.calls };
      }
      const { cellsDone } = before;
      // What landed twice, and stays, is no part of the run.
      const cellsTotal = Math.min(before.cellsTotal, computedCells(input.table, input.rows));
      const receipt: RunReceipt = {
        operations: [],
        requestedCells: 0,
        before: { cellsTotal, cellsDone },
      };
      const folder = deps.store.run(input.run);
      const asked: Asked = { input, provider, folder, before, step };
      const begun = step.begun || input.again === true;
      const again = begun && (await hasLanded(asked));
      const scopes = again ? [] : await scopesOf(input, folder);
      if (again) receipt.requestedCells = null;
      for (const scope of scopes) {
        const sent = await send(asked, scope);
        receipt.operations.push(...sent.operations);
        receipt.requestedCells = sum(receipt.requestedCells, sent.requestedCells);
      }
      deps.onEvent?.({ type: 'pass started', provider: provider.name, mode: input.mode });
      const watch = beginWatch(
        {
          doneAtStart: before.cellsDone,
          requestedCells: receipt.requestedCells,
          mustMove: input.mustMove,
        },
        now(),
      );
      const { calls, confirmed } = step;
      return { drifted: false, receipt, watch, calls, confirmed };
    });

const sum = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a + b;

/** What is asked of a table, and how it stood before. */
interface Asked {
  input: StartRunInput;
  provider: Provider;
  folder: Folder;
  before: TableProgress;
  step: Step<null>;
}

/** Sends once; once more only when nothing in the table says that the first request arrived. */
async function send(asked: Asked, scope: RunScope, again = true): Promise<RunReceipt> {
  const { provider, input, step } = asked;
  try {
    return await step.send(() => provider.startRun(input.table, scope, step.ctx));
  } catch (error) {
    if (!(error instanceof RowmillError && error.ambiguous)) throw error;
    if (await hasLanded(asked)) return { operations: [], requestedCells: null };
    if (!again) throw error;
    return send(asked, scope, false);
  }
}

/** Whether the table shows a run that was not there before, under way or over already. */
async function hasLanded(asked: Asked): Promise<boolean> {
  const { provider, input, folder, step } = asked;
  // Cells that hang are in progress either way, and asking for them again costs nothing.
  if (input.mustMove) return false;
  const movedAfterMs = await firstMove(asked);
  // After a sweep other cells may move, and hang; only the cells that are asked for can tell.
  const cells = await askedCells(input, folder);
  if (cells === null) return movedAfterMs !== null;
  const leftTraces = () => passLeftTraces(provider, input.table, cells, step);
  if (movedAfterMs !== null) {
    if (await leftTraces()) return true;
    await step.settle(LANDS_WITHIN_MS - movedAfterMs);
  }
  return leftTraces();
}

/** As the last sweep found them; `null` when there was none. */
async function askedCells(
  { mode, openOfSweep, sweep = null }: StartRunInput,
  folder: Folder,
): Promise<AskedCells | null> {
  if (mode === 'failed') return failedCells(folder, openOfSweep);
  if (openOfSweep !== null) return pendingCells(folder, openOfSweep, 'startable');
  return sweep === null ? null : pendingCells(folder, sweep, 'all');
}

/** So many ms from now; `null` when it does not move while a request may land. */
async function firstMove({ provider, input, before, step }: Asked): Promise<number | null> {
  const moves = (now: TableProgress): boolean =>
    now.running || now.cellsInProgress > 0 || now.cellsDone !== before.cellsDone;
  if (moves(before)) return 0;
  for (let waitedMs = 0; waitedMs < LANDS_WITHIN_MS; waitedMs += SETTLE_EVERY_MS) {
    await step.settle(SETTLE_EVERY_MS);
    if (moves(await readStatus(provider, input.table, step))) return waitedMs + SETTLE_EVERY_MS;
  }
  return null;
}

const readStatus = (
  provider: Provider,
  table: TableRef,
  step: Step<null>,
): Promise<TableProgress> => readPatiently(step, () => provider.progress(table, null, step.ctx));

/** The requests it takes: one, unless rows have to be named. */
async function scopesOf(input: StartRunInput, folder: Folder): Promise<RunScope[]> {
  const { mode, table } = input;
  const computed = table.columns.filter((column) => !column.input).map((column) => column.id);
  if (input.openOfSweep !== null) {
    return openScopes(mode, table, folder, openCellsFile(input.openOfSweep));
  }
  const rowIds = input.contested ? await rowIdsIn(folder) : placesOf(table, input.rows);
  if (rowIds === null) return [scopeOf(mode, computed, input.rows)];
  return chunks(rowIds).map((ids) => scopeOf(mode, computed, ids));
}

async function rowIdsIn(folder: Folder): Promise<string[]> {
  const rowIds: string[] = [];
  for await (const line of folder.lines(ROW_IDS_FILE)) rowIds.push(rowIdOf(line));
  return rowIds;
}

/** Ids of so many rows behind the blank ones; `null` where there are none and all rows are ours. */
export const placesOf = ({ blank }: TableRef, rows: number): string[] | null =>
  blank === undefined ? null : Array.from({ length: rows }, (_, at) => String(blank.rows + at));

/** Named rows, or all of so many; the cells of the scope are what the spend was judged by. */
const scopeOf = (mode: RunMode, columnIds: string[], rows: string[] | number): RunScope => ({
  mode,
  columnIds,
  cellsAtMost: columnIds.length * (typeof rows === 'number' ? rows : rows.length),
  ...(typeof rows === 'number' ? {} : { rowIds: rows }),
});

function rowIdOf(line: string): string {
  // Written by loadRows in this shape.
  return (JSON.parse(line) as { id: string }).id;
}

/** Column by column: a row may be open in one column and given up in another. */
async function openScopes(
  mode: RunMode,
  table: TableRef,
  folder: Folder,
  file: string,
): Promise<RunScope[]> {
  const rowsByColumn = new Map<string, string[]>();
  for await (const cell of openCells(folder, file)) {
    if (!isAskedFor(mode, cell)) continue;
    const rows = rowsByColumn.get(cell.column) ?? [];
    rows.push(cell.rowId);
    rowsByColumn.set(cell.column, rows);
  }
  return [...rowsByColumn].flatMap(([key, rowIds]) => {
    const columnIds = table.columns.filter((c) => c.key === key).map((c) => c.id);
    return chunks(rowIds).map((ids) => scopeOf(mode, columnIds, ids));
  });
}

function chunks(ids: string[]): string[][] {
  const out: string[][] = [];
  for (let at = 0; at < ids.length; at += ROW_IDS_PER_RUN) {
    out.push(ids.slice(at, at + ROW_IDS_PER_RUN));
  }
  return out;
}
