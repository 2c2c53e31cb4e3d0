import { RUN_FILE } from '../../../contract/names.ts';
import { OUTCOMES, type Outcome } from '../../../contract/outcome.ts';
import type { Pipeline, ResultTarget } from '../../../contract/pipeline.ts';
import type { PublishedFile } from '../../../contract/results.ts';
import type { PreviousRunRef } from '../../../contract/run.ts';
import type { Env } from '../../../env.ts';
import { RowmillError } from '../../../errors.ts';
import { renderReport } from '../../../report/render.ts';
import type { ResultFormatName } from '../../../sinks/index.ts';
import type { Folder, RunKey, Store } from '../../../store/store.ts';
import { republish, type Republished } from './publish.ts';
import {
  changesFolder,
  exportResults,
  publishResults,
  reportFacts,
  type ExportedFile,
} from './results.ts';
import { pipelineIn } from './run-pipeline.ts';

/**
 * Record of a run from the store alone, for when Temporal does not answer or the run has expired.
 */
export interface StoredRun {
  key: RunKey;
  pipeline: Pipeline;
  /** Run that this one continued. */
  previousRun: PreviousRunRef | null;
  /** ISO time; empty without a manifest. */
  startedAt: string;
  /** `null` without a manifest. */
  outcome: Outcome | null;
}

/** Finds the newest run of that id with files in the store. */
export async function newestStored(store: Store, workflowId: string): Promise<StoredRun | null> {
  let newest: StoredRun | null = null;
  for (const firstRunId of await store.firstRuns(workflowId)) {
    const key = { workflowId, firstRunId };
    const folder = store.run(key);
    const pipeline = await pipelineIn(folder);
    const { startedAt, outcome } = await manifestIn(folder);
    if (pipeline === null || startedAt < (newest?.startedAt ?? '')) continue;
    newest = { key, pipeline, previousRun: await previousRunIn(folder), startedAt, outcome };
  }
  return newest;
}

/** Results of one run in the store. */
export interface StoredResults {
  readonly store: Store;
  readonly folder: Folder;
  readonly runId: string;
  /**
   * Returns the folder if it has the changes of the run.
   * @throws RowmillError `results_missing`
   */
  changes(): Promise<Folder>;
  /**
   * Renders the report of the run, one HTML page.
   * @throws RowmillError `results_missing` if the run has none
   */
  report(): Promise<string>;
  /** Writes the results to a target, atomically. */
  publish(target: ResultTarget): Promise<PublishedFile>;
  /**
   * Publishes to the targets of the run again, each by itself.
   *
   * @param wanted A path, or a table as `schema.table`. Left out: all targets.
   * @throws RowmillError `usage` for a target that the run does not have
   */
  republish(options: { env: Env; wanted?: string }): Promise<Republished[]>;
  /** Writes the results to a temporary file, which the caller removes. */
  render(format: ResultFormatName): Promise<ExportedFile>;
}

export const resultsIn = (
  store: Store,
  folder: Folder,
  { workflowId, runId }: { workflowId: string; runId: string },
): StoredResults => ({
  store,
  folder,
  runId,
  changes: () => changesFolder(folder, workflowId),
  report: async () => renderReport(await reportFacts(folder, workflowId)),
  publish: (target) => publishResults(folder, target),
  republish: (options) => republish(folder, options),
  render: (format) => exportResults(folder, format),
});

/** Returns the results of a run that has ended; `null` without results. */
export async function storedResults(
  store: Store,
  workflowId: string,
): Promise<StoredResults | null> {
  const run = await newestStored(store, workflowId);
  if (run === null) return null;
  const folder = store.run(run.key);
  const { runId } = await manifestIn(folder);
  // The manifest is written last.
  return runId !== '' && (await folder.exists(RUN_FILE.results))
    ? resultsIn(store, folder, { workflowId, runId })
    : null;
}

async function previousRunIn(folder: Folder): Promise<PreviousRunRef | null> {
  if (!(await folder.exists(RUN_FILE.previousRun))) return null;
  // Safe cast: written by prepareRows.
  return (await folder.readJson(RUN_FILE.previousRun)) as PreviousRunRef;
}

interface ManifestHead {
  /** ISO time. */
  startedAt: string;
  runId: string;
  outcome: Outcome | null;
}

/** Reads the manifest; texts are empty without one. */
async function manifestIn(folder: Folder): Promise<ManifestHead> {
  const manifest = (await folder.exists(RUN_FILE.manifest))
    ? await folder.readJson(RUN_FILE.manifest)
    : null;
  const text = (name: string): string => {
    const value: unknown =
      typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, name) : null;
    return typeof value === 'string' ? value : '';
  };
  const outcome = OUTCOMES.find((one) => one === text('outcome')) ?? null;
  return { startedAt: text('startedAt'), runId: text('runId'), outcome };
}

/**
 * Rejects an id whose expired run has done work: a new run would pay for it again. The store
 * outlives Temporal's retention. A failed run may start again, and so may a cancelled one, unless
 * the id is a key.
 * @throws RowmillError `run_conflict`
 */
export async function rejectExpiredRun(
  store: Store,
  workflowId: string,
  isKey: boolean,
): Promise<void> {
  const outcome = (await newestStored(store, workflowId))?.outcome ?? null;
  if (outcome === null || outcome === 'failed') return;
  // A cancelled key stays cancelled.
  if (outcome === 'cancelled' && !isKey) return;
  const another = isKey ? 'Another key' : 'Another --id, or --new,';
  throw new RowmillError(
    'run_conflict',
    `it ended (${outcome}), and has expired in Temporal; a new run of this ${isKey ? 'key' : 'id'} would pay again`,
    {
      where: `run ${workflowId}`,
      remedy: `Its results are in the store: rowmill results ${workflowId}. ${another} starts a new run.`,
    },
  );
}
