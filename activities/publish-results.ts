import { RUN_FILE } from '../src/contract/names.ts';
import type { PublishedFile } from '../src/contract/results.ts';
import type { RunSummary } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import { isAsked } from '../src/providers/spec.ts';
import { copyBeside } from '../src/sinks/copy.ts';
import { publishTo } from '../src/sinks/publish.ts';
import { removeStale } from '../src/sinks/siblings.ts';
import { companionsOf } from '../src/paths/companions.ts';
import { readColumns } from '../src/sources/source-columns.ts';
import type { Folder } from '../src/store/store.ts';
import { readAccount } from './account.ts';
import type { ActivityDeps } from './deps.ts';
import { leftBehind } from './earlier-run.ts';
import { RESULTS_FILE } from './merge-parts.ts';
import { keepOne } from './own-table.ts';
import { writeQuarantine } from './quarantine.ts';
import { runStep, type Step } from './step.ts';
import { manifestOf, summaryOf, type PublishResultsInput } from './summary.ts';
import { tableTag } from './table-tag.ts';

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
      const { files, failed } = await copyToTargets(deps, input, folder, step);
      const left = input.earlier ? await leftBehind(deps.store, input.earlier) : null;
      const summary = summaryOf(input, step.calls, creditsAfter, files, quarantined, left);
      await folder.writeJson(
        RUN_FILE.manifest,
        manifestOf(deps, input, summary, creditsAfter, left),
      );
      if (input.found !== null) await copyCompanions(input, folder, summary.quarantine !== null);
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
  { run, pipeline, table }: PublishResultsInput,
  step: Step<null>,
): Promise<void> {
  try {
    const provider = deps.providers.get(pipeline.provider);
    await keepOne({ provider, tag: tableTag(run), step }, table?.id ?? null);
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

async function copyToTargets(
  deps: ActivityDeps,
  input: PublishResultsInput,
  folder: Folder,
  step: Step<null>,
): Promise<{ files: PublishedFile[]; failed: RowmillError | null }> {
  const files: PublishedFile[] = [];
  let failed: RowmillError | null = null;
  if (input.found === null) return { files, failed };
  const { pipeline } = input;
  const spec = deps.providers.spec(pipeline.provider);
  const columns = spec.plan(pipeline.table).filter(isAsked);
  const context = {
    columns: columns.map((column) => column.key),
    inputs: spec.inputs(pipeline.table),
    source: (await readColumns(folder)) ?? [],
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
    const beside = companionsOf(target);
    await copyBeside(folder, RUN_FILE.manifest, beside.manifest);
    if (quarantined) await copyBeside(folder, RUN_FILE.quarantine, beside.quarantine);
    else await removeStale(beside.quarantine);
  }
}
