import { RowmillError } from '../../errors.ts';
import type { CallContext } from '../provider.ts';
import type { PromptLayerClient, SheetPlace } from './client.ts';

/** A page of one row, with the row count and, if requested, the columns of the sheet. */
export interface RowAtOneEnd {
  page: Awaited<ReturnType<PromptLayerClient['listRows']>>;
  /** False: the first row cannot be read, and the page has the last one. */
  isFirst: boolean;
}

/**
 * Reads a page with the first row. If that row breaks its page, reads one with the last row, which
 * has the same count and columns.
 */
export async function rowAtOneEnd(
  api: PromptLayerClient,
  sheet: SheetPlace,
  query: { include_columns: 'true' | 'false' },
  ctx: CallContext,
): Promise<RowAtOneEnd> {
  const read = (order: 'asc' | 'desc') => api.listRows(ctx, sheet, { ...query, limit: 1, order });
  try {
    return { page: await read('asc'), isFirst: true };
  } catch (error) {
    if (!mayBeCausedByRow(error)) throw error;
    const page = await read('desc').catch(() => {
      throw error;
    });
    return { page, isFirst: false };
  }
}

/** Detects a reply that a single row may have caused. */
const mayBeCausedByRow = (error: unknown): error is RowmillError =>
  error instanceof RowmillError &&
  ['provider_unavailable', 'reply_unreadable', 'request_refused'].includes(error.code);
