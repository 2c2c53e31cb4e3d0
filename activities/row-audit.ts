import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Page, Provider } from '../src/providers/provider.ts';
import type { Folder } from '../src/store/store.ts';
import { Ordinals } from './ordinals.ts';
import { PageReader } from './page-reader.ts';
import { PageWalk } from './page-walk.ts';
import { readPatiently } from './reading.ts';
import type { Step } from './step.ts';

/** Which of our rows a table holds, read page by page. */
export interface RowAudit {
  /** Row id by key: the first row of each key. */
  present: Map<string, string>;
  /** Later rows of a key that is there already: a request landed twice. */
  surplus: string[];
  /** Rows without a key of the snapshot: somebody else's. */
  foreign: number;
  /** Of those, rows without any key. */
  keyless: number;
}

const AUDITS_AT_MOST = 3;

/** Keys by row id, in the order the rows came; `null`: not ours, `undefined`: none at all. */
type Keys = Map<string, string | null | undefined>;

/**
 * Again from the start when rows are missing, or the table changed meanwhile. The last time as it comes, unless
 * rows are missing still: to take one that is there for missing would add it again.
 */
export async function auditRows<D>(
  provider: Provider,
  table: TableRef,
  folder: Folder,
  step: Step<D>,
): Promise<RowAudit> {
  const pages = new PageReader(provider, table, step);
  const everSeen: Keys = new Map();
  for (let audits = 1; ; audits += 1) {
    const asItComes = audits >= AUDITS_AT_MOST;
    const ordinals = new Ordinals(folder);
    try {
      return await auditOnce(pages, table, ordinals, { asItComes, everSeen });
    } catch (error) {
      const unstable = error instanceof RowmillError && error.code === 'pages_unstable';
      if (!unstable || asItComes) throw error;
    } finally {
      await ordinals.close();
    }
  }
}

/** @param everSeen Rows of the walks before; those of this one are added. */
async function auditOnce(
  pages: PageReader,
  table: TableRef,
  ordinals: Ordinals,
  { asItComes, everSeen }: { asItComes: boolean; everSeen: Keys },
): Promise<RowAudit> {
  const walk = new PageWalk({ where: `table ${table.id}`, anyVersion: asItComes });
  // Pages of a table that still grows may repeat a row: that is not a second row.
  const seen: Keys = new Map();
  let total: number | null = null;
  let cursor: string | null = null;
  do {
    const at: string | null = cursor;
    const page: Page = await pages.read(at);
    walk.follow(page);
    const ours = await ordinals.of(page.rows.map(({ key }) => key));
    for (const [position, { id, key }] of page.rows.entries()) {
      const known = key === null ? undefined : ours[position] === undefined ? null : key;
      seen.set(id, known);
      everSeen.set(id, known);
    }
    ({ next: cursor, total } = page);
  } while (cursor !== null);
  if (total === null || seen.size === total || (asItComes && seen.size > total)) {
    return auditOf(seen);
  }
  // What one walk has missed another has seen. Which row of a key came first they cannot tell.
  const audit = auditOf(everSeen);
  if (everSeen.size === total && audit.surplus.length === 0) return audit;
  throw new RowmillError('pages_unstable', `${seen.size} rows came, the table has ${total}`, {
    where: `table ${table.id}`,
  });
}

function auditOf(keys: Keys): RowAudit {
  const audit: RowAudit = { present: new Map(), surplus: [], foreign: 0, keyless: 0 };
  for (const [id, key] of keys) {
    if (key == null) audit.foreign += 1;
    if (key === undefined) audit.keyless += 1;
    else if (key === null) continue;
    else if (audit.present.has(key)) audit.surplus.push(id);
    else audit.present.set(key, id);
  }
  return audit;
}

/** Rows the table says it has. */
export const rowCount = <D>(provider: Provider, table: TableRef, step: Step<D>): Promise<number> =>
  readPatiently(step, () => provider.rowCount(table, step.ctx));

/** Two equal counts so far apart: a late request has landed, or will hardly land any more. */
const SETTLE_EVERY_MS = 1_500;
const SETTLE_READS = 8;

/** The number of rows once it no longer changes. */
export async function settledRowCount<D>(
  provider: Provider,
  table: TableRef,
  step: Step<D>,
): Promise<number> {
  let rows = await rowCount(provider, table, step);
  for (let read = 0; read < SETTLE_READS; read += 1) {
    await step.settle(SETTLE_EVERY_MS);
    const now = await rowCount(provider, table, step);
    if (now === rows) return rows;
    rows = now;
  }
  return rows;
}
