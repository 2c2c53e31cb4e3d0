import type { Canary } from '../src/contract/pipeline.ts';
import type { CellOutcome, ScanResult } from '../src/contract/results.ts';
import type { SnapshotRef } from '../src/contract/rows.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import { canaryRows } from '../src/rules/answers/canary.ts';
import type { ConditionsInput } from '../src/rules/answers/conditions.ts';
import type { Expectations } from '../src/rules/answers/expectations.ts';
import type { PassKind } from '../src/rules/passes/passes.ts';
import { CELL_OUTCOMES, noCells } from '../src/rules/cells/outcome.ts';
import type { RunKey } from '../src/store/store.ts';
import { readAccount } from './account.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { AskedInPass } from './results/scan/asked-in-pass.ts';
import { mergeParts, type Merged } from './results/scan/merge-parts.ts';
import { NightMarks } from './results/scan/night-marks.ts';
import { scanConditions } from './results/scan/scan-conditions.ts';
import { PageReader } from './table/page-reader.ts';
import { recordScan } from './run-files/run-timeline.ts';
import { bestEffort } from './runtime/best-effort.ts';
import { activity, type ActivityAttempt } from './runtime/activity.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';
import { firstVanished } from './run-files/vanished-rows.ts';
import { TableScan, type ScanCounts, type ScanReport } from './results/scan/table-scan.ts';

export interface CollectResultsInput {
  run: RunKey;
  provider: string;
  table: TableRef;
  snapshot: SnapshotRef;
  /** 1, 2, … within the run. */
  scan: number;
  /** The pass that ran before this scan. */
  kind: PassKind;
  /** Number of that pass, if the ceiling has cut its cells. Left out: it asked for all that were due. */
  cutPass?: number;
  /** Expectations of the answers by column. */
  expected?: Expectations | undefined;
  /** Conditions of the columns. Left out: there are none. */
  conditions?: ConditionsInput | undefined;
  /** Cells are asked for in stages, by what the scan finds. */
  inStages?: boolean;
  /** Rows that are asked for so far. Left out: every row. */
  canary?: Canary | undefined;
  /** The canary is over: its rows are asked for in no later pass. Left out: it is not, or there is none. */
  canaryOver?: Canary | undefined;
  /** The results mark rows that left the source. */
  marksVanished?: boolean;
  trouble: TroubleInput;
}

export interface CollectedResults {
  scanResult: ScanResult;
  calls: ApiCalls;
}

const MAX_SCANS = 3;

/**
 * Pages the whole table into the store and counts the outcome of every cell. Offsets shift when a table
 * is edited during the scan. A scan that misses a row, or sees the table's version change, starts
 * again.
 */
export const collectResults = activity<CollectResultsInput, CollectedResults, ScanReport>(
  async (input, attempt, deps) => {
    const pages = new PageReader(deps.providers.get(input.provider), input.table, attempt, {
      skips: true,
      ahead: true,
    });
    const folder = deps.store.run(input.run);
    const { conditions, canary, canaryOver } = input;
    const vanishedFrom = await firstVanished(folder);
    for (let tries = 1; ; tries += 1) {
      const last = tries >= MAX_SCANS;
      const scan = new TableScan(folder, input.scan, input.snapshot.rows, {
        ignoreVersion: last,
        conditions: conditions === undefined ? null : scanConditions(conditions),
        canary: canary === undefined ? null : canaryRows(canary, input.snapshot.rows),
        ...(vanishedFrom === null ? {} : { vanishedFrom }),
      });
      try {
        const counts = await scan.read(pages, input.table, attempt);
        const merged = await mergeParts(folder, input.scan, {
          lateBy: scan.lateBy,
          kind: input.kind,
          asked: input.cutPass === undefined ? null : await AskedInPass.read(folder, input.cutPass),
          expected: input.expected,
          inStages: input.inStages === true,
          // Before the first pass of a night, its scan decides which cells are due.
          night: input.scan === 1 ? await NightMarks.open(folder) : null,
          marksVanished: input.marksVanished === true,
          leaves: canaryOver === undefined ? null : canaryRows(canaryOver, input.snapshot.rows),
        });
        await scan.reset();
        const scanResult = scanResultOf(input, counts, merged);
        if (await isOutOfCredits(deps, input.provider, scanResult, attempt))
          scanResult.outOfCredits = true;
        await bestEffort('the scan is not noted for the report', () =>
          recordScan(folder, scanResult, (deps.now ?? Date.now)()),
        );
        return { scanResult, calls: attempt.calls };
      } catch (error) {
        if (!(error instanceof RowmillError) || error.code !== 'pages_unstable') throw error;
        await scan.reset();
        if (last) throw error;
      }
    }
  },
  (input) => tolerant(input, true),
);

/**
 * Checks whether cells wait while the account has no credits; `false` if the account cannot be
 * read.
 */
async function isOutOfCredits(
  deps: ActivityDeps,
  provider: string,
  { waiting }: ScanResult,
  attempt: ActivityAttempt<ScanReport>,
): Promise<boolean> {
  if (waiting === 0) return false;
  try {
    const { credits } = await readAccount(deps, provider, attempt);
    return credits !== null && credits <= 0;
  } catch (error) {
    if (error instanceof RowmillError) return false;
    throw error;
  }
}

function scanResultOf(input: CollectResultsInput, counts: ScanCounts, merged: Merged): ScanResult {
  const sum = (outcome: CellOutcome): number =>
    Object.values(counts.byColumn).reduce((total, column) => total + (column[outcome] ?? 0), 0);
  const cells = noCells();
  for (const outcome of CELL_OUTCOMES) cells[outcome] = sum(outcome);
  const skipped = sum('skipped');
  if (skipped > 0) cells.skipped = skipped;
  return { scan: input.scan, rows: input.snapshot.rows, cells, ...counts, ...merged };
}
