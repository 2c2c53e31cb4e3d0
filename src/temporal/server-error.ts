import {
  Connection,
  ScheduleNotFoundError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { RowmillError, type ErrorContext } from '../errors.ts';
import { failedCall, hasStatus, invalidArgument, isOutage } from './grpc-errors.ts';

/**
 * Converts an error of a call to the Temporal server; `null` for every other error. The only place
 * with the server's messages: library, commands and gateway use it.
 * @param where Address of the server, if known.
 */
export function errorOfServer(error: unknown, where: string | null = null): RowmillError | null {
  const context: ErrorContext = { where, cause: error };
  if (error instanceof NamespaceNotFoundError) return noNamespace(error.namespace, context);
  const said = error instanceof Error ? (failedCall(error)?.details ?? error.message) : '';
  const [, namespace] = NO_NAMESPACE.exec(said) ?? [];
  if (namespace !== undefined) return noNamespace(namespace, context);
  if (error instanceof ScheduleNotFoundError) {
    const schedule = `schedule ${error.scheduleId}`;
    return new RowmillError('schedule_not_found', 'there is no such schedule', {
      ...context,
      where: schedule,
    });
  }
  if (error instanceof WorkflowNotFoundError) {
    const run = `run ${error.workflowId}`;
    return new RowmillError('run_not_found', 'there is no such run', { ...context, where: run });
  }
  if (isClosed(error)) {
    return new RowmillError('usage', 'the connection to the Temporal server is closed', {
      ...context,
      remedy: 'Connect again; close it after the last call has answered.',
    });
  }
  const call = failedCall(error);
  if (call === null) return null;
  if (hasStatus(error, 'PERMISSION_DENIED', 'UNAUTHENTICATED')) return refused(context);
  if (hasStatus(error, 'UNIMPLEMENTED')) {
    return new RowmillError('temporal_unsupported', `the server does not know the call: ${said}`, {
      ...context,
    });
  }
  const refusal = invalidArgument(error);
  if (refusal !== null) {
    return new RowmillError('usage', `the Temporal server refuses the request: ${refusal}`, {
      ...context,
      remedy: TOO_LONG.test(refusal) ? 'Use a shorter id or name.' : 'Correct what it names.',
    });
  }
  if (isOutage(error)) {
    const remedy = 'Try again in a while: runs go on, and the same key or id never starts twice.';
    return new RowmillError('temporal_unreachable', outageText(call), { ...context, remedy });
  }
  return new RowmillError('temporal_unreachable', `the Temporal server refuses: ${said}`, context);
}

const NO_NAMESPACE = /^Namespace (\S+) is not found/;
const TOO_LONG = /length|too long|exceed/i;

/** gRPC statuses of a missing answer. */
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

function outageText({ code, details }: { code: number; details: string }): string {
  if (code === DEADLINE_EXCEEDED) return 'the Temporal server did not answer in time';
  if (code === RESOURCE_EXHAUSTED) return `the Temporal server takes no more for now: ${details}`;
  if (code === UNAVAILABLE) return 'the Temporal server does not answer';
  return `the Temporal server could not do it: ${details}`;
}

const noNamespace = (namespace: string, context: ErrorContext): RowmillError =>
  new RowmillError('temporal_unreachable', `the Temporal server has no namespace ${namespace}`, {
    ...context,
    remedy: 'Set TEMPORAL_NAMESPACE to one that exists, or create it.',
  });

const refused = (context: ErrorContext): RowmillError =>
  new RowmillError('temporal_unreachable', 'the Temporal server refused the credentials', {
    ...context,
    remedy: 'Check TEMPORAL_API_KEY, the TLS settings and the namespace of the profile.',
  });

/** Detects a closed connection by the gRPC library's message, which has no class for it. */
const isClosed = (error: unknown): boolean =>
  error instanceof Error &&
  [error, error.cause].some(
    (one) => one instanceof Error && /Channel has been shut down|Client closed/.test(one.message),
  );

/** Returns the address of a client's server; `null` for a connection of another type. */
const addressOf = ({ connection }: Client): string | null =>
  connection instanceof Connection ? connection.options.address : null;

/** Runs calls to the server; converts the server's errors. */
export async function withServerErrors<T>(client: Client, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw errorOfServer(error, addressOf(client)) ?? error;
  }
}

/** Iterates over results of the server; converts the server's errors. */
export async function* eachWithServerErrors<T, R>(
  client: Client,
  each: AsyncGenerator<T, R>,
): AsyncGenerator<T, R> {
  try {
    return yield* each;
  } catch (error) {
    throw errorOfServer(error, addressOf(client)) ?? error;
  }
}
