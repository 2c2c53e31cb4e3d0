import { rowTyper, type RowTyper } from '../src/answers/typed-rows.ts';
import { RUN_FILE } from '../src/contract/names.ts';
import type { RunSummary } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import { readLastingTable, writeLastingTable } from '../src/nights/lasting-table.ts';
import { locksOf } from '../src/paths/footprint.ts';
import { checkReplacement, newResultsOf } from '../src/rules/replacement.ts';
import {
  discardStaged,
  placeCompanions,
  placeResults,
  stageResults,
  type StagedResults,
} from '../src/sinks/staged-results.ts';
import { typePolicyOf } from '../src/sinks/index.ts';
import { withLocks, type HeldLocks } from '../src/sinks/lock/lock.ts';
import type { ResultColumns } from '../src/sinks/port/sink.ts';
import { tableSinkOf } from '../src/sinks/tables.ts';
import { readTargetState, type TargetState } from '../src/sinks/files/target-state.ts';
import { withdrawClaims } from '../src/store/claims.ts';
import type { Folder } from '../src/store/store.ts';
import { readBalance } from './account.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { Comparison } from './results/summary/comparison.ts';
import { readPreviousRun } from './results/summary/previous-run.ts';
import { writeOrigin } from './run-files/origin.ts';
import { runColumns } from './run-files/run-columns.ts';
import { keepOne, tableTag } from './table/find-table.ts';
import { writeQuarantine } from './results/summary/quarantine.ts';
import { activity, type ActivityAttempt } from './runtime/activity.ts';
import { manifestOf } from './results/summary/manifest.ts';
import { writeReport } from './results/report/report.ts';
import { recordRunSpend } from './results/summary/run-ledger.ts';
import {
  maySee,
  summaryOf,
  type Placed,
  type PublishResultsInput,
} from './results/summary/summary.ts';
import { publishTables } from './results/publish-tables.ts';
import { refuseTargets, sharedPaths } from './results/target-paths.ts';

/**
 * Finishes the run's folder (quarantine, manifest), and publishes to every target of the
 * pipeline. A publication is results, quarantine and manifest of one run, written under the target's
 * lock, the manifest last. A target that fails never loses the results: they are in the store. The
 * report comes last.
 */
export const publishResults = activity<PublishResultsInput, RunSummary>(
  async (given, attempt, deps) => {
    const input = await withSender(deps, given);
    const folder = deps.store.run(input.run);
    // Missing if the run was cancelled before its rows were prepared.
    if (!(await folder.exists(RUN_FILE.pipeline))) await writeOrigin(folder, input);
    if (input.tableMayHaveDuplicates) await keepOneTable(deps, input, attempt);
    const creditsAfter = await balance(deps, input, attempt);
    const columns = await runColumns(deps, input.pipeline, folder);
    const quarantined = {
      ...(await writeQuarantine(folder, input.lastScan, {
        ceilingReached: input.ceiling !== undefined,
        typed: typerOf(input, columns),
      })),
      path: folder.locate(RUN_FILE.quarantine),
    };
    const previous = input.previousRun
      ? await readPreviousRun(deps.store, input.previousRun)
      : null;
    const comparison = new Comparison(
      {
        store: deps.store,
        folder,
        columns: columns.columns,
        nowMs: (deps.now ?? Date.now)(),
        signal: attempt.ctx.signal,
      },
      input,
    );
    const staged = await stageTargets(deps, input, folder, columns, attempt);
    try {
      await compareAll(input, staged.ready, comparison);
      const locks = staged.ready.flatMap(({ place }) => locksOf(place));
      const inFiles = await withLocks(
        locks,
        (ms) => attempt.sleep(ms),
        async (locks) => {
          const placed = await placeAll(input, staged.ready, comparison, locks);
          staged.failed ??= placed.failed;
          const made = summaryOf(input, attempt.calls, creditsAfter, placed, quarantined, previous);
          const manifest = manifestOf(deps, input, made, creditsAfter, previous);
          if (placed.done[0] !== undefined) await comparison.publish(placed.done[0].compared);
          await folder.writeJson(RUN_FILE.manifest, manifest);
          for (const { results, existing, compared } of placed.done) {
            await locks.confirm();
            await placeCompanions(results, folder, {
              before: existing,
              quarantined: made.quarantine !== null,
              changes: compared.file,
            });
          }
          return { made, placed: placed.done };
        },
      );
      // After the files: a table that does not answer delays nothing else.
      const { kept, ...tables } = await publishTables(deps, input, columns, attempt);
      const notPublished = [...(inFiles.made.notPublished ?? []), ...kept];
      const published: RunSummary = {
        ...inFiles.made,
        ...tables,
        ...(notPublished.length === 0 ? {} : { notPublished }),
      };
      const report = await writeReport(
        deps,
        input,
        {
          folder,
          summary: published,
          columns: columns.columns,
          quarantined,
          changes: inFiles.placed[0]?.compared.file ?? null,
        },
        inFiles.placed.map(({ results: { target, place } }) => ({ to: target.to, place })),
        attempt,
      );
      const summary: RunSummary = { ...published, ...report };
      if (kept.length > 0 || Object.keys(tables).length > 0 || report.reportProblem !== undefined) {
        const manifest = manifestOf(deps, input, summary, creditsAfter, previous);
        await folder.writeJson(RUN_FILE.manifest, manifest);
      }
      if (staged.failed !== null) throw staged.failed;
      await markPublished(deps, input);
      await recordRunSpend(deps, input, summary);
      await withdrawClaims(deps.store, input.run, await sharedPaths(input.pipeline.results));
      emitRunEnded(deps, input, summary);
      return summary;
    } finally {
      for (const results of staged.ready) await discardStaged(results);
    }
  },
);

/** Adds the sender of a cancel to its reason, if only the request itself names it. */
async function withSender(
  { cancelSender }: ActivityDeps,
  input: PublishResultsInput,
): Promise<PublishResultsInput> {
  const { outcome, reason, run, runId } = input;
  if (outcome !== 'cancelled' || reason !== 'cancelled') return input;
  const sender = (await cancelSender?.(run.workflowId, runId)) ?? null;
  return sender === null ? input : { ...input, reason: `cancelled by ${sender}` };
}

/** The next night reads the answers of this one. */
async function markPublished(
  { store, now = Date.now }: ActivityDeps,
  { run, pipeline, owner, lastScan, incremental }: PublishResultsInput,
): Promise<void> {
  if (incremental === undefined || lastScan === null) return;
  const key = { pipeline: pipeline.name, owner: owner ?? null };
  const state = await readLastingTable(store, key);
  const isLast =
    state?.last.workflowId === run.workflowId && state.last.firstRunId === run.firstRunId;
  if (state === null || !isLast) return;
  const published = { ...state.last, at: new Date(now()).toISOString() };
  await writeLastingTable(store, key, { ...state, published });
}

/** Emits the end of a run once, unless this very step is repeated because its result was lost. */
function emitRunEnded(deps: ActivityDeps, input: PublishResultsInput, summary: RunSummary): void {
  const { outcome, cells } = summary;
  const tookMs = (deps.now ?? Date.now)() - input.startedAtMs;
  deps.onEvent?.({ type: 'run ended', provider: input.pipeline.provider, outcome, cells, tookMs });
}

/** The last moment to find a table that came late; an empty one left behind is no failure. */
async function keepOneTable(
  deps: ActivityDeps,
  { run, pipeline, table }: PublishResultsInput,
  attempt: ActivityAttempt<null>,
): Promise<void> {
  try {
    const provider = deps.providers.get(pipeline.provider);
    await keepOne({ provider, tag: tableTag(run), attempt }, table?.id ?? null);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
  }
}

/** Reads the balance; a failure is logged only. */
async function balance(
  deps: ActivityDeps,
  input: PublishResultsInput,
  attempt: ActivityAttempt<null>,
): Promise<number | null> {
  try {
    return await readBalance(deps, input.pipeline.provider, attempt);
  } catch (error) {
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

/** Types answers as the strictest target does; `null` if no target types them. */
function typerOf(
  { pipeline }: PublishResultsInput,
  { answers = {} }: ResultColumns,
): RowTyper | null {
  const { results, tables = [] } = pipeline;
  const policies = [
    ...results.map(typePolicyOf),
    ...tables.map((target) => tableSinkOf(target).types(target)),
  ];
  const policy = (['check', 'coerce'] as const).find((one) => policies.includes(one));
  return policy === undefined ? null : rowTyper(answers, policy);
}

interface Staged {
  ready: StagedResults[];
  failed: RowmillError | null;
}

/** Does everything that takes long, beside the targets: they are not touched yet. */
async function stageTargets(
  deps: ActivityDeps,
  input: PublishResultsInput,
  folder: Folder,
  columns: ResultColumns,
  attempt: ActivityAttempt<null>,
): Promise<Staged> {
  const staged: Staged = { ready: [], failed: null };
  if (input.lastScan === null) return staged;
  for (const target of input.pipeline.results) {
    try {
      // A link in the way may have changed since the run began.
      await refuseTargets(deps, [target]);
      staged.ready.push(await stageResults(target, folder, columns, attempt.ctx.signal));
    } catch (error) {
      if (!(error instanceof RowmillError)) {
        for (const results of staged.ready) await discardStaged(results);
        throw error;
      }
      // The other targets still get theirs.
      staged.failed = error;
    }
  }
  return staged;
}

/** Compares before the locks are taken: a lock is for some renames, and is broken after 30 s. */
async function compareAll(
  input: PublishResultsInput,
  ready: readonly StagedResults[],
  comparison: Comparison,
): Promise<void> {
  for (const results of ready) {
    const { target, place } = results;
    try {
      const existing = await readTargetState(target.to, place, input.pipeline.name);
      const verdict = checkReplacement(target, newResultsOf(input), formerOf(input, existing));
      if (verdict.publish) await comparison.at(results, existing);
    } catch (error) {
      // A target that cannot be used is reported when its results are placed.
      if (!(error instanceof RowmillError) || error.code !== 'sink_unwritable') throw error;
    }
  }
}

/** Each target whose turn it is; under the locks of all of them. */
async function placeAll(
  input: PublishResultsInput,
  ready: readonly StagedResults[],
  comparison: Comparison,
  locks: HeldLocks,
): Promise<Placed & { failed: RowmillError | null }> {
  const placed: Placed & { failed: RowmillError | null } = {
    done: [],
    notPublished: [],
    replacedFuller: [],
    failed: null,
  };
  for (const results of ready) {
    const { target, place } = results;
    try {
      const existing = await readTargetState(target.to, place, input.pipeline.name);
      const verdict = checkReplacement(target, newResultsOf(input), formerOf(input, existing));
      if (!verdict.publish) {
        placed.notPublished.push({
          path: target.to,
          reason: verdict.reason,
          existing: verdict.existing,
        });
        continue;
      }
      // Compared already, unless another run has published since.
      const compared = await comparison.at(results, existing);
      await locks.confirm();
      await placeResults(results);
      placed.done.push({ results, existing, compared });
      if (verdict.fuller !== null) {
        placed.replacedFuller.push({ path: target.to, existing: verdict.fuller });
      }
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      placed.failed = error;
    }
  }
  return placed;
}

/**
 * Returns the previous results of the same pipeline, unless an attempt of this step published them. A
 * run with an owner never learns the name of another owner's run.
 */
function formerOf(input: PublishResultsInput, existing: TargetState | null) {
  const { run, pipeline } = input;
  if (existing === null || existing.pipeline !== pipeline.name) return null;
  const isOwn =
    existing.run.workflowId === run.workflowId && existing.run.firstRunId === run.firstRunId;
  if (isOwn || existing.results === null) return null;
  return maySee(input, existing) ? existing.results : { ...existing.results, workflowId: null };
}
