import { readPipeline } from './run-files/origin.ts';
import type { AskedCells } from '../src/contract/ask-reasons.ts';
import { RUN_FILE } from '../src/contract/names.ts';
import type { Pipeline } from '../src/contract/pipeline.ts';
import type { NightOptions } from '../src/contract/run.ts';
import type { SnapshotRef } from '../src/contract/rows.ts';
import { columnChanges, keyedColumns } from '../src/nights/column-changes.ts';
import { compareRows, type SnapshotFile } from '../src/nights/compare-rows.ts';
import {
  readLastingTable,
  refuseOtherSource,
  refuseOtherTable,
  sourceFile,
  writeLastingTable,
  type LastingTable,
} from '../src/nights/lasting-table.ts';
import { estimateDue } from '../src/nights/due-estimate.ts';
import { readersOf, unitsOfDue } from '../src/nights/night-plan.ts';
import {
  NIGHT_FILE,
  readNight,
  rowChanges,
  type Night,
  type RowChangeLine,
} from '../src/nights/night.ts';
import {
  outdate,
  outdatedCells,
  writeOutdated,
  type OutdatedColumns,
} from '../src/nights/outdated-cells.ts';
import { isRequested } from '../src/providers/catalog.ts';
import { refreshRules } from '../src/rules/nights/due-cells.ts';
import { columnsReading } from '../src/rules/nights/inputs.ts';
import type { Draft, Folder, RunKey } from '../src/store/store.ts';
import { carriedOver } from './nights/carried-over.ts';
import { copyLines } from './results/summary/previous-run.ts';
import { snapshotOf } from './run-files/frozen-rows.ts';
import { snapshotKey } from './run-files/snapshot.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { activity } from './runtime/activity.ts';

export interface OpenNightInput {
  run: RunKey;
  /** Owner of the run; `null`: none. */
  owner: string | null;
  pipeline: string;
  /** Options of the run beside what is due. */
  options: NightOptions;
}

export interface OpenedNight extends Night {
  /** Rows that the table should have tonight: those of the source, and vanished ones that stay. */
  snapshot: SnapshotRef;
  /** Run that makes or made the table, which carries its tag. */
  origin: RunKey;
  /** Table of the earlier runs; `null`: there is none. */
  tableId: string | null;
  /** Cells that are due, by the results that were published last. */
  due: AskedCells;
  /** Their price, in units of `spend.creditsPerCell`. */
  units: number;
}

/**
 * Compares the rows of a run on a lasting table with those of the last run, and makes this run the
 * table's last one. Only the run with the table's lease may. Its files say the same when it is
 * repeated, whatever became of an attempt.
 */
export const openNight = activity<OpenNightInput, OpenedNight>(async (input, _attempt, deps) => {
  const folder = deps.store.run(input.run);
  const before = await stateBefore(deps, input, folder);
  const known = await readNight(folder);
  const pipeline = await readPipeline(folder);
  if (before !== null) refuseOtherTable(pipeline, before);
  const night = known ?? (await compareWithLast(deps, input, pipeline, before, folder));
  await takeOver(deps, input, pipeline, before, night);
  return {
    ...night,
    snapshot: await snapshotOf(folder),
    origin: before?.origin ?? input.run,
    tableId: before?.table?.id ?? null,
    ...(await estimate(deps, pipeline, before, night, folder)),
  };
});

/** Estimates what the night will ask for, before anything is asked. */
async function estimate(
  { providers, store }: ActivityDeps,
  { provider, table, refresh, run }: Pipeline,
  before: LastingTable | null,
  night: Night,
  folder: Folder,
): Promise<Pick<OpenedNight, 'due' | 'units'>> {
  const plan = providers.spec(provider).plan(table);
  const vanished = new Set<string>();
  for await (const { key, change } of rowChanges(folder)) {
    if (change === 'vanished') vanished.add(key);
  }
  const outdated = await outdatedCells(folder);
  let rows = 0;
  for await (const line of folder.lines(NIGHT_FILE.source)) rows += line === '' ? 0 : 1;
  const published = night.first ? null : (before?.published ?? null);
  const results = published === null ? null : store.run(published);
  const hasResults = results !== null && (await results.exists(RUN_FILE.results));
  const { due } = await estimateDue({
    results: hasResults ? { folder: results, name: RUN_FILE.results } : null,
    rows,
    columns: plan.filter(isRequested).map(({ key }) => key),
    newColumns: new Set(night.columnsNew),
    isOutdated: (key, column) => outdated.get(key)?.has(column) === true,
    vanished: (key) => vanished.has(key),
    rules: refreshRules(refresh, night.full || run.mode === 'all'),
    nowMs: Date.parse(night.openedAt),
    publishedAtMs: published === null ? null : Date.parse(published.at),
  });
  return { due, units: unitsOfDue(due, plan) };
}

/** Reads the state as it was before this run, however often the run has begun. */
async function stateBefore(
  { store }: ActivityDeps,
  { pipeline, owner, options }: OpenNightInput,
  folder: Folder,
): Promise<LastingTable | null> {
  if (!(await folder.exists(NIGHT_FILE.before))) {
    // The operator starts a new table: the one before is no longer used, and stays at the provider.
    const isNew = options.newTable === true;
    const state = isNew ? null : await readLastingTable(store, { pipeline, owner });
    await folder.writeJson(NIGHT_FILE.before, { state });
  }
  // Written above.
  return ((await folder.readJson(NIGHT_FILE.before)) as { state: LastingTable | null }).state;
}

async function compareWithLast(
  deps: ActivityDeps,
  { options }: OpenNightInput,
  pipeline: Pipeline,
  before: LastingTable | null,
  folder: Folder,
): Promise<Night> {
  if (!(await folder.exists(NIGHT_FILE.source))) {
    await copyLines(folder, RUN_FILE.rows, folder, NIGHT_FILE.source);
  }
  const plan = deps.providers.spec(pipeline.provider).plan(pipeline.table);
  const keepsVanished = pipeline.refresh?.vanished !== 'drop';
  const hasTable = before !== null && before.table !== null;
  const last = hasTable ? deps.store.run(before.last) : null;
  const lastRows: SnapshotFile | null =
    last !== null && (await last.exists(RUN_FILE.rows))
      ? { folder: last, name: RUN_FILE.rows }
      : null;
  const is = keyedColumns(pipeline.table.columns, plan);
  const columns = columnChanges(hasTable ? before.columns : is, is);
  const outdated = await carriedOver(deps, before, last);
  // A column that left the file stays in the table, and may return to the file.
  const left = hasTable
    ? before.columns.filter(({ key }) => columns.columnsLeft.includes(key))
    : [];
  const readers = deps.providers.spec(pipeline.provider).plan({
    ...pipeline.table,
    columns: [...pipeline.table.columns, ...left.map(({ config }) => config)],
  });
  const reworded =
    options.apply === true ? readersOf(readers, columns.columnsChanged) : new Set<string>();
  const counts = { rowsNew: 0, rowsChanged: 0, rowsVanished: 0 };
  const rows = await folder.create(RUN_FILE.rows);
  const changes = await folder.create(NIGHT_FILE.rows);
  const note = (line: RowChangeLine): Promise<void> => changes.line(JSON.stringify(line));
  try {
    const sourceRows = await copyInto(rows, folder, NIGHT_FILE.source);
    for await (const found of compareRows(lastRows, { folder, name: NIGHT_FILE.source })) {
      const { key } = found;
      switch (found.change) {
        case 'new':
          counts.rowsNew += 1;
          await note({ key, change: 'new' });
          break;
        case 'changed': {
          if (found.inputs.length === 0) break;
          counts.rowsChanged += 1;
          await note({ key, change: 'changed', inputs: found.inputs });
          outdate(outdated, key, columnsReading(readers, new Set(found.inputs)));
          break;
        }
        case 'vanished':
          counts.rowsVanished += 1;
          await note({ key, change: 'vanished' });
          if (keepsVanished) await rows.line(JSON.stringify({ ...found.row, vanished: true }));
      }
    }
    const says = options.apply === true || options.newTable === true;
    if (before !== null && !says)
      refuseOtherSource(pipeline, before, { rows: sourceRows, ...counts });
    if (reworded.size > 0 && lastRows !== null) await addToAll(lastRows, reworded, outdated);
    await writeOutdated(folder, outdated);
    await changes.commit();
    await rows.commit();
  } finally {
    await changes.discard();
    await rows.discard();
  }
  const night: Night = {
    openedAt: new Date((deps.now ?? Date.now)()).toISOString(),
    first: !hasTable,
    full: options.full === true,
    applies: options.apply === true,
    ...counts,
    ...columns,
  };
  await folder.writeJson(NIGHT_FILE.night, night);
  return night;
}

/** Makes this run the table's last one; the next run compares its rows with those of this one. */
async function takeOver(
  { store, providers }: ActivityDeps,
  { run, owner, pipeline: name }: OpenNightInput,
  pipeline: Pipeline,
  before: LastingTable | null,
  { openedAt, columnsNew, first }: Night,
): Promise<void> {
  const { workflowId, firstRunId } = run;
  const { provider, table, rows } = pipeline;
  const is = keyedColumns(table.columns, providers.spec(provider).plan(table));
  const known = first ? is : (before?.columns ?? is);
  const added = is.filter(({ key, input }) =>
    input ? !known.some((column) => column.key === key) : columnsNew.includes(key),
  );
  await writeLastingTable(
    store,
    { pipeline: name, owner },
    {
      provider,
      kind: table.kind ?? null,
      keyColumn: rows.key,
      source: sourceFile(pipeline),
      origin: before?.origin ?? { workflowId, firstRunId },
      table: before?.table ?? null,
      // Columns whose config changed keep the earlier one until it is applied.
      columns: [...known, ...added],
      last: { workflowId, firstRunId, openedAt },
      published: before?.published ?? null,
    },
  );
}

/** A changed column is outdated in every row of the last run. */
async function addToAll(
  { folder, name }: SnapshotFile,
  columns: ReadonlySet<string>,
  outdated: Map<string, OutdatedColumns>,
): Promise<void> {
  for await (const line of folder.lines(name)) {
    outdate(outdated, snapshotKey(line, folder), columns);
  }
}

/** Returns the number of lines. */
async function copyInto(draft: Draft, folder: Folder, name: string): Promise<number> {
  let lines = 0;
  for await (const line of folder.lines(name)) {
    await draft.line(line);
    lines += 1;
  }
  return lines;
}
