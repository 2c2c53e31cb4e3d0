import type { TableRef } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { Folder } from '../../src/store/store.ts';
import { RowIndex } from '../run-files/snapshot.ts';
import { PageReader, type ReadPage } from './page-reader.ts';
import { PageSequenceCheck } from './page-sequence.ts';
import { retryRead } from '../runtime/retry-read.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';

/** Rows of the snapshot found in a table, read page by page. */
export interface TableRowCheck {
  /** Row id by key: the first row of each key. */
  present: Map<string, string>;
  /** Second rows of a key: a request was committed twice. */
  duplicates: string[];
  /** Rows without a key of the snapshot. */
  unknown: number;
  /** Number of those without any key. */
  keyless: number;
  /** Number of rows that no page could show; 0 unless `skips` was asked for. */
  unreadable: number;
}

const MAX_CHECKS = 3;

interface RowCheckOptions {
  /** Pass over rows that no page can show. @default false */
  skips?: boolean;
  /** Number of rows in the table, for pages without a total. */
  rows?: number;
}

/** Keys by row id, in the order of the rows; `null`: foreign, `undefined`: none. */
type Keys = Map<string, string | null | undefined>;

/**
 * Reads the rows of a table. Starts again if rows are missing or the table changed meanwhile.
 * The last check accepts a table that still changes, but no missing row: it would be added again.
 */
export async function checkTableRows<D>(
  provider: Provider,
  table: TableRef,
  folder: Folder,
  attempt: ActivityAttempt<D>,
  { skips = false, rows: expected = NaN }: RowCheckOptions = {},
): Promise<TableRowCheck> {
  const pages = new PageReader(provider, table, attempt, { skips });
  const everSeen: Keys = new Map();
  for (let checks = 1; ; checks += 1) {
    const asItComes = checks >= MAX_CHECKS;
    const rowIndex = new RowIndex(folder);
    try {
      return await checkOnce(pages, table, rowIndex, { asItComes, everSeen, expected });
    } catch (error) {
      const unstable = error instanceof RowmillError && error.code === 'pages_unstable';
      if (!unstable || asItComes) throw error;
    } finally {
      await rowIndex.close();
    }
  }
}

/** @param everSeen Rows of the walks before; those of this one are added. */
async function checkOnce(
  pages: PageReader,
  table: TableRef,
  rowIndex: RowIndex,
  { asItComes, everSeen, expected }: { asItComes: boolean; everSeen: Keys; expected: number },
): Promise<TableRowCheck> {
  const walk = new PageSequenceCheck({ where: `table ${table.id}`, ignoreVersion: asItComes });
  // Pages of a table that still grows may repeat a row: that is not a second row.
  const seen: Keys = new Map();
  let total: number | null = null;
  let unreadable = 0;
  let cursor: string | null = null;
  do {
    const at: string | null = cursor;
    const page: ReadPage = await pages.read(at);
    walk.check(page);
    // Where the number is not known, the total has to say it.
    unreadable += page.skipped === undefined ? 0 : (page.skipped.rows ?? Infinity);
    const ours = await rowIndex.of(page.rows.map(({ key }) => key));
    for (const [position, { id, key }] of page.rows.entries()) {
      const known = key === null ? undefined : ours[position] === undefined ? null : key;
      seen.set(id, known);
      everSeen.set(id, known);
    }
    ({ next: cursor, total } = page);
  } while (cursor !== null);
  if (unreadable > 0) {
    const rows = total ?? expected;
    const hidden = rows - seen.size;
    if (hidden > 0 && hidden <= unreadable) return checkOf(seen, hidden);
    throw incomplete(table, seen.size, rows);
  }
  if (total === null || seen.size === total || (asItComes && seen.size > total)) {
    return checkOf(seen);
  }
  // Rows that one pass over the pages missed were in another; which row of a key came first is unknown.
  const check = checkOf(everSeen);
  if (everSeen.size === total && check.duplicates.length === 0) return check;
  throw incomplete(table, seen.size, total);
}

const incomplete = (table: TableRef, came: number, rows: number): RowmillError =>
  new RowmillError('pages_unstable', `${came} rows came, the table has ${rows}`, {
    where: `table ${table.id}`,
  });

function checkOf(keys: Keys, unreadable = 0): TableRowCheck {
  const present = new Map<string, string>();
  const check: TableRowCheck = { present, duplicates: [], unknown: 0, keyless: 0, unreadable };
  for (const [id, key] of keys) {
    if (key == null) check.unknown += 1;
    if (key === undefined) check.keyless += 1;
    else if (key === null) continue;
    else if (check.present.has(key)) check.duplicates.push(id);
    else check.present.set(key, id);
  }
  return check;
}

/** Rows the table says it has. */
export const rowCount = <D>(
  provider: Provider,
  table: TableRef,
  attempt: ActivityAttempt<D>,
): Promise<number> => retryRead(attempt, () => provider.rowCount(table, attempt.ctx));

/** Time between two equal counts after which a late commit is unlikely. */
const STABLE_CHECK_EVERY_MS = 1_500;
const MAX_STABLE_CHECKS = 8;

/** The number of rows once it no longer changes. */
export async function stableRowCount<D>(
  provider: Provider,
  table: TableRef,
  attempt: ActivityAttempt<D>,
): Promise<number> {
  let rows = await rowCount(provider, table, attempt);
  for (let read = 0; read < MAX_STABLE_CHECKS; read += 1) {
    await attempt.waitForLateCommit(STABLE_CHECK_EVERY_MS);
    const now = await rowCount(provider, table, attempt);
    if (now === rows) return rows;
    rows = now;
  }
  return rows;
}
