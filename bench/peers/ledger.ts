import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerSummary } from '../../sandbox/engine/ledger-report.ts';
import { bareApi } from '../naive/api.ts';
import { TOKEN } from '../site/site.ts';

const LOOK_EVERY_MS = 100;

/** Reads the sandbox's ledger, which counts no such request. */
export async function readLedger(apiUrl: string): Promise<LedgerSummary> {
  // The route's own shape.
  return (await bareApi(apiUrl, TOKEN).get('/_sandbox/ledger')) as LedgerSummary;
}

/** Number of requests of one route. */
export const requestsOf = ({ requests }: LedgerSummary, route: string): number =>
  Object.values(requests.byRoute[route] ?? {}).reduce((sum, count) => sum + count, 0);

export const PAGES = 'GET /v1/tables/:table_id/data';
export const READINGS = 'GET /v1/tables/:table_id';

/**
 * Watches when the last cell ends, and when its end is noticed: a page of results is requested. Returns
 * the time between both, s; `null` if no page was requested after it.
 */
export function watchEnd(apiUrl: string): { lateS: () => Promise<number | null> } {
  const stop = new AbortController();
  let ended = 0;
  let endedAtMs = 0;
  let pages = 0;
  let noticedAtMs: number | null = null;
  const look = async (): Promise<void> => {
    const ledger = await readLedger(apiUrl);
    const cells = ledger.cellsDone + ledger.cellsFailed;
    const pagesNow = requestsOf(ledger, PAGES);
    if (cells > ended) [ended, endedAtMs, noticedAtMs] = [cells, performance.now(), null];
    else if (ended > 0 && pagesNow > pages) noticedAtMs ??= performance.now();
    pages = pagesNow;
  };
  const watching = (async () => {
    while (!stop.signal.aborted) {
      await look();
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    lateS: async () => {
      stop.abort();
      await watching;
      return noticedAtMs === null ? null : (noticedAtMs - endedAtMs) / 1_000;
    },
  };
}
