import { setTimeout as sleep } from 'node:timers/promises';
import type { BareApi } from './api.ts';
import { bareExport } from './bare-loop.ts';

export interface NaiveJob {
  rows: readonly string[];
  columns: readonly object[];
  /** File of the results. */
  file: string;
  /** @default 5000 */
  pollEveryMs?: number;
}

export interface NaiveRun {
  tableId: string;
  rows: number;
  calls: number;
  polls: number;
}

const ROWS_PER_ADD = 50;

/**
 * Runs a table as a plain script does: create, add, run, ask every 5 s until the documentation's
 * condition holds, read everything. It has no lookup before a create, no count, no second reading
 * of `idle`, no rerun.
 */
export async function naiveRun(api: BareApi, job: NaiveJob): Promise<NaiveRun> {
  const before = api.calls;
  let polls = 0;
  // The replies' documented shapes; a script trusts them.
  const table = (await api.post('/v1/tables', {
    name: 'naive',
    kind: 'company',
    column_configs: job.columns,
  })) as { id: string };
  for (let at = 0; at < job.rows.length; at += ROWS_PER_ADD) {
    const rows = job.rows.slice(at, at + ROWS_PER_ADD).map((input) => ({ data: { input } }));
    await api.post(`/v1/tables/${table.id}/rows`, { rows });
  }
  await api.post(`/v1/tables/${table.id}/run`, {});
  for (;;) {
    await sleep(job.pollEveryMs ?? 5_000);
    polls += 1;
    const { status } = (await api.get(`/v1/tables/${table.id}`)) as {
      status: { run_status: string; num_cells_in_progress: number };
    };
    if (status.run_status === 'idle' && status.num_cells_in_progress === 0) break;
  }
  const rows = await bareExport(api, table.id, job.file);
  return { tableId: table.id, rows, calls: api.calls - before, polls };
}
