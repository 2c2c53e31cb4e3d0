import type { Folder } from '../store/store.ts';

/**
 * Cells of earlier rows whose inputs or config changed, and that were not asked for since. They lie
 * in the folder of the run that found them; the next run carries on those it did not ask for.
 */
export const OUTDATED_FILE = 'outdated-cells.jsonl';

/** Line of that file: computed columns of one row. */
export interface OutdatedRow {
  key: string;
  columns: string[];
  /** ISO times, by column, since which a pass may have asked for the cell. Left out: none did. */
  maybeAskedAt?: Record<string, string>;
}

/** Outdated columns of a row, each with the time since which a pass may have asked for it; `null`: none did. */
export type OutdatedColumns = Map<string, string | null>;

export async function* readOutdated(folder: Folder): AsyncGenerator<OutdatedRow> {
  if (!(await folder.exists(OUTDATED_FILE))) return;
  // Written by `writeOutdated` in this shape.
  for await (const line of folder.lines(OUTDATED_FILE)) yield JSON.parse(line) as OutdatedRow;
}

/** Reads that file whole: columns by row key. */
export async function outdatedCells(folder: Folder): Promise<Map<string, OutdatedColumns>> {
  const outdated = new Map<string, OutdatedColumns>();
  for await (const row of readOutdated(folder)) outdated.set(row.key, columnsOf(row));
  return outdated;
}

function columnsOf({ columns, maybeAskedAt }: OutdatedRow): OutdatedColumns {
  const asked = new Map(Object.entries(maybeAskedAt ?? {}));
  return new Map(columns.map((column) => [column, asked.get(column) ?? null]));
}

/** Adds cells that no pass has asked for since they became outdated. */
export function outdate(
  outdated: Map<string, OutdatedColumns>,
  key: string,
  columns: Iterable<string>,
): void {
  const known = outdated.get(key) ?? new Map<string, string | null>();
  for (const column of columns) known.set(column, null);
  outdated.set(key, known);
}

export async function writeOutdated(
  folder: Folder,
  rows: ReadonlyMap<string, OutdatedColumns>,
): Promise<void> {
  const draft = await folder.create(OUTDATED_FILE);
  try {
    for (const [key, columns] of rows) {
      if (columns.size === 0) continue;
      const row: OutdatedRow = { key, columns: [...columns.keys()] };
      const asked = [...columns].flatMap(([column, at]): [string, string][] =>
        at === null ? [] : [[column, at]],
      );
      if (asked.length > 0) row.maybeAskedAt = Object.fromEntries(asked);
      await draft.line(JSON.stringify(row));
    }
    await draft.commit();
  } finally {
    await draft.discard();
  }
}
