import { RowmillError } from '../../src/errors.ts';
import type { Page, TableRow } from '../../src/providers/provider.ts';
import { nextProbe, pagesOf, type Narrowing } from '../../src/rules/narrowing.ts';
import { isOfThePage } from './page-size.ts';

/** Pages read at most to find one row: a place that has no larger divisors takes one page a row. */
const MAX_PAGES = 1_000;

export interface Narrowed {
  /** Rows before the broken one on the page that could not be read. */
  rows: TableRow[];
  /** Rows from the start of the walk up to there. */
  reached: number;
  /** The smallest page that could not be read; `null`: the table ends before it. */
  failed: AskedPage | null;
}

export interface AskedPage {
  cursor: string | null;
  size: number;
}

type Asked = { page: AskedPage } & Pick<Narrowing, 'low' | 'hint' | 'enough'>;

/** @param known The rows could be read before: what fails is not one of them */
type ReadPage = (cursor: string | null, size: number, known: boolean) => Promise<Page>;

/**
 * Finds the first row of a page that cannot be read, by walks with pages of other sizes. Each walk
 * begins at the start, since a cursor is refused with another size than its own.
 *
 * @param start First cursor of the walk
 * @throws RowmillError where rows fail that could be read before: the API is down
 */
export async function narrowPage(
  read: ReadPage,
  start: string | null,
  { page: asked, low: from, ...known }: Asked,
): Promise<Narrowed> {
  const most = asked.size;
  const rows = new Map<string, TableRow>();
  let low = from;
  let high = from + asked.size;
  let failed = asked;
  let pages = 0;
  for (;;) {
    const probe = nextProbe({ low, high, most, ...known });
    if (probe === null || pages + pagesOf(probe) > MAX_PAGES) break;
    const { size } = probe;
    let cursor = start;
    for (let at = 0; at < probe.at; at += size) {
      pages += 1;
      const known = at + size <= low;
      const page = await orFailure(() => read(cursor, size, known));
      if (page instanceof RowmillError) {
        if (known) throw page;
        failed = { cursor, size };
        high = Math.min(high, at + size);
        break;
      }
      if (at + size > from) for (const row of page.rows) rows.set(row.id, row);
      low = Math.max(low, at + size);
      cursor = page.next;
      if (cursor === null) return { rows: [...rows.values()], reached: low, failed: null };
    }
  }
  return { rows: [...rows.values()], reached: low, failed };
}

async function orFailure(page: () => Promise<Page>): Promise<Page | RowmillError> {
  try {
    return await page();
  } catch (error) {
    // A cursor that is refused in a walk of its own is no matter of its size: the page is.
    const isUnstable = error instanceof RowmillError && error.code === 'pages_unstable';
    if (error instanceof RowmillError && (isUnstable || isOfThePage(error.code))) return error;
    throw error;
  }
}
