import { RUN_FILE } from '../src/contract/names.ts';
import type { Pipeline } from '../src/contract/pipeline.ts';
import type { Collection, PublishedFile, QuarantineLine } from '../src/contract/results.ts';
import type {
  ApiCalls,
  EarlierRun,
  Outcome,
  RunSummary,
  StillRunning,
} from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import { requireProviderSpec } from '../src/providers/spec.ts';
import { noCells } from '../src/rules/outcome.ts';
import { copyBeside } from '../src/sinks/copy.ts';
import { publishTo } from '../src/sinks/publish.ts';
import { removeStale, siblingPaths } from '../src/sinks/siblings.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { readAccount } from './account.ts';
import type { ActivityDeps } from './deps.ts';
import { leftBehind, type LeftBehind } from './earlier-run.ts';
import { deleteYounger } from './ensure-table.ts';
import { RESULTS_FILE } from './merge-parts.ts';
import { openCells, openCellsFile } from './open-cells.ts';
import { runStep, type Step } from './step.ts';
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
  calls: ApiCalls;
  estimatedCredits: number;
  creditsBefore: number | null;
  startedAtMs: number;
  /** Cells that go on at the provider. */
  inFlight?: number;
  /** The run that this one took up again. */
  earlier?: EarlierRun | null;
}

export const QUARANTINE_FILE = RUN_FILE.quarantine;
export const MANIFEST_FILE = RUN_FILE.manifest;

/**
 * Finishes the run's folder (quarantine, manifest), then copies to every target of the pipeline,
 * each by an atomic rename. A target that fails never loses the results: they are in the store.
 */
export const publishResults =
  (deps: ActivityDeps) =>
  (input: PublishResultsInput): Promise<RunSummary> =>
    runStep<null, RunSummary>(deps, async (step) => {
      const folder = deps.store.run(input.run);
      if (input.tableContested === true) await keepOneTable(deps, input, step);
      const creditsAfter = await balance(deps, input, step);
      const quarantined = await writeQuarantine(folder, input.found);
      const { files, failed } = await copyToTargets(input, folder, step);
      const left = input.earlier ? await leftBehind(deps.store, input.earlier) : null;
      const summary = {
        ...summaryOf(input, step.calls, creditsAfter, files, quarantined),
        before: left?.before ?? null,
      };
      await folder.writeJson(MANIFEST_FILE, manifestOf(deps, input, summary, creditsAfter, left));
      // A rerun that read nothing leaves what stands beside the results of the run before.
      if (input.found !== null || left === null) {
        await copyCompanions(input, folder, quarantined > 0);
      }
      if (failed !== null) throw failed;
      tell(deps, input, summary);
      return summary;
    });

/** Once for a run, unless this very step is repeated because its result was lost. */
function tell(deps: ActivityDeps, input: PublishResultsInput, summary: RunSummary): void {
  const { outcome, cells } = summary;
  const tookMs = (deps.now ?? Date.now)() - input.startedAtMs;
  deps.onEvent?.({ type: 'run ended', provider: input.pipeline.provider, outcome, cells, tookMs });
}

/** The last moment to find a table that came late; an empty one left behind is no failure. */
async function keepOneTable(
  deps: ActivityDeps,
  { run, pipeline }: PublishResultsInput,
  step: Step<null>,
): Promise<void> {
  try {
    await deleteYounger(deps.providers.get(pipeline.provider), tableTag(run), step);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
  }
}

/** A balance is worth a look, never a failure. */
async function balance(
  deps: ActivityDeps,
  input: PublishResultsInput,
  step: Step<null>,
): Promise<number | null> {
  try {
    return (await readAccount(deps, input.pipeline.provider, step)).credits;
  } catch (error) {
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

/** Cells without an answer, with the reason; the file is there only when there are any. */
async function writeQuarantine(folder: Folder, found: Collection | null): Promise<number> {
  if (found === null) return 0;
  const draft = await folder.create(QUARANTINE_FILE);
  let cells = 0;
  try {
    for await (const cell of openCells(folder, openCellsFile(found.sweep))) {
      const line: QuarantineLine = {
        key: cell.key,
        column: cell.column,
        status: cell.status,
        reason:
          cell.status === 'failed'
            ? `failed after ${cell.attempts} ${cell.attempts === 1 ? 'attempt' : 'attempts'}: ${cell.reason}`
            : cell.reason,
        attempts: cell.attempts,
      };
      await draft.line(JSON.stringify(line));
      cells += 1;
    }
    if (cells > 0) await draft.commit();
    else await folder.remove(QUARANTINE_FILE);
    return cells;
  } finally {
    await draft.discard();
  }
}

async function copyToTargets(
  input: PublishResultsInput,
  folder: Folder,
  step: Step<null>,
): Promise<{ files: PublishedFile[]; failed: RowmillError | null }> {
  const files: PublishedFile[] = [];
  let failed: RowmillError | null = null;
  if (input.found === null) return { files, failed };
  const { pipeline } = input;
  const spec = requireProviderSpec(pipeline.provider);
  const columns = spec.plan(pipeline.table).filter((column) => column.ours && !column.input);
  const context = {
    columns: columns.map((column) => column.key),
    inputs: spec.inputs(pipeline.table),
  };
  for (const target of pipeline.results) {
    try {
      files.push(await publishTo(target, folder, RESULTS_FILE, context, step.ctx.signal));
    } catch (error) {
      // The other targets still get theirs.
      if (!(error instanceof RowmillError)) throw error;
      failed = error;
    }
  }
  return { files, failed };
}

async function copyCompanions(
  input: PublishResultsInput,
  folder: Folder,
  quarantined: boolean,
): Promise<void> {
  for (const target of input.pipeline.results) {
    const beside = siblingPaths(target);
    await copyBeside(folder, MANIFEST_FILE, beside.manifest);
    if (quarantined) await copyBeside(folder, QUARANTINE_FILE, beside.quarantine);
    else await removeStale(beside.quarantine);
  }
}

function summaryOf(
  input: PublishResultsInput,
  calls: ApiCalls,
  creditsAfter: number | null,
  results: PublishedFile[],
  quarantined: number,
): Omit<RunSummary, 'before'> {
  const { creditsBefore } = input;
  const [first] = input.pipeline.results;
  const beside = first === undefined ? null : siblingPaths(first);
  return {
    workflowId: input.run.workflowId,
    runId: input.runId,
    outcome: input.outcome,
    tableId: input.table?.id ?? null,
    rows: input.rows,
    cells: input.found?.cells ?? noCells(),
    passes: input.passes,
    apiCalls: {
      total: input.calls.total + calls.total,
      polls: input.calls.polls + calls.polls,
    },
    creditsSpent:
      creditsBefore === null || creditsAfter === null ? null : creditsBefore - creditsAfter,
    results,
    quarantine:
      quarantined > 0 && beside !== null ? { path: beside.quarantine, cells: quarantined } : null,
    manifest: beside?.manifest ?? null,
    stillRunning: stillRunning(input),
  };
}

/** Extruct has no way to stop a run: what was asked for goes on when nobody waits for it any more. */
function stillRunning({ inFlight = 0, table }: PublishResultsInput): StillRunning | null {
  if (inFlight === 0 || table === null) return null;
  return { cells: inFlight, tableId: table.id, tableUrl: table.url };
}

/** What happened, for people and audits; the field names are documented in docs/results.md. */
function manifestOf(
  deps: ActivityDeps,
  input: PublishResultsInput,
  summary: RunSummary,
  creditsAfter: number | null,
  left: LeftBehind | null,
): object {
  return {
    ...summary,
    reason: input.reason,
    pipeline: input.pipeline.name,
    provider: input.pipeline.provider,
    firstRunId: input.run.firstRunId,
    tableUrl: input.table?.url ?? null,
    tableTag: input.table === null ? null : (left?.tableTag ?? tableTag(input.run)),
    byColumn: input.found?.byColumn ?? {},
    usage: input.found?.usage ?? null,
    credits: {
      estimated: input.estimatedCredits,
      before: input.creditsBefore,
      after: creditsAfter,
      spent: summary.creditsSpent,
    },
    startedAt: new Date(input.startedAtMs).toISOString(),
    finishedAt: new Date((deps.now ?? Date.now)()).toISOString(),
    store: deps.store.run(input.run).path,
  };
}
