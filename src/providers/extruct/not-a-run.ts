import type { TableRef } from '../../contract/table.ts';
import { RowmillError } from '../../errors.ts';
import type { Sanitize } from '../../http/sanitize.ts';

/**
 * Error for a success reply with an error and no run, as a busy service may send. Only a lack of
 * credits means that nothing was queued; otherwise only the table shows it.
 */
export function notARun({ id }: TableRef, said: unknown, quote: Sanitize): RowmillError {
  const where = `POST /v1/tables/${id}/run`;
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  if (text.includes('insufficient_credits')) {
    return new RowmillError('insufficient_credits', 'the run was not taken', { where });
  }
  return new RowmillError('reply_unreadable', `answered without a run: ${quote(text)}`, {
    where,
    ambiguous: true,
  });
}
