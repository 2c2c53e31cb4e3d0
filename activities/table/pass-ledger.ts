import type { PassAccount, PassLine } from '../../src/contract/spend.ts';
import { columnSpend, sumOfColumns } from '../../src/rules/spend/spend-report.ts';
import { removeLedgerLine, writeLedgerLine } from '../../src/store/ledger.ts';
import type { RunKey } from '../../src/store/store.ts';
import { forgetSentSince, noteSentSince } from '../run-files/cell-set-file.ts';
import { bestEffort } from '../runtime/best-effort.ts';
import type { ActivityDeps } from '../runtime/deps.ts';

/** Line of a pass in the ledger. */
export interface OpenedLine {
  /** Notes that the provider has accepted the pass, and how many cells it says it queued. */
  accept(reportedCells: number | null): Promise<void>;
  /** Removes the line: nothing was asked for. */
  withdraw(): Promise<void>;
}

interface Pass {
  run: RunKey;
  provider: string;
  kind: string;
  account: PassAccount;
}

/**
 * Writes the line of a pass before its first request: a worker that is killed in between leaves a line
 * that counts. A later line of the same pass replaces it.
 */
export async function openLine(
  deps: ActivityDeps,
  { run, provider, kind, account }: Pass,
  cells: Record<string, number>,
): Promise<OpenedLine> {
  const { pipeline, owner, pass } = account;
  const columns = columnSpend(cells, account);
  const line: PassLine = {
    type: 'pass',
    run: run.workflowId,
    firstRunId: run.firstRunId,
    pipeline,
    provider,
    pass,
    kind,
    at: new Date((deps.now ?? Date.now)()).toISOString(),
    columns,
    credits: sumOfColumns(columns),
    accepted: false,
  };
  if (owner !== undefined) line.owner = owner;
  const folder = deps.store.run(run);
  await noteSentSince(folder, pass, Date.parse(line.at));
  await writeLedgerLine(deps.store, line);
  return {
    accept: (reportedCells) =>
      // The pass is sent: a store that cannot be written now must not fail the step.
      bestEffort(NOT_UP_TO_DATE, () =>
        writeLedgerLine(deps.store, {
          ...line,
          accepted: true,
          ...(reportedCells === null ? {} : { reported: { cells: reportedCells } }),
        }),
      ),
    withdraw: () =>
      bestEffort(NOT_UP_TO_DATE, async () => {
        await removeLedgerLine(deps.store, line);
        await forgetSentSince(folder, pass);
      }),
  };
}

const NOT_UP_TO_DATE = 'the line of the ledger is not up to date';
