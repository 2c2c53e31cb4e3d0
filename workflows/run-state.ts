import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { ChangedInputs } from '../activities/change-inputs.ts';
import type { LoadedRows } from '../activities/load-rows.ts';
import type { OpenedNight } from '../activities/open-night.ts';
import type { PreparedRows } from '../activities/prepare-rows.ts';
import type { AskedCells } from '../src/contract/ask-reasons.ts';
import type { BudgetWait } from '../src/contract/budget.ts';
import type { Need, Notified } from '../src/contract/notify.ts';
import type { Pipeline, SpendPolicy } from '../src/contract/pipeline.ts';
import type { ScanResult } from '../src/contract/results.ts';
import type {
  ApiCalls,
  Approval,
  ApprovalRequest,
  CanaryFigures,
  CellCountMismatch,
  LargeRunConfirmations,
  EnrichTableInput,
  Pause,
  Stage,
} from '../src/contract/run.ts';
import type { TableRunRef, TableRef } from '../src/contract/table.ts';
import type { PassKind, PassHistory, WaitEnd } from '../src/rules/passes/passes.ts';
import type { PassTracking } from '../src/rules/passes/tracking.ts';
import type { ReportedNeed } from '../src/rules/reminders.ts';
import type { PublishedCautions } from '../src/text/run-facts.ts';

/** A pass whose run was accepted and is waited for. */
export interface ActivePass {
  kind: PassKind;
  tableRun: TableRunRef;
  tracking: PassTracking;
  /** Its number in the run, if the ceiling has cut its cells. */
  cutPass?: number;
  /** End of its wait; `null` while it lasts. */
  end: WaitEnd | null;
  /** The deadline that its wait knew of. */
  deadlineAtMs?: number;
}

/** Use of a day budget by a run. */
export interface BudgetUse {
  /** Credits reserved for the passes that were sent. */
  credits: number;
  /** Reservation that the run waits for; `null`: it does not wait. */
  wait: BudgetWait | null;
  /** Pass that is reserved and not sent so far: released at the end of the run. */
  unsentPass?: number;
  /** Pass that was sent, or may have been: its reservation stays. */
  sentPass?: number;
}

/**
 * Everything a run knows: references, counters and decisions. Plain data, so that a run that
 * continues as new goes on exactly where it was.
 */
export interface RunState {
  startedAtMs: number;
  deadlineAtMs: number;
  stage: Stage;
  approved: boolean;
  /** Pending approval; `null`: none. */
  pendingApproval: ApprovalRequest | null;
  approvals: Approval[];
  /** Canary that is over: the rest follows. Left out: it is not over, or there is none. */
  canary?: CanaryFigures;
  prepared: PreparedRows | null;
  table: TableRef | null;
  /** The reply to a create was lost: a second table may exist. */
  tableMayHaveDuplicates: boolean;
  /** Runs in progress that publish to the same place. */
  sameTarget?: string[];
  loaded: LoadedRows | null;
  /** Next pass, or the one in progress. */
  nextPass: PassKind;
  activePass: ActivePass | null;
  passHistory: PassHistory | null;
  /** Runs of the table so far. */
  passes: number;
  lastScan: ScanResult | null;
  /** Done cells of the table by the last status, columns of the provider's own included. */
  doneCells: number;
  calls: ApiCalls;
  confirmed: LargeRunConfirmations;
  /** Mismatch over all passes in which the provider queued more cells than requested. */
  queuedMore?: CellCountMismatch;
  /** True until an approval covers the newest mismatch. */
  mustApproveMore: boolean;
  problem: string | null;
  /** Reason of the outcome; `null` while the run lives, and when it simply completed. */
  reason: string | null;
  /** Cautions about what was published. Left out: nothing was yet. */
  published?: PublishedCautions;
  /** Sender of the cancel, where the sender named itself. */
  cancelledBy?: string;
  /** Last values of the search attributes. */
  shown: string;
  /** The pause of an operator; `null`: the run is not paused. */
  pause: Pause | null;
  /** True if one more pass over the failed cells was requested beyond the policy. */
  rerunRequested: boolean;
  /** The run before may have ended without its first pass. */
  firstPassPending: boolean;
  maxPollIntervalMs: number;
  /** Latest balance of the account since the run began. */
  balance: number | null;
  notified: Notified[];
  /** Last message about each need. Left out: none was sent. */
  reported?: Partial<Record<Need, ReportedNeed>>;
  /** Epoch ms since when the API has not answered, as of the last wait for it. */
  apiSilentSinceMs?: number;
  /** Price of the cells asked for so far, in units of `spend.creditsPerCell`. */
  unitsRequested: number;
  /** Cells asked for so far, by all passes. */
  asked: AskedCells;
  /** Price of the cells that all passes asked for, and of those beside them, in the same units. */
  unitsAsked?: number;
  /** Ceiling in credits that an approval has raised. */
  ceilingRaisedTo?: number;
  /** The ceiling kept cells from being asked for; the number of those that no pass asked for. */
  ceilingReached?: { cellsNotAsked: number };
  /** Use of the day budget that the pipeline names. */
  budget?: BudgetUse;
  /** A paid request was made, or was about to be. */
  paidRequestSent: boolean;
  /** No request of the planned pass was sent: the run waits for an approval, a budget or the account. */
  passUnsent: boolean;
  /** Cells that were cancelled before the provider had started them. */
  cellsCancelled: number;
  /** The reply to a cancel was lost: more cells may have been cancelled. */
  cellsCancelledIsMinimum: boolean;
  /** Scans the table a last time, then publishes. */
  finishing: boolean;
  /** Differences of a run on a lasting table from the last one. */
  night?: Omit<OpenedNight, 'snapshot' | 'units'>;
  /** Columns of a lasting table whose config was edited at the provider. Left out: not compared. */
  columnsDrifted?: string[];
  /** Rows of a lasting table whose inputs were changed. */
  inputs?: Omit<ChangedInputs, 'calls'>;
  /** Cells that a night asked for before any rerun. */
  firstAsked?: AskedCells;
  /** Answers that a night kept. */
  kept?: number;
  /** Workflow id of the lease on the lasting table that the run has. */
  lease?: string;
  /** First run id of the continue-as-new chain that carried this state. */
  chain: string;
}

/** State that a run passes to its continuation. */
export type ResumableInput = EnrichTableInput & { resume: RunState };

/** @throws `internal` where what was carried over is no state */
export function openState(input: EnrichTableInput, carried: unknown): RunState {
  const fresh = freshState(input);
  if (carried === null) return fresh;
  const state = { ...fresh, ...objectOf(carried) };
  const carriedFields = new Map<string, unknown>(Object.entries(state));
  const wrong = Object.entries(fresh).find(
    ([name, value]) => !isSameKind(value, carriedFields.get(name)),
  );
  if (wrong === undefined) return state;
  throw ApplicationFailure.nonRetryable(
    `the carried state is not the state of a run: ${wrong[0]} is of another kind`,
    'internal',
  );
}

/** Returns no fields for a value that is not an object. */
const objectOf = (carried: unknown): Record<string, unknown> =>
  typeof carried === 'object' && !Array.isArray(carried) ? { ...carried } : {};

/** Compares the type of a carried value with that of a new run. */
function isSameKind(fresh: unknown, carried: unknown): boolean {
  if (fresh === null)
    return carried === null || ['object', 'string', 'number'].includes(typeof carried);
  return (
    typeof fresh === typeof carried &&
    Array.isArray(fresh) === Array.isArray(carried) &&
    carried !== null
  );
}

/** Checks whether cells are asked for in stages, by what table scans find. */
export const runsInStages = ({ when, canary }: Pipeline): boolean =>
  when !== undefined || canary !== undefined;

function freshState({ pipeline, approved, previousRun }: EnrichTableInput): RunState {
  const { startTime, firstExecutionRunId: chain } = workflowInfo();
  const startedAtMs = startTime.getTime();
  return {
    startedAtMs,
    deadlineAtMs: startedAtMs + pipeline.run.deadlineMs,
    stage: 'preparing rows',
    approved: approved ?? false,
    pendingApproval: null,
    approvals: [],
    prepared: null,
    table: null,
    tableMayHaveDuplicates: false,
    loaded: null,
    // A rerun scans its table first, and so does a run in stages.
    nextPass: previousRun === undefined && !runsInStages(pipeline) ? 'first' : 'wait',
    activePass: null,
    passHistory: null,
    passes: 0,
    lastScan: null,
    doneCells: 0,
    calls: { total: 0, polls: 0 },
    confirmed: { requests: 0, cells: 0 },
    mustApproveMore: false,
    problem: null,
    reason: null,
    shown: '',
    pause: null,
    rerunRequested: previousRun !== undefined,
    firstPassPending: previousRun !== undefined,
    maxPollIntervalMs: pipeline.run.maxPollIntervalMs,
    balance: null,
    notified: [],
    unitsRequested: 0,
    asked: {},
    paidRequestSent: false,
    passUnsent: false,
    cellsCancelled: 0,
    cellsCancelledIsMinimum: false,
    finishing: false,
    chain,
  };
}

/** Limits of a run, as the worker returned them: it knows what its owner allows. */
export const spendOf = ({
  state,
  pipeline,
}: {
  readonly state: RunState;
  readonly pipeline: Pipeline;
}): SpendPolicy => state.prepared?.spend ?? pipeline.spend;
