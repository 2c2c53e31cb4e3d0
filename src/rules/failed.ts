import type { RunProgress } from '../contract/run.ts';
import { formatInteger } from './whole.ts';

/**
 * Text with the number of failed cells. A provider that does not count them leaves it to the last
 * look at the table, which a pass under way has overtaken; `null` before there was any.
 */
export function failedText({ cells, byColumn }: Pick<RunProgress, 'cells' | 'byColumn'>) {
  if (cells.failed !== null) return formatInteger(cells.failed);
  const columns = Object.values(byColumn);
  if (columns.length === 0) return null;
  return `${formatInteger(columns.reduce((sum, { failed }) => sum + failed, 0))} at the last look`;
}
