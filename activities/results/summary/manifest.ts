import type { RunSummary } from '../../../src/contract/run.ts';
import type { ActivityDeps } from '../../runtime/deps.ts';
import { tableTag } from '../../table/find-table.ts';
import type { PreviousRunFiles } from './previous-run.ts';
import type { PublishResultsInput } from './summary.ts';

/** Builds the manifest for operators and audits; docs/reference/results.md documents its fields. */
export function manifestOf(
  deps: ActivityDeps,
  input: PublishResultsInput,
  summary: RunSummary,
  creditsAfter: number | null,
  previous: PreviousRunFiles | null,
): object {
  const { confirmed } = input;
  return {
    ...summary,
    pipeline: input.pipeline.name,
    provider: input.pipeline.provider,
    firstRunId: input.run.firstRunId,
    ...(input.owner === undefined ? {} : { owner: input.owner }),
    tableUrl: input.table?.url ?? null,
    tableTag: previous?.tableTag ?? (input.table === null ? null : tableTag(input.run)),
    byColumn: input.lastScan?.byColumn ?? {},
    usageByColumn: input.lastScan?.usage ?? null,
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
