import type { Pipeline } from '../src/contract/pipeline.ts';
import type { Collection } from '../src/contract/results.ts';
import type {
  ApiCalls,
  Approval,
  CellsAsked,
  Confirmed,
  EarlierRun,
  Outcome,
  RunSummary,
  StillRunning,
} from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { allowedOf } from '../src/rules/allowed.ts';
import { cautionsOf } from '../src/rules/cautions.ts';
import { noCells } from '../src/rules/outcome.ts';
import { unusedOf } from '../src/rules/unused.ts';
import { totalUsage } from '../src/rules/usage.ts';
import { companionsOf } from '../src/paths/companions.ts';
import type { StagedResults } from '../src/sinks/generation.ts';
import type { Standing } from '../src/sinks/standing.ts';
import type { RunKey } from '../src/store/store.ts';
import type { ActivityDeps } from './deps.ts';
import type { LeftBehind } from './earlier-run.ts';
import type { Quarantined } from './quarantine.ts';
import { tableTag } from './table-tag.ts';

export interface PublishResultsInput {
  run: RunKey;
  runId: string;
  pipeline: Pipeline;
  outcome: Outcome;
  /** Why it ended as it did, where it did not simply complete. */
  reason: string | null;
  table: TableRef | null;
  /** A second table may have come late (`EnsuredTable`). */
  tableContested?: boolean;
  rows: number;
  /** The last sweep; `null` when the run ended before one. */
  found: Collection | null;
  passes: number;
  /** Whether cells were asked for; if not, others spent what is missing. Left out by older versions. */
  asked?: boolean;
  calls: ApiCalls;
  /** Left out by older versions. */
  confirmed?: Confirmed;
  queuedMore?: CellsAsked | null;
  approvals?: Approval[];
  estimatedCredits: number;
  creditsBefore: number | null;
  /** Why it could not be read. Left out: it could. */
  balanceProblem?: string;
  /** Credits of the cells that were asked for. Left out by older versions. */
  creditsAsked?: number;
  startedAtMs: number;
  /** Cells that go on at the provider. */
  inFlight?: number;
  /** Left out by older versions. */
  cellsGivenBack?: number;
  givenBackAtLeast?: boolean;
  /** The run that this one took up again. */
  earlier?: EarlierRun | null;
}

/** What became of the targets. */
export interface Placed extends Required<Pick<RunSummary, 'notPublished' | 'replacedFuller'>> {
  done: { results: StagedResults; before: Standing | null }[];
}

/** What the run returns to who started it. */
export function summaryOf(
  input: PublishResultsInput,
  calls: ApiCalls,
  creditsAfter: number | null,
  placed: Placed,
  quarantined: Quarantined & { path: string },
  left: LeftBehind | null,
): RunSummary {
  const [first] = placed.done;
  const beside = first === undefined ? null : companionsOf(first.results.target);
  const { notPublished, replacedFuller } = placed;
  return {
    workflowId: input.run.workflowId,
    runId: input.runId,
    outcome: input.outcome,
    reason: input.reason,
    tableId: input.table?.id ?? left?.tableId ?? null,
    rows: input.rows,
    cells: input.found?.cells ?? noCells(),
    passes: input.passes,
    apiCalls: {
      total: input.calls.total + calls.total,
      polls: input.calls.polls + calls.polls,
    },
    creditsSpent: input.creditsAsked ?? 0,
    balanceChange: balanceChangeOf(input, creditsAfter),
    usage: totalUsage(input.found?.usage),
    results: placed.done.map(({ results }) => results.file),
    ...(notPublished.length === 0 ? {} : { notPublished }),
    ...(replacedFuller.length === 0 ? {} : { replacedFuller }),
    quarantine: quarantineAt(beside?.quarantine ?? quarantined.path, quarantined),
    // One that read nothing leaves what stands there: the results of a run before, with their files.
    manifest: input.found === null ? null : (beside?.manifest ?? null),
    stillRunning: stillRunning(input),
    estimatedCredits: input.estimatedCredits,
    ...allowedOf(input),
    ...cautionsOf(input.found, input),
    ...unusedOf(input),
    ...(quarantined.rows === 0 ? {} : { badRows: quarantined.rows }),
    before: left?.before ?? null,
  };
}

const quarantineAt = (path: string, { cells, rows }: Quarantined): RunSummary['quarantine'] =>
  cells + rows === 0 ? null : { path, cells, ...(rows === 0 ? {} : { rows }) };

/** Whoever spent; `null` where the provider does not say. */
function balanceChangeOf({ creditsBefore }: PublishResultsInput, after: number | null) {
  return creditsBefore === null || after === null ? null : after - creditsBefore;
}

/** Where runs cannot be stopped, what was asked for goes on when nobody waits for it any more. */
function stillRunning({ inFlight = 0, table }: PublishResultsInput): StillRunning | null {
  if (inFlight === 0 || table === null) return null;
  return { cells: inFlight, tableId: table.id, tableUrl: table.url };
}

/** What happened, for people and audits; the field names are documented in docs/results.md. */
export function manifestOf(
  deps: ActivityDeps,
  input: PublishResultsInput,
  summary: RunSummary,
  creditsAfter: number | null,
  left: LeftBehind | null,
): object {
  const { confirmed = { requests: 0, cells: 0 } } = input;
  return {
    ...summary,
    pipeline: input.pipeline.name,
    provider: input.pipeline.provider,
    firstRunId: input.run.firstRunId,
    tableUrl: input.table?.url ?? null,
    tableTag: left?.tableTag ?? (input.table === null ? null : tableTag(input.run)),
    byColumn: input.found?.byColumn ?? {},
    usageByColumn: input.found?.usage ?? null,
    confirmed: confirmed.requests === 0 ? null : confirmed,
    credits: {
      estimated: input.estimatedCredits,
      before: input.creditsBefore,
      after: creditsAfter,
      spent: summary.creditsSpent,
      balanceChange: summary.balanceChange,
    },
    startedAt: new Date(input.startedAtMs).toISOString(),
    finishedAt: new Date((deps.now ?? Date.now)()).toISOString(),
    store: deps.store.run(input.run).path,
  };
}
