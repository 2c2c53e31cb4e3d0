import type { TableRef } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Page, Provider } from '../../src/providers/provider.ts';
import type { Folder } from '../../src/store/store.ts';
import { RowIndex } from '../run-files/snapshot.ts';
import { PageReader, PageSequenceCheck } from './page-reader.ts';
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
}

const MAX_CHECKS = 3;

/** Keys by row id, in the order of the rows; `null`: foreign, `undefined`: none. */
type Keys = Map<string, string | null | undefined>;

/**
 * Again from the start when rows are missing, or the table changed meanwhile. The last time as it comes, unless
 * rows are missing still: to take one that is there for missing would add it again.
 */
export async function checkTableRows<D>(
  provider: Provider,
  table: TableRef,
  folder: Folder,
  attempt: ActivityAttempt<D>,
): Promise<TableRowCheck> {
  const pages = new PageReader(provider, table, attempt);
  const everSeen: Keys = new Map();
  for (let checks = 1; ; checks += 1) {
    const asItComes = checks >= MAX_CHECKS;
    const rowIndex = new RowIndex(folder);
    try {
      return await checkOnce(pages, table, rowIndex, { asItComes, everSeen });
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
  { asItComes, everSeen }: { asItComes: boolean; everSeen: Keys },
): Promise<TableRowCheck> {
  const walk = new PageSequenceCheck({ where: `table ${table.id}`, ignoreVersion: asItComes });
  // Pages of a table that still grows may repeat a row: that is not a second row.
  const seen: Keys = new Map();
  let total: number | null = null;
  let cursor: string | null = null;
  do {
    const at: string | null = cursor;
    const page: Page = await pages.read(at);
    walk.check(page);
    const ours = await rowIndex.of(page.rows.map(({ key }) => key));
    for (const [position, { id, key }] of page.rows.entries()) {
      const known = key === null ? undefined : ours[position] === undefined ? null : key;
      seen.set(id, known);
      everSeen.set(id, known);
    }
    ({ next: cursor, total } = page);
  } while (cursor !== null);
  if (total === null || seen.size === total || (asItComes && seen.size > total)) {
    return checkOf(seen);
  }
  // Rows that one pass over the pages missed were in another; which row of a key came first is unknown.
  const check = checkOf(everSeen);
  if (everSeen.size === total && check.duplicates.length === 0) return check;
  throw new RowmillError('pages_unstable', `${seen.size} rows came, the table has ${total}`, {
    where: `table ${table.id}`,
  });
}

function checkOf(keys: Keys): TableRowCheck {
  const check: TableRowCheck = { present: new Map(), duplicates: [], unknown: 0, keyless: 0 };
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
