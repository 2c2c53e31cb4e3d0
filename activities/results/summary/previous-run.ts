import { z } from 'zod';
import { RUN_FILE } from '../../../src/contract/names.ts';
import { OUTCOMES } from '../../../src/contract/outcome.ts';
import type { CellCounts } from '../../../src/contract/results.ts';
import type { PreviousRunSummary, PreviousRunRef } from '../../../src/contract/run.ts';
import { RowmillError } from '../../../src/errors.ts';
import { lacksAnswer } from '../../../src/rules/cells/attempts.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import type { Folder, Store } from '../../../src/store/store.ts';
import { missingRows } from '../../run-files/missing-rows.ts';
import { isOpen, openCells, openCellsFile } from '../../run-files/open-cells.ts';
import { withRetries } from '../../runtime/retry-read.ts';
import type { ActivityAttempt } from '../../runtime/activity.ts';
import { tableTag } from '../../table/find-table.ts';

/** Fields that are read of the manifest of a previous run. */
const manifestShape = z.object({
  outcome: z.enum(OUTCOMES).nullish().catch(null),
  tableId: z.string().nullish().catch(null),
  tableTag: z.string().nullish().catch(null),
  cells: z
    .object({
      done: z.number(),
      empty: z.number(),
      failed: z.number(),
      blocked: z.number(),
      pending: z.number(),
      skipped: z.number().exactOptional(),
    })
    .nullish()
    .catch(null),
});

/** Files that the previous run of a rerun left in the store. */
export interface PreviousRunFiles {
  summary: PreviousRunSummary;
  tableId: string | null;
  /** Tag of its table, which belongs to the first run that worked on it. */
  tableTag: string;
}

export async function readPreviousRun(
  store: Store,
  previousRun: PreviousRunRef,
): Promise<PreviousRunFiles> {
  const folder = store.run(previousRun);
  const written = (await folder.exists(RUN_FILE.manifest))
    ? await folder.readJson(RUN_FILE.manifest)
    : {};
  const manifest = manifestShape.safeParse(written).data;
  const cells: CellCounts | null = manifest?.cells ?? null;
  const beforeThat =
    previousRun.previousRun === undefined
      ? null
      : await readPreviousRun(store, previousRun.previousRun);
  return {
    summary: { workflowId: previousRun.workflowId, outcome: manifest?.outcome ?? null, cells },
    tableId: previousRun.tableId ?? manifest?.tableId ?? beforeThat?.tableId ?? null,
    tableTag: manifest?.tableTag ?? beforeThat?.tableTag ?? tableTag(previousRun),
  };
}

/** The table to go on with. @throws RowmillError `action_refused` when there never was one */
export async function tableOf(
  store: Store,
  previousRun: PreviousRunRef,
  provider: Provider,
  attempt: ActivityAttempt<unknown>,
): Promise<string> {
  const previous = await readPreviousRun(store, previousRun);
  // A run that was killed left no manifest, but its table has the tag.
  const tableId = previous.tableId ?? (await firstOf(provider, previous.tableTag, attempt));
  if (tableId !== null) return tableId;
  throw new RowmillError('action_refused', 'the run before this one ended before it had a table', {
    where: `run ${previousRun.workflowId}`,
    remedy: 'There is nothing to go on with: start it anew with `rowmill run FILE`.',
  });
}

/** Read by itself as well: a list may not be filtered. */
async function firstOf(
  provider: Provider,
  tag: string,
  attempt: ActivityAttempt<unknown>,
): Promise<string | null> {
  const ctx = withRetries(attempt);
  for (const { id } of await provider.findTables(tag, ctx)) {
    if ((await provider.readTable(id, tag, ctx)) !== null) return id;
  }
  return null;
}

/** The open cells that the first scan is compared with. */
const OPEN_BEFORE = openCellsFile(0);

/** Copies the frozen rows, and what is known of cells without an answer, into the new run's folder. */
export async function copyPreviousRows(
  store: Store,
  previousRun: PreviousRunRef,
  folder: Folder,
  clientStore: unknown,
): Promise<void> {
  const from = store.run(previousRun);
  if (!(await from.exists(RUN_FILE.rows))) {
    // The previous run ended before it had copied them.
    if (previousRun.previousRun !== undefined)
      return copyPreviousRows(store, previousRun.previousRun, folder, clientStore);
    throw missingRows(`the rows of run ${previousRun.workflowId}`, store, clientStore);
  }
  const newest = await newestOpenCells(from);
  if (newest !== null) await copyLines(from, newest, folder, OPEN_BEFORE);
  if (await from.exists(RUN_FILE.badRows)) {
    await copyLines(from, RUN_FILE.badRows, folder, RUN_FILE.badRows);
  }
  // Last: once it is there, nothing is copied again.
  await copyLines(from, RUN_FILE.rows, folder, RUN_FILE.rows);
}

/** Cells that a rerun may have to pay for; `null` when the table was never read. */
export async function cellsLeft(folder: Folder): Promise<number | null> {
  if (!(await folder.exists(OPEN_BEFORE))) return null;
  let cells = 0;
  for await (const cell of openCells(folder, OPEN_BEFORE)) {
    if (isOpen(cell) && lacksAnswer(cell) && cell.left !== true) cells += 1;
  }
  return cells;
}

async function newestOpenCells(folder: Folder): Promise<string | null> {
  const scanOf = (name: string): number => Number(/^open-(\d+)\.jsonl$/.exec(name)?.[1] ?? -1);
  const names = await folder.list('open-');
  const listed = Math.max(-1, ...names.map(scanOf));
  let newest = listed;
  // A list may lag behind on some stores.
  for (let scan = Math.max(listed, 0) + 1; await folder.exists(openCellsFile(scan)); scan += 1) {
    newest = scan;
  }
  return newest === -1 ? null : openCellsFile(newest);
}

export async function copyLines(from: Folder, name: string, to: Folder, as: string): Promise<void> {
  const draft = await to.create(as);
  try {
    for await (const line of from.lines(name)) await draft.line(line);
    await draft.commit();
  } finally {
    await draft.discard();
  }
}
