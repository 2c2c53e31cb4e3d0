import { log } from '@temporalio/activity';
import { RUN_FILE } from '../../../src/contract/names.ts';
import type { RunSummary } from '../../../src/contract/run.ts';
import { RowmillError } from '../../../src/errors.ts';
import { companionsOf, locksOf, type Footprint } from '../../../src/paths/footprint.ts';
import { PAGE_BEGINNING } from '../../../src/report/page.ts';
import { renderReport } from '../../../src/report/render.ts';
import { placeReport, removeReport } from '../../../src/sinks/files/report-file.ts';
import { withLocks } from '../../../src/sinks/lock/lock.ts';
import { isOf } from '../../../src/sinks/files/target-state.ts';
import type { ActivityAttempt } from '../../runtime/activity.ts';
import type { ActivityDeps } from '../../runtime/deps.ts';
import { gatherFacts, type ReportSources } from './report-facts.ts';
import type { PublishResultsInput } from '../summary/summary.ts';

/** Target that has the results of this run. */
export interface ReportPlace {
  /** Target as the pipeline names it. */
  to: string;
  place: Footprint;
}

/**
 * Writes the report of a run into its folder, and beside the results that it has published. The
 * results are in place by then: a report that fails is a caution.
 */
export async function writeReport(
  deps: ActivityDeps,
  input: PublishResultsInput,
  sources: ReportSources,
  places: readonly ReportPlace[],
  attempt: ActivityAttempt<null>,
): Promise<Pick<RunSummary, 'report' | 'reportProblem'>> {
  try {
    const facts = await gatherFacts(deps, input, sources);
    await sources.folder.writeJson(RUN_FILE.report, facts);
    const [first] = places;
    if (first === undefined) return {};
    if (input.pipeline.report === false) {
      await atTargets(input, places, attempt, (path) => removeReport(fileAt(path)));
      return {};
    }
    const page = renderReport(facts);
    await atTargets(input, places, attempt, (path) => placeReport(fileAt(path), page));
    return { report: companionsOf({ to: first.to }).report };
  } catch (error) {
    attempt.ctx.signal?.throwIfAborted();
    const problem = error instanceof RowmillError ? error.message : String(error);
    log.warn('the report is not written', { error: problem });
    return { reportProblem: problem };
  }
}

const fileAt = (path: string) => ({ path, beginning: PAGE_BEGINNING });

/** Goes to each target under its lock, unless another run has published there since. */
async function atTargets(
  { run }: PublishResultsInput,
  places: readonly ReportPlace[],
  attempt: ActivityAttempt<null>,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const done = new Set<string>();
  for (const { place } of places) {
    // Two formats of one name share their report.
    if (done.has(place.report)) continue;
    done.add(place.report);
    await withLocks(
      locksOf(place),
      (ms) => attempt.sleep(ms),
      async () => {
        if (await isOf(run, place.manifest)) await work(place.report);
      },
    );
  }
}
