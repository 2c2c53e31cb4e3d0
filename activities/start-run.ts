import type { ApiCalls, CellsAsked, Confirmed } from '../src/contract/run.ts';
import type { RunReceipt, TableProgress, TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider, RunScope } from '../src/providers/provider.ts';
import { UnapprovedCells } from '../src/providers/unapproved.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { computedCells } from '../src/rules/cells.ts';
import { mergeReceipts } from '../src/rules/receipt.ts';
import { beginWatch, type Watch } from '../src/rules/watch.ts';
import { askedByColumn } from './asked-cells.ts';
import { sendFitted, type Way } from './fitted-scope.ts';
import { LANDS_WITHIN_MS } from './landing.ts';
import {
  cellsIn,
  failedCells,
  passLeftTraces,
  pendingCells,
  type AskedCells,
} from './pass-traces.ts';
import { readPatiently, sendPatiently } from './reading.ts';
import { rowCount } from './row-audit.ts';
import { kindOf, scopesOf, type PassScope } from './run-scopes.ts';
import { activity, type Step } from './step.ts';
import { patient, type TroubleInput } from './trouble.ts';

export interface StartRunInput extends PassScope {
  run: RunKey;
  provider: string;
  /** The last sweep; `null` on a new table, where nothing moves before its first pass. */
  sweep?: number | null;
  mustMove: boolean;
  /** Begun before, and broken off: a request may have gone out. */
  again?: boolean;
  /** Requests of this pass that were carried out before the provider asked back. */
  sent?: RunReceipt[];
  /** Cells that the next request may run, though it asks for fewer: somebody has approved them. */
  approvedCells?: number;
  trouble?: TroubleInput;
}

export type StartedRun =
  | { drifted: true; calls: ApiCalls }
  | {
      drifted: false;
      /** The provider would run more cells than that; the rest of the pass waits for a yes. */
      asks: CellsAsked;
      sent: RunReceipt[];
      calls: ApiCalls;
      confirmed: Confirmed;
    }
  | {
      drifted: false;
      asks?: undefined;
      receipt: RunReceipt;
      watch: Watch;
      calls: ApiCalls;
      /** Left out by older versions. */
      confirmed?: Confirmed;
      /** The provider says that it queued more cells than the request named. Left out: it did not. */
      more?: CellsAsked;
      /** Cells of the pipeline's own columns that were asked for, by column key. */
      asked?: Record<string, number>;
    };

/** How often the status is asked for a run whose reply was lost. */
const SETTLE_EVERY_MS = 2_000;

/**
 * Starts the table's run. A paid request is never blindly repeated: when its fate is unknown the
 * status is read, and only if nothing moved it is sent again.
 */
export const startRun = activity<StartRunInput, StartedRun>(
  async (input, step, deps) => {
    const provider = deps.providers.get(input.provider);
    const now = deps.now ?? Date.now;
    const before = await readStatus(provider, input.table, step);
    const rows = before.rows ?? (await rowCount(provider, input.table, step));
    if (rows !== input.rows && !input.contested) {
      return { drifted: true, calls: step.calls };
    }
    const folder = deps.store.run(input.run);
    const asked: Asked = { input, provider, folder, before, step };
    const begun = step.begun || input.again === true;
    const { sent = [] } = input;
    const scopes = (await scopesOf(input, folder)).slice(sent.length);
    const { receipts, asks, more } = await sendAll(asked, scopes, begun);
    const { calls, confirmed } = step;
    if (asks !== null) {
      return { drifted: false, asks, sent: [...sent, ...receipts], calls, confirmed };
    }
    const all = [...sent, ...receipts];
    const { cellsDone } = before;
    // Of the run, whatever the table counts: what landed twice, and stays, is no part of it.
    const cellsTotal = computedCells(input.table, input.rows);
    const receipt = { ...mergeReceipts(all), before: { cellsTotal, cellsDone } };
    deps.onEvent?.({ type: 'pass started', provider: provider.name, mode: input.mode });
    const watch = beginWatch(
      {
        doneAtStart: before.cellsDone,
        requestedCells: receipt.requestedCells,
        mustMove: input.mustMove,
      },
      now(),
    );
    const tooMany = more === null ? {} : { more };
    const cells = await askedByColumn(input, folder);
    return { drifted: false, receipt, watch, calls, confirmed, asked: cells, ...tooMany };
  },
  (input) => patient(input, isPaid(input)),
);

/** Whether a pass before this one, or a part of it, has been paid. */
const isPaid = ({ sweep = null, sent = [] }: StartRunInput): boolean =>
  sweep !== null || sent.length > 0;

/** It was carried out; what the reply said, nobody knows. */
const LOST: RunReceipt = { operations: [], requestedCells: null };

/** What is asked of a table, and how it stood before. */
interface Asked {
  input: StartRunInput;
  provider: Provider;
  folder: Folder;
  before: TableProgress;
  step: Step<null>;
}

interface Sending {
  receipts: RunReceipt[];
  asks: CellsAsked | null;
  more: CellsAsked | null;
}

/**
 * One by one, up to the first that would run more cells than were approved.
 * @param begun Each of them may have gone out before
 */
async function sendAll(
  asked: Asked,
  scopes: readonly RunScope[],
  begun: boolean,
): Promise<Sending> {
  const receipts: RunReceipt[] = [];
  const cells = { asked: 0, affected: 0 };
  const more = (): CellsAsked | null => (cells.affected > cells.asked ? cells : null);
  for (const [at, scope] of scopes.entries()) {
    const { cellsAtMost = 0 } = scope;
    // What was approved is the request that asked.
    const approved = at === 0 ? Math.max(cellsAtMost, asked.input.approvedCells ?? 0) : cellsAtMost;
    const first = at === 0 && (asked.input.sent ?? []).length === 0;
    if (begun && (await hasLanded(asked, scope, first))) {
      receipts.push(LOST);
      continue;
    }
    const wanted = { ...(begun ? onceMore(scope) : scope), cellsAtMost: approved };
    let pieces = 0;
    try {
      const receipt = await sendFitted(waysOf(asked.input, wanted), async (piece) => {
        const told = await send(asked, piece, first && pieces === 0);
        pieces += 1;
        const { cellsAtMost: named = 0 } = piece;
        cells.asked += named;
        cells.affected += told.requestedCells ?? named;
        return told;
      });
      receipts.push(receipt);
    } catch (error) {
      if (!(error instanceof UnapprovedCells)) throw error;
      return { receipts, asks: { asked: cellsAtMost, affected: error.cells }, more: more() };
    }
  }
  return { receipts, asks: null, more: more() };
}

/**
 * Ways to ask for the cells of a scope, should the provider refuse some: as it is; the whole table, where
 * that is the same; without the columns that the provider adds, which it may take along; column by column.
 */
function waysOf({ table, contested, openOfSweep }: StartRunInput, scope: RunScope): Way[] {
  const ours = new Set(table.columns.filter((column) => column.ours).map(({ id }) => id));
  const own = scope.columnIds.filter((id) => ours.has(id));
  const isWhole = !contested && openOfSweep === null && scope.rowIds === undefined;
  return [
    [scope],
    ...(isWhole ? [[{ ...scope, whole: true } as const]] : []),
    ...(own.length > 0 && own.length < scope.columnIds.length
      ? [[{ ...scope, columnIds: own }]]
      : []),
    ...(scope.columnIds.length > 1 ? [oneByOne(scope)] : []),
  ];
}

const oneByOne = (scope: RunScope): Way =>
  scope.columnIds.map((id) => ({
    ...scope,
    columnIds: [id],
    cellsAtMost: Math.ceil((scope.cellsAtMost ?? 0) / scope.columnIds.length),
  }));

/**
 * A request that may have been carried out is asked for once more without the cells that are done: a
 * run that came and went while nobody looked leaves no movement to see.
 */
const onceMore = (scope: RunScope): RunScope =>
  scope.mode === 'all' ? { ...scope, mode: 'new' } : scope;

/**
 * Sends once; once more only when nothing in the table says that the first request arrived.
 * @param first No other request of this pass went out before
 */
async function send(
  asked: Asked,
  scope: RunScope,
  first: boolean,
  again = true,
): Promise<RunReceipt> {
  const { provider, input, step } = asked;
  try {
    const request = () => step.send(() => provider.startRun(input.table, scope, step.ctx));
    return await sendPatiently(step, request);
  } catch (error) {
    if (!(error instanceof RowmillError && error.ambiguous)) throw error;
    if (await hasLanded(asked, scope, first)) return LOST;
    if (!again) throw error;
    return send(asked, onceMore(scope), first, false);
  }
}

/** Whether the table shows a run that was not there before, under way or over already. */
async function hasLanded(asked: Asked, scope: RunScope, first: boolean): Promise<boolean> {
  const { provider, input, folder, step } = asked;
  const known = await askedCells(input, folder);
  // What moves may be what an earlier request of the pass has asked for.
  const cells = known === null && first ? null : cellsIn(scope, input.table, known);
  // Cells that hang are in progress either way, and asking for them again costs nothing.
  if (input.mustMove && cells?.size === 0) return false;
  const movedAfterMs = await firstMove(asked);
  // After a sweep other cells may move, and hang; only the cells that are asked for can tell.
  if (cells === null) return movedAfterMs !== null;
  const leftTraces = () => passLeftTraces(provider, input.table, cells, step);
  if (movedAfterMs !== null) {
    if (await leftTraces()) return true;
    await step.settle(LANDS_WITHIN_MS - movedAfterMs);
  }
  return leftTraces();
}

/** As the last sweep found them; `null` when there was none. */
async function askedCells(input: StartRunInput, folder: Folder): Promise<AskedCells | null> {
  const { mode, openOfSweep, sweep = null } = input;
  if (mode === 'failed') return failedCells(folder, openOfSweep);
  if (openOfSweep !== null) return pendingCells(folder, openOfSweep, kindOf(input));
  return sweep === null ? null : pendingCells(folder, sweep, null);
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
