import { proxyActivities, sleep } from '@temporalio/workflow';
import type { PlainActivities } from './activities.ts';

/** One activity a call of the API, with the time-out and the retries of Temporal's samples. */
const api = proxyActivities<PlainActivities>({ startToCloseTimeout: '1 minute' });

const ROWS_PER_ADD = 50;
const ROWS_PER_PAGE = 100;

/** A plain Temporal workflow: make the table, add the rows, run them, poll every 5 s, read the pages. */
export async function enrichPlainly(names: readonly string[]): Promise<number> {
  const tableId = await api.createTable();
  for (let at = 0; at < names.length; at += ROWS_PER_ADD) {
    await api.addRows(tableId, names.slice(at, at + ROWS_PER_ADD));
  }
  await api.startRun(tableId);
  do await sleep('5s');
  while (!(await api.isIdle(tableId)));
  for (let rows = 0; ;) {
    const came = await api.savePage(tableId, rows, ROWS_PER_PAGE);
    rows += came;
    if (came < ROWS_PER_PAGE) return rows;
  }
}
