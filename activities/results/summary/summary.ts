import type { AskedCells } from '../../../src/contract/ask-reasons.ts';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import type { JudgedExpectation, ScanResult } from '../../../src/contract/results.ts';
import type {
  ApiCalls,
  Approval,
  CanaryFigures,
  CeilingReached,
  CellCountMismatch,
  IncrementalSummary,
  LargeRunConfirmations,
  PreviousRunRef,
  Outcome,
  RunSummary,
  StillRunning,
} from '../../../src/contract/run.ts';
import type { TableRef } from '../../../src/contract/table.ts';
import { approvalsOf, cautionsOf, unusedOf } from '../../../src/text/run-facts.ts';
import { askedByReason } from '../../../src/rules/cells/cell-set.ts';
import { noCells, publishedText } from '../../../src/rules/cells/outcome.ts';
import { totalUsage } from '../../../src/rules/cells/usage.ts';
import { companionsOf } from '../../../src/paths/footprint.ts';
import type { StagedResults } from '../../../src/sinks/staged-results.ts';
import type { TargetState } from '../../../src/sinks/files/target-state.ts';
import type { RunKey } from '../../../src/store/store.ts';
import type { Compared } from './comparison.ts';
import type { PreviousRunFiles } from './previous-run.ts';
import type { Quarantined } from './quarantine.ts';

export interface PublishResultsInput {
  run: RunKey;
  runId: string;
  pipeline: Pipeline;
  outcome: Outcome;
  /** Reason of the outcome, where the run did not simply complete. */
  reason: string | null;
  /** Cancelled, failed, or at its deadline. */
  endedEarly: boolean;
  /** Expectations of the pipeline, judged. Left out: there are none. */
  expectations?: JudgedExpectation[];
  /** Canary that went before the rest. Left out: there was none. */
  canary?: CanaryFigures;
  /** Reason that no target gets the results. Left out: targets get them. */
  withheld?: string;
  table: TableRef | null;
  /** A second table may have come late (`EnsuredTable`). */
  tableMayHaveDuplicates: boolean;
  rows: number;
  /** The last scan; `null` when the run ended before one. */
  lastScan: ScanResult | null;
  passes: number;
  /** True if cells were requested; if not, other users of the account spent the difference. */
  paidRequestSent: boolean;
  calls: ApiCalls;
  confirmed: LargeRunConfirmations;
  queuedMore: CellCountMismatch | null;
  approvals: Approval[];
  estimatedCredits: number;
  creditsBefore: number | null;
  /** Reason that it could not be read. Left out: it could. */
  balanceProblem?: string;
  /** Warnings about the rows of a source that the worker read. Left out: none. */
  sourceWarnings?: string[];
  /** Credits of the cells that were asked for. */
  creditsRequested: number;
  /** Cells that all passes asked for. */
  asked: AskedCells;
  /** Price of a cell; for the ledger. */
  creditsPerCell: number;
  /** Ceiling that the run has reached. Left out: it has not. */
  ceiling?: CeilingReached;
  /** Day budget of the pipeline. Left out: there is none. */
  budget?: { name: string; credits: number };
  /** Owner of the run. Left out: it has none. */
  owner?: string;
  startedAtMs: number;
  /** Cells that go on at the provider. */
  inFlight: number;
  cellsCancelled: number;
  cellsCancelledIsMinimum: boolean;
  /** Run that this one continues. */
  previousRun: PreviousRunRef | null;
  /** The run's night on a lasting table. Left out: it had a table of its own. */
  incremental?: IncrementalSummary;
}

/** Results of publishing to the targets. */
export interface Placed extends Required<Pick<RunSummary, 'notPublished' | 'replacedFuller'>> {
  done: { results: StagedResults; existing: TargetState | null; compared: Compared }[];
}

/** Builds the summary that the workflow returns. */
export function summaryOf(
  input: PublishResultsInput,
  calls: ApiCalls,
  creditsAfter: number | null,
  placed: Placed,
  quarantined: Quarantined & { path: string },
  previous: PreviousRunFiles | null,
): RunSummary {
  const [first] = placed.done;
  const beside = first === undefined ? null : companionsOf(first.results.target);
  const { notPublished, replacedFuller } = placed;
  return {
    workflowId: input.run.workflowId,
    runId: input.runId,
    outcome: input.outcome,
    reason: reasonOf(input, placed),
    tableId: input.table?.id ?? previous?.tableId ?? null,
    rows: input.rows,
    cells: input.lastScan?.cells ?? noCells(),
    passes: input.passes,
    apiCalls: {
      total: input.calls.total + calls.total,
      polls: input.calls.polls + calls.polls,
    },
    creditsSpent: input.creditsRequested,
    ...askedOf(input),
    balanceChange: balanceChangeOf(input, creditsAfter),
    usage: totalUsage(input.lastScan?.usage),
    results: placed.done.map(({ results }) => results.file),
    ...(notPublished.length === 0 ? {} : { notPublished }),
    ...(replacedFuller.length === 0 ? {} : { replacedFuller }),
    quarantine: quarantineAt(beside?.quarantine ?? quarantined.path, quarantined),
    // A run that read nothing leaves the results of an earlier run.
    manifest: input.lastScan === null ? null : (beside?.manifest ?? null),
    ...(first === undefined || beside === null
      ? {}
      : changesAt(beside.changes, first.compared, maySee(input, first.existing))),
    ...(input.expectations === undefined ? {} : { expectations: input.expectations }),
    ...(input.canary === undefined ? {} : { canary: input.canary }),
    stillRunning: stillRunning(input),
    estimatedCredits: input.estimatedCredits,
    ...(input.ceiling === undefined ? {} : { ceiling: input.ceiling }),
    ...(input.budget === undefined ? {} : { budget: input.budget }),
    ...(input.incremental === undefined ? {} : { incremental: input.incremental }),
    ...approvalsOf(input),
    ...cautionsOf(input.lastScan, input),
    ...unusedOf(input),
    ...(quarantined.rows === 0 ? {} : { badRows: quarantined.rows }),
    ...(Object.keys(quarantined.invalid).length === 0 ? {} : { invalid: quarantined.invalid }),
    previousRun: previous?.summary ?? null,
  };
}

/** Returns what was asked for by reason; nothing for a run that asked for nothing. */
function askedOf({ asked }: PublishResultsInput): Pick<RunSummary, 'asked'> {
  const byReason = askedByReason(asked);
  return Object.keys(byReason).length === 0 ? {} : { asked: byReason };
}

/** Returns the reason of the outcome; for a cancelled run also the number of published cells. */
function reasonOf({ outcome, reason, lastScan }: PublishResultsInput, placed: Placed) {
  if (outcome !== 'cancelled' || reason === null) return reason;
  return `${reason}; ${publishedText(lastScan?.cells ?? null, placed)}`;
}

/** Checks whether a run may name the run whose results were there: one with an owner, its owner's only. */
export const maySee = (
  { owner }: Pick<PublishResultsInput, 'owner'>,
  existing: TargetState | null,
): boolean => owner === undefined || owner === existing?.owner;

/** Counts of the changes at the first target, or why there are none. */
function changesAt(path: string, { counts, base, problem }: Compared, named: boolean) {
  if (counts === null) return problem === null ? {} : { changesProblem: problem };
  return { changes: { path, ...counts, since: named ? (base?.workflowId ?? null) : null } };
}

const quarantineAt = (path: string, { cells, rows }: Quarantined): RunSummary['quarantine'] =>
  cells + rows === 0 ? null : { path, cells, ...(rows === 0 ? {} : { rows }) };

/** Returns the change by all users; `null` if the provider does not report balances. */
function balanceChangeOf({ creditsBefore }: PublishResultsInput, after: number | null) {
  return creditsBefore === null || after === null ? null : after - creditsBefore;
}

/** Returns the requested cells that continue after the run, if runs cannot be cancelled. */
function stillRunning({ inFlight, table }: PublishResultsInput): StillRunning | null {
  if (inFlight === 0 || table === null) return null;
  return { cells: inFlight, tableId: table.id, tableUrl: table.url };
}
