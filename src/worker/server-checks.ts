import type { Logger } from '@temporalio/worker';
import type { TemporalLink } from '../client/connection.ts';
import { hasStatus } from '../client/grpc-status.ts';
import { ensureSearchAttributes } from '../client/search-attributes.ts';
import { RowmillError } from '../errors.ts';

const PROBE_TIMEOUT_MS = 3_000;

/** The SDK would ask for work there for ever. Without the right to look, it is left to the SDK. */
export async function requireNamespace(link: TemporalLink): Promise<void> {
  try {
    await describeNamespace(link);
  } catch (cause) {
    if (!hasStatus(cause, 'NOT_FOUND')) return;
    throw new RowmillError('temporal_unreachable', 'there is no such namespace', {
      where: `namespace ${link.namespace} at ${link.address}`,
      remedy: 'Set TEMPORAL_NAMESPACE to one that exists, or create it.',
      cause,
    });
  }
}

/** Without the right to register them, runs go on without: one unknown attribute blocks a run. */
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

/** @throws when the server does not answer, or is not connected yet */
export async function askTemporal(link: TemporalLink | null): Promise<void> {
  if (link === null) throw new Error('not connected yet');
  await describeNamespace(link);
}

const describeNamespace = ({ connection, namespace }: TemporalLink): Promise<unknown> =>
  connection.withDeadline(Date.now() + PROBE_TIMEOUT_MS, () =>
    connection.workflowService.describeNamespace({ namespace }),
  );
