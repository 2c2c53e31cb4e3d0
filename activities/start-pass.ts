import type { AskedCells, CellsByColumn } from '../src/contract/ask-reasons.ts';
import type { ApiCalls, CellCountMismatch, LargeRunConfirmations } from '../src/contract/run.ts';
import type { PassAccount } from '../src/contract/spend.ts';
import type { TableRunRef, TableProgress, TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import { type Provider, type RunScope, UnapprovedCells } from '../src/providers/provider.ts';
import { askedByColumn } from '../src/rules/cells/cell-set.ts';
import { computedCells } from '../src/rules/cells/cells.ts';
import { mergeTableRunRefs } from '../src/rules/passes/table-run.ts';
import { startTracking, type PassTracking } from '../src/rules/passes/tracking.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { activity, type ActivityAttempt } from './runtime/activity.ts';
import { retryRead, retrySend } from './runtime/retry-read.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';
import type { CellStates } from './table/cell-states.ts';
import { chooseCells, type PassScope } from './table/choose-cells.ts';
import { MAX_COMMIT_DELAY_MS } from './table/commit-window.ts';
import { sendFitted, type Way } from './table/fitted-scope.ts';
import { cellsBefore, cellsNamed, passHasStarted } from './table/pass-evidence.ts';
import { openLine } from './table/pass-ledger.ts';
import { rowCount } from './table/reconcile-rows.ts';
import { scopesOf, type SetScope } from './table/cell-set-scopes.ts';

export interface StartPassInput extends PassScope {
  run: RunKey;
  provider: string;
  requireProgress: boolean;
  /** Begun before, and broken off: a request may have gone out. */
  resumedAfterInterrupt: boolean;
  /** Requests of this pass that were carried out before the provider asked back. */
  startedRuns: TableRunRef[];
  /** Cells that the next request may run, though it requests fewer: an operator has approved them. */
  approvedCells?: number;
  /** End of the day of its reservation in a day budget, epoch ms. Left out: it needs none. */
  sendBeforeMs?: number;
  /** Account of the pass for the ledger. */
  account: PassAccount;
  trouble: TroubleInput;
}

/** Result of a pass that was not sent because the day of its reservation was over. */
export interface ExpiredPass {
  expired: true;
  calls: ApiCalls;
}

export type StartedPass =
  | { drifted: true; calls: ApiCalls }
  | {
      drifted: false;
      /** The provider would run more cells than that; the rest of the pass waits for a yes. */
      needsApproval: CellCountMismatch;
      startedRuns: TableRunRef[];
      calls: ApiCalls;
      confirmed: LargeRunConfirmations;
    }
  | {
      drifted: false;
      needsApproval?: undefined;
      tableRun: TableRunRef;
      tracking: PassTracking;
      calls: ApiCalls;
      confirmed: LargeRunConfirmations;
      /** The provider says that it queued more cells than the request named. Left out: it did not. */
      queuedMore?: CellCountMismatch;
      /** Cells of the pipeline's own columns that were asked for. */
      asked?: AskedCells;
      /** Stands for `asked` in recorded histories. */
      requestedCells?: CellsByColumn;
    };

/** Time between two status requests for a run with a lost reply. */
const SETTLE_EVERY_MS = 2_000;

/**
 * Starts the table's run. Never repeats a paid request blindly: after a lost reply it reads the status.
 * It sends the request again only if nothing has changed.
 */
export const startPass = activity<StartPassInput, StartedPass | ExpiredPass>(
  async (input, attempt, deps) => {
    const provider = deps.providers.get(input.provider);
    const now = deps.now ?? Date.now;
    const mayHaveSent = attempt.previousAttemptMayHaveSent || input.resumedAfterInterrupt;
    const { sendBeforeMs = Infinity, startedRuns } = input;
    const untouched = !mayHaveSent && startedRuns.length === 0;
    if (untouched && now() >= sendBeforeMs) return { expired: true, calls: attempt.calls };
    const before = await readStatus(provider, input.table, attempt);
    const rows = before.rows ?? (await rowCount(provider, input.table, attempt));
    if (rows !== input.rows && !input.mayHaveDuplicates) {
      return { drifted: true, calls: attempt.calls };
    }
    const folder = deps.store.run(input.run);
    const request: PassRequest = { input, provider, folder, before, attempt, mayHaveAsked: false };
    const { asked } = await chooseCells(input, folder);
    const scopes = (await scopesOf(input, folder)).slice(startedRuns.length);
    const line = await openLine(deps, input, askedByColumn(asked));
    request.mayHaveAsked = !untouched;
    const { tableRuns, needsApproval, queuedMore } = await sendAll(
      request,
      scopes,
      mayHaveSent,
    ).finally(() => (request.mayHaveAsked ? undefined : line.withdraw()));
    const { calls, confirmed } = attempt;
    if (needsApproval !== null) {
      return {
        drifted: false,
        needsApproval,
        startedRuns: [...startedRuns, ...tableRuns],
        calls,
        confirmed,
      };
    }
    const all = [...startedRuns, ...tableRuns];
    const { cellsDone } = before;
    // Count this run's cells only; duplicate rows that cannot be deleted are excluded.
    const cellsTotal = computedCells(input.table, input.rows);
    const tableRun = { ...mergeTableRunRefs(all), before: { cellsTotal, cellsDone } };
    deps.onEvent?.({ type: 'pass started', provider: provider.name, mode: input.mode });
    const tracking = startTracking(
      {
        doneAtStart: before.cellsDone,
        requestedCells: tableRun.requestedCells,
        requireProgress: input.requireProgress,
      },
      now(),
    );
    const tooMany = queuedMore === null ? {} : { queuedMore };
    await line.accept(tableRun.requestedCells);
    return {
      drifted: false,
      tableRun,
      tracking,
      calls,
      confirmed,
      asked,
      ...tooMany,
    };
  },
  (input) => tolerant(input, isPaid(input)),
);

/** Checks whether an earlier pass, or a part of this one, has been paid. */
const isPaid = ({ scan, startedRuns }: StartPassInput): boolean =>
  scan !== null || startedRuns.length > 0;

/** The request was committed; its reply was lost. */
const LOST_REPLY: TableRunRef = { operations: [], requestedCells: null };

/** Requested scope of a pass, and the table's state before it. */
interface PassRequest {
  input: StartPassInput;
  provider: Provider;
  folder: Folder;
  before: TableProgress;
  attempt: ActivityAttempt<null>;
  /** A request of this pass was accepted, or its reply was lost. */
  mayHaveAsked: boolean;
}

interface Sending {
  tableRuns: TableRunRef[];
  needsApproval: CellCountMismatch | null;
  queuedMore: CellCountMismatch | null;
}

/**
 * Sends the scopes sequentially, up to the first that would run more cells than approved.
 * @param begun True if each of them may have been sent before
 */
async function sendAll(
  request: PassRequest,
  scopes: readonly SetScope[],
  mayHaveSent: boolean,
): Promise<Sending> {
  const tableRuns: TableRunRef[] = [];
  const cells = { requested: 0, affected: 0 };
  const more = (): CellCountMismatch | null => (cells.affected > cells.requested ? cells : null);
  for (const [at, scope] of scopes.entries()) {
    const { maxCells } = scope;
    // The approval is for the request that asked.
    const approved = at === 0 ? Math.max(maxCells, request.input.approvedCells ?? 0) : maxCells;
    const first = at === 0 && request.input.startedRuns.length === 0;
    const open = mayHaveSent ? await unlessCommitted(request, scope, first) : scope;
    if (open === null) {
      tableRuns.push(LOST_REPLY);
      continue;
    }
    const wanted = { ...open, maxCells: approved };
    let pieces = 0;
    try {
      const tableRun = await sendFitted(waysOf(request.input, wanted), async (piece) => {
        const tableRun = await send(request, piece, first && pieces === 0);
        pieces += 1;
        const { maxCells: named = 0 } = piece;
        cells.requested += named;
        cells.affected += tableRun.requestedCells ?? named;
        return tableRun;
      });
      tableRuns.push(tableRun);
    } catch (error) {
      if (!(error instanceof UnapprovedCells)) throw error;
      return {
        tableRuns,
        needsApproval: { requested: maxCells, affected: error.cells },
        queuedMore: more(),
      };
    }
  }
  return { tableRuns, needsApproval: null, queuedMore: more() };
}

/**
 * Returns ways to ask for the cells of a scope, in case the provider refuses some. They are, in order:
 * as it is; the whole table, where that is the same; without columns that the provider adds; column by
 * column.
 */
function waysOf({ table, rows }: StartPassInput, { mayBeWhole, ...scope }: SetScope): Way[] {
  const ours = new Set(table.columns.filter((column) => column.ours).map(({ id }) => id));
  const own = scope.columnIds.filter((id) => ours.has(id));
  return [
    [scope],
    ...(mayBeWhole ? [[{ ...scope, whole: true } as const]] : []),
    ...(own.length > 0 && own.length < scope.columnIds.length
      ? [[{ ...scope, columnIds: own }]]
      : []),
    ...(scope.columnIds.length > 1 ? [oneByOne(scope, rows)] : []),
  ];
}

const oneByOne = (scope: Omit<SetScope, 'mayBeWhole'>, rows: number): Way =>
  scope.columnIds.map((id) => ({
    ...scope,
    columnIds: [id],
    maxCells: Math.min(scope.maxCells, scope.rowIds?.length ?? rows),
  }));

/**
 * Asks once more for a request that may have been carried out, without the cells that are done. A run
 * that started and ended between two readings leaves no movement to see, unless answers have times.
 */
const onceMore = <Scope extends RunScope>(scope: Scope, showsNewAnswers: boolean): Scope =>
  scope.mode === 'all' && !showsNewAnswers ? { ...scope, mode: 'new' } : scope;

/**
 * Sends once; once more only when nothing in the table says that the first request arrived.
 * @param first No other request of this pass went out before
 */
async function send(
  request: PassRequest,
  scope: RunScope,
  first: boolean,
  again = true,
): Promise<TableRunRef> {
  const { provider, input, attempt } = request;
  try {
    const ask = () => attempt.send(() => provider.startTableRun(input.table, scope, attempt.ctx));
    const tableRun = await retrySend(attempt, ask);
    request.mayHaveAsked = true;
    return tableRun;
  } catch (error) {
    const isRefused = error instanceof RowmillError && !error.ambiguous;
    request.mayHaveAsked ||= !isRefused;
    if (!(error instanceof RowmillError) || isRefused) throw error;
    const open = await unlessCommitted(request, scope, first);
    if (open === null) return LOST_REPLY;
    if (!again) throw error;
    return send(request, open, first, false);
  }
}

/** Returns the request to send once more; `null` if the table shows a new run, in progress or over. */
async function unlessCommitted<Scope extends RunScope>(
  request: PassRequest,
  scope: Scope,
  first: boolean,
): Promise<Scope | null> {
  const { input, folder } = request;
  const known = await cellsBefore(input, folder, scope);
  // Moving cells may belong to an earlier request of the pass.
  const cells = known?.cells ?? (first ? null : cellsNamed(scope, input.table));
  if (await wasCommitted(request, cells)) return null;
  return onceMore(scope, known?.showsNewAnswers ?? false);
}

/** @param cells Cells that show it; `null`: any cell of the table does */
async function wasCommitted(request: PassRequest, cells: CellStates | null): Promise<boolean> {
  const { provider, input, attempt } = request;
  // Stalled cells are in progress either way, and requesting them again is free.
  if (input.requireProgress && cells?.size === 0) return false;
  const movedAfterMs = await firstMove(request);
  // After a scan other cells may move or stall; only the requested cells show whether this pass started.
  if (cells === null) return movedAfterMs !== null;
  const hasStarted = () => passHasStarted(provider, input.table, cells, attempt);
  if (movedAfterMs !== null) {
    if (await hasStarted()) return true;
    await attempt.waitForLateCommit(MAX_COMMIT_DELAY_MS - movedAfterMs);
  }
  return hasStarted();
}

/** Time in ms until cells first move; `null` when none moves while the request may be committed. */
async function firstMove({
  provider,
  input,
  before,
  attempt,
}: PassRequest): Promise<number | null> {
  const moves = (now: TableProgress): boolean =>
    now.running || now.cellsInProgress > 0 || now.cellsDone !== before.cellsDone;
  if (moves(before)) return 0;
  for (let waitedMs = 0; waitedMs < MAX_COMMIT_DELAY_MS; waitedMs += SETTLE_EVERY_MS) {
    await attempt.waitForLateCommit(SETTLE_EVERY_MS);
    if (moves(await readStatus(provider, input.table, attempt))) return waitedMs + SETTLE_EVERY_MS;
  }
  return null;
}

const readStatus = (
  provider: Provider,
  table: TableRef,
  attempt: ActivityAttempt<null>,
): Promise<TableProgress> => retryRead(attempt, () => provider.progress(table, null, attempt.ctx));
