import { RUN_FILE } from '../../src/contract/names.ts';
import type { TableTarget } from '../../src/contract/pipeline.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { RowmillError } from '../../src/errors.ts';
import { checkReplacement, newResultsOf } from '../../src/rules/replacement.ts';
import type { ResultColumns } from '../../src/sinks/port/sink.ts';
import { tableSinkOf } from '../../src/sinks/tables.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';
import type { ActivityDeps } from '../runtime/deps.ts';
import type { PublishResultsInput } from './summary/summary.ts';

/** Waits before a target that failed is tried again. */
const TRY_AGAIN_AFTER_MS = [2_000, 10_000];

/** Outcome of publishing to tables. */
export interface TablesSummary extends Pick<RunSummary, 'tables' | 'failedTargets'> {
  /** Tables that kept what they had. */
  kept: NonNullable<RunSummary['notPublished']>;
}

/**
 * Publishes the results to the tables of the pipeline, each in one transaction. A table that fails is
 * reported, and holds up no other: the results are in the store.
 */
export async function publishTables(
  deps: ActivityDeps,
  input: PublishResultsInput,
  columns: ResultColumns,
  attempt: ActivityAttempt<null>,
): Promise<TablesSummary> {
  const { tables = [] } = input.pipeline;
  const due: TableTarget[] = [];
  const kept: TablesSummary['kept'] = [];
  for (const target of input.lastScan === null ? [] : tables) {
    const reason = whyKept(target, input);
    if (reason === null) due.push(target);
    else kept.push({ path: tableSinkOf(target).name(target), reason, existing: null });
  }
  const found = await Promise.all(
    due.map((target) => publishTable(deps, input, target, columns, attempt)),
  );
  const done = found.flatMap((one) => ('rows' in one ? [one] : []));
  const failed = found.flatMap((one) => ('problem' in one ? [one] : []));
  return {
    kept,
    ...(done.length === 0 ? {} : { tables: done }),
    ...(failed.length === 0 ? {} : { failedTargets: failed }),
  };
}

/**
 * Returns the reason to leave a table as it is. A run that was cut short has one, because the
 * fullness of a table is not known.
 */
export function whyKept(
  target: TableTarget,
  run: Parameters<typeof newResultsOf>[0],
): string | null {
  const now = newResultsOf(run);
  const verdict = checkReplacement(target, now, null);
  if (!verdict.publish) return verdict.reason;
  const keeps = target.when === undefined && target.postgres.mode !== 'append';
  return keeps && now.endedEarly && now.outcome !== 'completed'
    ? `the run was cut short (${now.outcome}); rowmill publish writes it all the same`
    : null;
}

async function publishTable(
  deps: ActivityDeps,
  { run, pipeline }: PublishResultsInput,
  target: TableTarget,
  columns: ResultColumns,
  attempt: ActivityAttempt<null>,
): Promise<{ to: string; rows: number } | { to: string; problem: string }> {
  const sink = tableSinkOf(target);
  const to = sink.name(target);
  for (let tries = 0; ; tries += 1) {
    try {
      const { rows } = await sink.publish(deps.store.run(run), target, {
        storeName: RUN_FILE.results,
        columns,
        run,
        pipeline: pipeline.name,
        env: deps.env ?? process.env,
        signal: attempt.ctx.signal,
      });
      return { to, rows };
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      const waitMs = TRY_AGAIN_AFTER_MS[tries];
      if (waitMs === undefined) {
        const next = `Then: rowmill publish ${run.workflowId}`;
        return { to, problem: `${error.what}. ${error.remedy} ${next}` };
      }
      await attempt.sleep(waitMs);
    }
  }
}
