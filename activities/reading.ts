import { RowmillError } from '../src/errors.ts';
import type { CallContext } from '../src/providers/provider.ts';
import { troubleOf } from '../src/rules/trouble.ts';
import { RefusedRead } from './refused-read.ts';
import type { Step } from './step.ts';

/** Failed tries of one request before the attempt is given up and Temporal starts another. */
const TRIES = 5;
const PAUSE_MS = 1_000;
/** Asked to wait longer than this, the attempt ends: Temporal waits without holding a slot. */
const PATIENCE_MS = 60_000;

type Sleeper = Pick<Step<unknown>, 'sleep'>;

/**
 * Reads until it works. A read changes nothing: a hiccup of the API must not throw away what an
 * attempt has found out so far, nor must one odd refusal. Lasting trouble is Temporal's.
 *
 * @param triesFor How often at most; `null`: as usual
 * @throws RefusedRead for a refusal that was repeated at each try
 */
export async function readPatiently<R>(
  step: Sleeper,
  read: () => Promise<R>,
  triesFor: (error: RowmillError) => number | null = () => null,
): Promise<R> {
  try {
    return await repeated(
      step,
      read,
      (error) => error.retryable || isRefusal(error),
      (error) => triesFor(error) ?? TRIES,
    );
  } catch (error) {
    throw error instanceof RowmillError && isRefusal(error) ? new RefusedRead(error) : error;
  }
}

const isRefusal = ({ code }: RowmillError): boolean => troubleOf(code) === 'refusal';

/**
 * Sends until it is carried out, or may have been. What is known not to have been (429, no connection)
 * is sent again; an ambiguous error goes to the caller, who knows where to look.
 */
export const sendPatiently = <R>(step: Sleeper, send: () => Promise<R>): Promise<R> =>
  repeated(step, send, ({ retryable, ambiguous }) => retryable && !ambiguous);

/** The context for provider methods of several requests: each of them is repeated by itself. */
export const withPatience = (step: Sleeper & Pick<Step<unknown>, 'ctx'>): CallContext => ({
  ...step.ctx,
  repeatRead: (read) => readPatiently(step, read),
  repeatUnsent: (send) => sendPatiently(step, send),
});

async function repeated<R>(
  step: Sleeper,
  request: () => Promise<R>,
  mayRepeat: (error: RowmillError) => boolean,
  triesFor: (error: RowmillError) => number = () => TRIES,
): Promise<R> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof RowmillError) || !mayRepeat(error)) throw error;
      if (tries >= triesFor(error)) throw error;
      const pauseMs = pauseAfter(error, tries);
      if (pauseMs > PATIENCE_MS) throw error;
      await step.sleep(pauseMs);
    }
  }
}

/** How long to wait before a request is sent once more that has failed so often. */
export const pauseAfter = ({ retryAfterMs }: RowmillError, tries: number): number =>
  retryAfterMs ?? PAUSE_MS * 2 ** (tries - 1);
