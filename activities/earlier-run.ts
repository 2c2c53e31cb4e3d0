import { z } from 'zod';
import { RUN_FILE } from '../src/contract/names.ts';
import { OUTCOMES } from '../src/contract/outcome.ts';
import type { CellCounts } from '../src/contract/results.ts';
import type { Before, EarlierRun } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider } from '../src/providers/provider.ts';
import type { Folder, Store } from '../src/store/store.ts';
import { openCells, openCellsFile } from './open-cells.ts';
import { withPatience } from './reading.ts';
import type { Step } from './step.ts';
import { tableTag } from './table-tag.ts';

/** What is read of the manifest of a run before this one; written by an older version, maybe. */
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
    })
    .nullish()
    .catch(null),
});

/** A run that has ended and is taken up again: what it left in the store. */
export interface LeftBehind {
  before: Before;
  tableId: string | null;
  /** By which its table is found: of the first run that worked on it. */
  tableTag: string;
}

export async function leftBehind(store: Store, earlier: EarlierRun): Promise<LeftBehind> {
  const folder = store.run(earlier);
  const written = (await folder.exists(RUN_FILE.manifest))
    ? await folder.readJson(RUN_FILE.manifest)
    : {};
  const manifest = manifestShape.safeParse(written).data;
  const cells: CellCounts | null = manifest?.cells ?? null;
  const further = earlier.earlier === undefined ? null : await leftBehind(store, earlier.earlier);
  return {
    before: { workflowId: earlier.workflowId, outcome: manifest?.outcome ?? null, cells },
    tableId: earlier.tableId ?? manifest?.tableId ?? further?.tableId ?? null,
    tableTag: manifest?.tableTag ?? further?.tableTag ?? tableTag(earlier),
  };
}

/** The table to go on with. @throws RowmillError `action_refused` when there never was one */
export async function tableOf(
  store: Store,
  earlier: EarlierRun,
  provider: Provider,
  step: Step<unknown>,
): Promise<string> {
  const left = await leftBehind(store, earlier);
  // A run that was killed left no manifest, but its table has the tag.
  const tableId = left.tableId ?? (await firstOf(provider, left.tableTag, step));
  if (tableId !== null) return tableId;
  throw new RowmillError('action_refused', 'the run before this one ended before it had a table', {
    where: `run ${earlier.workflowId}`,
    remedy: 'There is nothing to go on with: start it anew with `rowmill run FILE`.',
  });
}

/** Read by itself as well: a list may not be filtered. */
async function firstOf(
  provider: Provider,
  tag: string,
  step: Step<unknown>,
): Promise<string | null> {
  const ctx = withPatience(step);
  for (const { id } of await provider.findTables(tag, ctx)) {
    if ((await provider.readTable(id, tag, ctx)) !== null) return id;
  }
  return null;
}

/** The open cells that the first sweep is compared with. */
const OPEN_BEFORE = openCellsFile(0);

/** Copies the frozen rows, and what is known of cells without an answer, into the new run's folder. */
export async function takeOver(store: Store, earlier: EarlierRun, folder: Folder): Promise<void> {
  const from = store.run(earlier);
  if (!(await from.exists(RUN_FILE.rows))) {
    // It ended before it had taken them over itself.
    if (earlier.earlier !== undefined) return takeOver(store, earlier.earlier, folder);
    throw new RowmillError('store_unreadable', 'the rows of the run before are not in here', {
      where: `store ${store.location}, run ${earlier.workflowId}`,
    });
  }
  const newest = await newestOpenCells(from);
  if (newest !== null) await copyLines(from, newest, folder, OPEN_BEFORE);
  if (await from.exists(RUN_FILE.leftOut)) {
    await copyLines(from, RUN_FILE.leftOut, folder, RUN_FILE.leftOut);
  }
  // Last: once it is there, nothing is copied again.
  await copyLines(from, RUN_FILE.rows, folder, RUN_FILE.rows);
}

/** Cells that a rerun may have to pay for; `null` when the table was never read. */
export async function cellsLeft(folder: Folder): Promise<number | null> {
  if (!(await folder.exists(OPEN_BEFORE))) return null;
  let cells = 0;
  for await (const { status } of openCells(folder, OPEN_BEFORE)) if (status !== 'empty') cells += 1;
  return cells;
}

async function newestOpenCells(folder: Folder): Promise<string | null> {
  const sweepOf = (name: string): number => Number(/^open-(\d+)\.jsonl$/.exec(name)?.[1] ?? -1);
  const names = (await folder.list('open-')).sort((a, b) => sweepOf(b) - sweepOf(a));
  return names[0] ?? null;
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
