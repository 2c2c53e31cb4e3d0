import type { CellOutcome, Collection } from '../src/contract/results.ts';
import type { SnapshotRef } from '../src/contract/rows.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { PassKind } from '../src/rules/passes.ts';
import { CELL_OUTCOMES, noCells } from '../src/rules/outcome.ts';
import type { RunKey } from '../src/store/store.ts';
import { readAccount } from './account.ts';
import type { ActivityDeps } from './deps.ts';
import { mergeParts, type Merged } from './merge-parts.ts';
import { PageReader } from './page-reader.ts';
import { activity, type Step } from './step.ts';
import { patient, type TroubleInput } from './trouble.ts';
import { Sweep, type SweepCounts, type SweepReport } from './sweep.ts';

export interface CollectResultsInput {
  run: RunKey;
  provider: string;
  table: TableRef;
  snapshot: SnapshotRef;
  /** 1, 2, … within the run. */
  sweep: number;
  /** The pass that ran before this sweep. */
  kind: PassKind;
  trouble?: TroubleInput;
}

export interface CollectedResults {
  found: Collection;
  calls: ApiCalls;
}

const SWEEPS_AT_MOST = 3;

/**
 * Pages the whole table into the store and counts what became of every cell. Offsets shift when a
 * table is edited while it is read: a sweep that cannot find every row, or sees the table's version
 * change, starts again.
 */
export const collectResults = activity<CollectResultsInput, CollectedResults, SweepReport>(
  async (input, step, deps) => {
    const pages = new PageReader(deps.providers.get(input.provider), input.table, step, {
      skips: true,
    });
    const folder = deps.store.run(input.run);
    for (let tries = 1; ; tries += 1) {
      const last = tries >= SWEEPS_AT_MOST;
      const sweep = new Sweep(folder, input.sweep, input.snapshot.rows, last);
      try {
        const counts = await sweep.read(pages, input.table, step);
        const merged = await mergeParts(folder, input.sweep, {
          ordered: counts.ordered,
          kind: input.kind,
        });
        await sweep.reset();
        const found = collection(input, counts, merged);
        if (await isOutOfCredits(deps, input.provider, found, step)) found.outOfCredits = true;
        return { found, calls: step.calls };
      } catch (error) {
        if (!(error instanceof RowmillError) || error.code !== 'pages_unstable') throw error;
        await sweep.reset();
        if (last) throw error;
      }
    }
  },
  (input) => patient(input, true),
);

/** Cells that were put back for want of credits are waited for in vain. A look that fails tells nothing. */
async function isOutOfCredits(
  deps: ActivityDeps,
  provider: string,
  { waiting = 0 }: Collection,
  step: Step<SweepReport>,
): Promise<boolean> {
  if (waiting === 0) return false;
  try {
    const { credits } = await readAccount(deps, provider, step);
    return credits !== null && credits <= 0;
  } catch (error) {
    if (error instanceof RowmillError) return false;
    throw error;
  }
}

function collection(input: CollectResultsInput, counts: SweepCounts, merged: Merged): Collection {
  const sum = (outcome: CellOutcome): number =>
    Object.values(counts.byColumn).reduce((total, column) => total + column[outcome], 0);
  const cells = noCells();
  for (const outcome of CELL_OUTCOMES) cells[outcome] = sum(outcome);
  const { ordered: _ordered, ...found } = counts;
  return { sweep: input.sweep, rows: input.snapshot.rows, cells, ...found, ...merged };
}
