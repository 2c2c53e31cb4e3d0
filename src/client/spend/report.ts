import type { SpendBy, SpendReport } from '../../contract/spend.ts';
import { RowmillError } from '../../errors.ts';
import { DURATION_ALLOWED, parseDuration } from '../../rules/duration.ts';
import { spendReport } from '../../rules/spend/spend-report.ts';
import { readLedger } from '../../store/ledger.ts';
import type { Store } from '../../store/store.ts';

export interface SpendOptions {
  /** Grouping of the sums; days are of UTC. @default day */
  by?: SpendBy | undefined;
  /** Passes of the last `30d`, or since a time. @default everything in the store */
  since?: string | Date | undefined;
  /** Owner whose runs count. @default those of all owners */
  owner?: string | undefined;
}

/**
 * Sums the ledger of a store.
 * @throws RowmillError `usage` for a span that is no duration, `store_unreadable`
 */
export async function readSpend(
  store: Store,
  { by = 'day', since, owner }: SpendOptions,
  nowMs = Date.now(),
): Promise<SpendReport> {
  const sinceMs = since === undefined ? null : timeOf(since, nowMs);
  const lines = await readLedger(store, sinceMs, nowMs);
  const seen = owner === undefined ? lines : lines.filter((line) => line.owner === owner);
  return spendReport(seen, by, sinceMs === null ? null : new Date(sinceMs).toISOString());
}

function timeOf(since: string | Date, nowMs: number): number {
  if (typeof since !== 'string') return since.getTime();
  const spanMs = parseDuration(since);
  if (spanMs !== null) return nowMs - spanMs;
  throw new RowmillError('usage', `"${since.slice(0, 40)}" is no span of time`, {
    where: 'since',
    remedy: `Give ${DURATION_ALLOWED}.`,
  });
}
