import type { Logger } from '@temporalio/worker';
import { describeNamespace, type TemporalLink } from '../temporal/connection.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { RowmillError } from '../errors.ts';

/**
 * Registers the search attributes. Without the right to, runs omit them: one unregistered attribute
 * blocks a run.
 */
export async function registerSearchAttributes(
  link: TemporalLink,
  logger: Logger,
): Promise<boolean> {
  try {
    await ensureSearchAttributes(link.connection, link.namespace);
    return true;
  } catch (error) {
    const known = error instanceof RowmillError;
    const why = known ? `${error.message}. ${error.remedy}` : String(error);
    logger.warn(`runs will have no search attributes: ${why}`);
    return false;
  }
}

/**
 * Checks the connection. @throws an error if the server does not answer, or is not connected yet
 */
export async function askTemporal(link: TemporalLink | null): Promise<void> {
  if (link === null) throw new Error('not connected yet');
  await describeNamespace(link);
}
