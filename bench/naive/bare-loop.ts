import { open } from 'node:fs/promises';
import type { BareApi } from './api.ts';

const ROWS_PER_PAGE = 100;

/** Fetches a page, parses it and writes its rows, until a page is short: the comparison for R8. */
export async function bareExport(api: BareApi, tableId: string, file: string): Promise<number> {
  const out = await open(file, 'w');
  let rows = 0;
  try {
    for (;;) {
      const path = `/v1/tables/${tableId}/data?offset=${rows}&limit=${ROWS_PER_PAGE}`;
      // The reply's documented shape; a script trusts it.
      const page = (await api.get(path)) as { rows: unknown[] };
      await out.write(page.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      rows += page.rows.length;
      if (page.rows.length < ROWS_PER_PAGE) return rows;
    }
  } finally {
    await out.close();
  }
}
