import type { TableRunRef } from '../../contract/table.ts';

/**
 * Maximum number of ids that are kept. They lie in the history with every step that waits for them, and
 * each is a request of its own at every poll. For more operations one request reads the status of the
 * table.
 */
const MAX_OPERATIONS = 4;

/**
 * Merges the references of all requests of a pass. With operations in each, the pass is over when
 * these are. Otherwise it keeps none, and the status of the whole table counts.
 */
export function mergeTableRunRefs(
  sent: readonly TableRunRef[],
): Pick<TableRunRef, 'operations' | 'requestedCells'> {
  const operations = sent.flatMap((one) => one.operations);
  const allKnown = sent.every((one) => one.operations.length > 0 || one.requestedCells === 0);
  return {
    operations: allKnown && operations.length <= MAX_OPERATIONS ? operations : [],
    requestedCells: sent.reduce<number | null>((total, { requestedCells }) => {
      return total === null || requestedCells === null ? null : total + requestedCells;
    }, 0),
  };
}
