import {
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/**
 * The SDK's own repetition of failed calls, but for one thing: it repeats from a timer, also when the
 * connection was closed in the meantime, and what is thrown there ends the process. By then nobody
 * waits for the answer.
 */
export const quietRetry: Interceptor = (options, nextCall) => {
  let calls = 0;
  return makeGrpcRetryInterceptor(defaultGrpcRetryOptions())(options, (again) => {
    calls += 1;
    try {
      return nextCall(again);
    } catch (error) {
      const closed = error instanceof Error && error.message === 'Channel has been shut down';
      if (calls === 1 || !closed) throw error;
      return nobodysCall;
    }
  });
};

const nothing = (): void => undefined;

// As much of a call as the repetition touches.
const nobodysCall = {
  start: nothing,
  sendMessage: nothing,
  halfClose: nothing,
  cancelWithStatus: nothing,
} as unknown as Call;
