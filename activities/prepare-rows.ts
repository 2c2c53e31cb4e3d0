import { RUN_FILE } from '../src/contract/names.ts';
import type { Pipeline, SpendPolicy } from '../src/contract/pipeline.ts';
import type { SnapshotRef } from '../src/contract/rows.ts';
import type { ApiCalls, EnrichTableInput } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import { sinkOf } from '../src/sinks/index.ts';
import { tableSinkOf } from '../src/sinks/tables.ts';
import { underCeiling, type SpendCeiling } from '../src/rules/spend/ceiling.ts';
import { sourceFieldsOf } from '../src/rules/answers/conditions.ts';
import { takeSnapshot } from '../src/sources/snapshot.ts';
import { stagedDigest } from '../src/sources/digest-draft.ts';
import { checkInput } from '../src/spec/check-input.ts';
import type { Folder, RunKey, Store } from '../src/store/store.ts';
import { readAccount } from './account.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { cellsLeft, copyLines, copyPreviousRows } from './results/summary/previous-run.ts';
import { snapshotOf } from './run-files/frozen-rows.ts';
import { missingRows } from './run-files/missing-rows.ts';
import { writeOrigin } from './run-files/origin.ts';
import { runColumns } from './run-files/run-columns.ts';
import { SNAPSHOT_FILE, wholeRows } from './run-files/snapshot.ts';
import { writeColumns } from '../src/sources/columns/source-columns.ts';
import {
  refuseClashes,
  refuseSource,
  refuseTargets,
  runsAt,
  sharedPaths,
} from './results/target-paths.ts';
import { activity } from './runtime/activity.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';
import type { PlannedColumn } from '../src/providers/provider-spec.ts';

export interface PrepareRowsInput {
  run: RunKey;
  /** The argument of the workflow as it came: any JSON. */
  input: unknown;
  /** Store of the client that started the run, as it named it. Left out by earlier workflows. */
  clientStore?: unknown;
  trouble: TroubleInput;
}

export interface PreparedRows {
  snapshot: SnapshotRef;
  /** Paid cells a row has, weighted by what the provider charges. */
  paidCellsPerRow: number;
  /** Credits of a cell in units of `spend.creditsPerCell`, by column; 1 where a column is left out. */
  weights: Record<string, number>;
  /** Limits of this run: the pipeline's, capped by those of the worker's owner. */
  spend: SpendPolicy;
  /** Limits of the worker's owner. */
  ceiling: SpendCeiling;
  /** Every pass is judged by the ceiling. Left out by workers that judged the estimate only. */
  judgesPasses?: true;
  /** Other runs in progress that publish to the same place. Left out: none. */
  sameTarget?: string[];
  /** Warnings about the rows of a source that this step read. Left out: none. */
  sourceWarnings?: string[];
  /** Cells without an answer, of a rerun; `null` otherwise, or if unknown. */
  openCells: number | null;
  /** The run's folder in the store, shown to operators. */
  folder: string;
  /** Time for which a lasting table stays quiet after a run that did not release it. */
  leaseQuietMs?: number;
  /** Credits on the account; `null` where the provider does not say. */
  credits: number | null;
  /** Reason that the balance cannot be read, where the provider has one. Left out: it can. */
  balanceProblem?: string;
  /** True if the server has rowmill's search attributes; an unregistered one would block the run. */
  searchAttributes: boolean;
  calls: ApiCalls;
}

/**
 * Checks everything that can fail before a credit is spent. Validates the input and the rows,
 * freezes the rows in the store, probes store and result paths, and uses the token once.
 */
export const prepareRows = activity<PrepareRowsInput, PreparedRows>(
  async (given, attempt, deps) => {
    const input = checkInput(given.input, deps.providers);
    const { pipeline } = input;
    await refuseClashes(pipeline);
    await refuseTargets(deps, pipeline.results);
    await deps.store.checkWritable();
    for (const target of pipeline.results) await sinkOf(target).probe(target, pipeline.name);
    const sameTarget = await othersAt(deps, given.run, pipeline);
    const folder = deps.store.run(given.run);
    const { ref: snapshot, warnings } = await freeze(deps, input, folder, given.clientStore);
    await probeTables(deps, pipeline, folder);
    await writeOrigin(folder, input);
    const openCells = await cellsLeft(folder);
    const { credits, problem } = await readAccount(deps, pipeline.provider, attempt);
    const plan = deps.providers.spec(pipeline.provider).plan(pipeline.table);
    const paidCellsPerRow = plan.reduce((sum, column) => sum + column.creditsWeight, 0);
    const { searchAttributes, ceiling = {} } = deps;
    const spend = underCeiling(pipeline.spend, ceiling);
    deps.onEvent?.({ type: 'run started', provider: pipeline.provider });
    const { calls } = attempt;
    return {
      snapshot,
      paidCellsPerRow,
      openCells,
      credits,
      searchAttributes,
      calls,
      ...(problem === null ? {} : { balanceProblem: problem }),
      weights: weightsOf(plan),
      spend,
      ceiling,
      judgesPasses: true,
      folder: folder.path,
      ...(pipeline.table.keep === true
        ? { leaseQuietMs: QUIET_MS * (deps.commitWaitFactor ?? 1) }
        : {}),
      ...(sameTarget.length === 0 ? {} : { sameTarget }),
      ...(warnings.length === 0 ? {} : { sourceWarnings: warnings }),
    };
  },
  (input) => tolerant(input, false),
);

/**
 * Checks the tables after the rows are frozen: a table also gets the columns that they keep from
 * the source.
 */
async function probeTables(deps: ActivityDeps, pipeline: Pipeline, folder: Folder): Promise<void> {
  const { tables = [] } = pipeline;
  if (tables.length === 0) return;
  const columns = await runColumns(deps, pipeline, folder);
  for (const target of tables) {
    const rows = wholeRows(folder);
    await tableSinkOf(target).probe(target, { columns, env: deps.env ?? process.env, rows });
  }
}

const othersAt = async (deps: ActivityDeps, run: RunKey, { results }: Pipeline) =>
  runsAt(deps, run, await sharedPaths(results));

/** Freezes the rows. The source is not read again: later changes in it have no effect. */
async function freeze(
  deps: ActivityDeps,
  input: EnrichTableInput,
  folder: Folder,
  clientStore: unknown,
): Promise<Frozen> {
  const { pipeline, snapshot = null, previousRun = null } = input;
  if (!(await folder.exists(SNAPSHOT_FILE))) {
    if (previousRun !== null) {
      await copyPreviousRows(deps.store, previousRun, folder, clientStore);
      return { ref: await snapshotOf(folder), warnings: [] };
    }
    // Left by an interrupted attempt; the source may have changed since.
    await folder.remove(RUN_FILE.badRows);
    if (snapshot === null) {
      await refuseSource(deps, pipeline.rows.source);
      const spec = deps.providers.spec(pipeline.provider);
      const inputs = spec.inputs(pipeline.table);
      const planned = spec.plan(pipeline.table).map(({ key }) => key);
      const draft = await folder.create(SNAPSHOT_FILE);
      const leftOut = () => folder.create(RUN_FILE.badRows);
      const taken = await takeSnapshot(pipeline.rows, inputs, draft, {
        leftOut,
        named: sourceFieldsOf(pipeline, planned),
        canary: pipeline.canary,
        env: deps.env,
      });
      await writeColumns(folder, taken.kept);
      return { ref: taken.ref, warnings: taken.warnings.slice(0, MAX_WARNINGS).map(cut) };
    }
    await copyStaged(deps.store, snapshot, folder, clientStore);
  }
  const stored = await snapshotOf(folder);
  if (snapshot !== null && stored.digest !== snapshot.digest) {
    throw new RowmillError(
      'snapshot_changed',
      `digest is ${stored.digest}, not ${snapshot.digest}`,
      {
        where: folder.locate(SNAPSHOT_FILE),
      },
    );
  }
  return { ref: stored, warnings: [] };
}

interface Frozen {
  ref: SnapshotRef;
  /** Warnings about a source read now; rows frozen by a client bring their own. */
  warnings: string[];
}

/** Longest time in which a step of a terminated run may still be sending: heartbeat and request. */
const QUIET_MS = 150_000;

/** Maximum warnings, because they enter the history of the run. */
const MAX_WARNINGS = 10;
const MAX_WARNING_CHARS = 300;

const cut = (text: string): string =>
  text.length > MAX_WARNING_CHARS ? `${text.slice(0, MAX_WARNING_CHARS)}…` : text;

async function copyStaged(
  store: Store,
  ref: SnapshotRef,
  folder: Folder,
  clientStore: unknown,
): Promise<void> {
  const staged = store.staged(stagedDigest(ref));
  if (!(await staged.exists(SNAPSHOT_FILE))) {
    throw missingRows('the rows that the client froze', store, clientStore);
  }
  if (ref.badRows !== undefined) {
    await copyLines(staged, RUN_FILE.badRows, folder, RUN_FILE.badRows);
  }
  // Last: once it is there, nothing is copied again.
  await copyLines(staged, SNAPSHOT_FILE, folder, SNAPSHOT_FILE);
}

/** Returns the weights other than one, which most tables do not have. */
function weightsOf(plan: readonly PlannedColumn[]): PreparedRows['weights'] {
  const others = plan.filter(({ creditsWeight }) => creditsWeight !== 1);
  return Object.fromEntries(others.map(({ key, creditsWeight }) => [key, creditsWeight]));
}
