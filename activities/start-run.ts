import type { ApiCalls, CellsAsked, Confirmed } from '../src/contract/run.ts';
import type { RunReceipt, TableProgress, TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider, RunScope } from '../src/providers/provider.ts';
import { UnapprovedCells } from '../src/providers/unapproved.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { computedCells } from '../src/rules/cells.ts';
import { mergeReceipts } from '../src/rules/receipt.ts';
import { beginWatch, type Watch } from '../src/rules/watch.ts';
import type { ActivityDeps } from './deps.ts';
import { LANDS_WITHIN_MS } from './landing.ts';
import { failedCells, passLeftTraces, pendingCells, type AskedCells } from './pass-traces.ts';
import { readPatiently } from './reading.ts';
import { rowCount } from './row-audit.ts';
import { kindOf, scopesOf, type PassScope } from './run-scopes.ts';
import { runStep, type Step } from './step.ts';

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
    };

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
      const folder = deps.store.run(input.run);
      const asked: Asked = { input, provider, folder, before, step };
      const begun = step.begun || input.again === true;
      const again = begun && (await hasLanded(asked));
      const { sent = [] } = input;
      const scopes = again ? [] : (await scopesOf(input, folder)).slice(sent.length);
      const { receipts, asks } = await sendAll(asked, begun ? scopes.map(onceMore) : scopes);
      const { calls, confirmed } = step;
      if (asks !== null) {
        return { drifted: false, asks, sent: [...sent, ...receipts], calls, confirmed };
      }
      const all = [...sent, ...(again ? [LOST] : receipts)];
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
      return { drifted: false, receipt, watch, calls, confirmed };
    });

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

/** One by one, up to the first that would run more cells than were approved. */
async function sendAll(
  asked: Asked,
  scopes: readonly RunScope[],
): Promise<{ receipts: RunReceipt[]; asks: CellsAsked | null }> {
  const receipts: RunReceipt[] = [];
  for (const [at, scope] of scopes.entries()) {
    const { cellsAtMost = 0 } = scope;
    // What was approved is the request that asked.
    const approved = at === 0 ? Math.max(cellsAtMost, asked.input.approvedCells ?? 0) : cellsAtMost;
    try {
      receipts.push(await send(asked, { ...scope, cellsAtMost: approved }));
    } catch (error) {
      if (!(error instanceof UnapprovedCells)) throw error;
      return { receipts, asks: { asked: cellsAtMost, affected: error.cells } };
    }
  }
  return { receipts, asks: null };
}

/**
 * A request that may have been carried out is asked for once more without the cells that are done: a
 * run that came and went while nobody looked leaves no movement to see.
 */
const onceMore = (scope: RunScope): RunScope =>
  scope.mode === 'all' ? { ...scope, mode: 'new' } : scope;

/** Sends once; once more only when nothing in the table says that the first request arrived. */
async function send(asked: Asked, scope: RunScope, again = true): Promise<RunReceipt> {
  const { provider, input, step } = asked;
  try {
    return await step.send(() => provider.startRun(input.table, scope, step.ctx));
  } catch (error) {
    if (!(error instanceof RowmillError && error.ambiguous)) throw error;
    if (await hasLanded(asked)) return LOST;
    if (!again) throw error;
    return send(asked, onceMore(scope), false);
  }
}

/** Whether the table shows a run that was not there before, under way or over already. */
async function hasLanded(asked: Asked): Promise<boolean> {
  const { provider, input, folder, step } = asked;
  const cells = await askedCells(input, folder);
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
