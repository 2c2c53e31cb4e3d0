import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COLUMNS } from '../cases.ts';
import type { BareApi } from '../naive/api.ts';

export type PlainActivities = ReturnType<typeof plainActivities>;

/** Calls of the API as they are documented. A page is a file of its own: a retry writes it again. */
export const plainActivities = (api: BareApi, folder: string) => ({
  async createTable(): Promise<string> {
    const table = { name: 'plain', kind: 'company', column_configs: COLUMNS };
    // The replies' documented shapes, here and below; a script trusts them.
    return ((await api.post('/v1/tables', table)) as { id: string }).id;
  },

  async addRows(tableId: string, names: readonly string[]): Promise<void> {
    const rows = names.map((input) => ({ data: { input } }));
    await api.post(`/v1/tables/${tableId}/rows`, { rows });
  },

  async startRun(tableId: string): Promise<void> {
    await api.post(`/v1/tables/${tableId}/run`, {});
  },

  async isIdle(tableId: string): Promise<boolean> {
    const { status } = (await api.get(`/v1/tables/${tableId}`)) as {
      status: { run_status: string; num_cells_in_progress: number };
    };
    return status.run_status === 'idle' && status.num_cells_in_progress === 0;
  },

  async savePage(tableId: string, offset: number, limit: number): Promise<number> {
    const path = `/v1/tables/${tableId}/data?offset=${offset}&limit=${limit}`;
    const { rows } = (await api.get(path)) as { rows: unknown[] };
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    await writeFile(join(folder, `page-${String(offset).padStart(8, '0')}.jsonl`), text);
    return rows.length;
  },
});
