import { setMaxListeners } from 'node:events';
import {
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type Client,
  type ConnectionOptions,
  type ScheduleClient,
} from '@temporalio/client';
import type { FailureConverter, LoadedDataConverter } from '@temporalio/common';

/**
 * Workarounds for the Temporal SDK, each with the version that needs it; verify again at an update.
 */

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/**
 * The SDK's own repetition of failed calls, silent once the connection is closed.
 *
 * Why: the SDK repeats from a timer, also after the connection was closed. What is thrown there ends the
 * process, and no caller waits for the answer any more.
 * Seen in @temporalio/client 1.24.0. Upstream: none found.
 */
export const retryWithoutThrowAfterClose: Interceptor = (options, nextCall) => {
  let calls = 0;
  return makeGrpcRetryInterceptor(defaultGrpcRetryOptions())(options, (again) => {
    calls += 1;
    try {
      return nextCall(again);
    } catch (error) {
      const closed = error instanceof Error && error.message === 'Channel has been shut down';
      if (calls === 1 || !closed) throw error;
      return abandonedCall;
    }
  });
};

const nothing = (): void => undefined;

// The part of a call that the retry uses.
const abandonedCall = {
  start: nothing,
  sendMessage: nothing,
  halfClose: nothing,
  cancelWithStatus: nothing,
} as unknown as Call;

/**
 * A call that ends with `over` at the latest.
 *
 * Why: a long poll left open is repeated after its connection was closed, and throws from a timer (see
 * `quietRetry`). Each call gets a signal of its own, because the SDK never removes its listeners.
 * Seen in @temporalio/client 1.24.0. Upstream: none found.
 */
export async function untilOver<T>(
  client: Client,
  over: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const cancel = (): void => controller.abort();
  if (over.aborted) cancel();
  over.addEventListener('abort', cancel, { once: true });
  try {
    return await client.withAbortSignal(controller.signal, call);
  } finally {
    over.removeEventListener('abort', cancel);
  }
}

/** State of a schedule on the server that an update is based on. */
export interface Seen {
  token: Uint8Array | null | undefined;
}

/**
 * A client whose updates of a schedule name the state that they are made of. The server then refuses
 * one made of an older state. Why: an update of the SDK leaves the conflict token out, and overwrites
 * any change in between. Seen in @temporalio/client 1.24.0. Upstream:
 * https://github.com/temporalio/sdk-typescript/issues/1967
 */
export function schedulesSeenAs({ schedule }: Client, seen: Seen): ScheduleClient {
  const { workflowService } = schedule;
  const updateSchedule = (request: object) =>
    workflowService.updateSchedule({ ...request, conflictToken: seen.token ?? null });
  const service = Object.create(workflowService, {
    updateSchedule: { value: updateSchedule },
  }) as object;
  // Safe cast: same prototype, only this property replaced.
  return Object.create(schedule, { workflowService: { value: service } }) as ScheduleClient;
}

/**
 * Gives a worker a failure converter.
 *
 * Why: the SDK takes one by the path of a module only, which it loads by `require`.
 * Seen in @temporalio/worker 1.24.0. Upstream: none found.
 */
export function setFailureConverter(
  worker: { readonly options: { readonly loadedDataConverter: LoadedDataConverter } },
  converter: FailureConverter,
): void {
  worker.options.loadedDataConverter.failureConverter = converter;
}
