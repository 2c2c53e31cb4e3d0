import {
  activityInfo,
  cancellationDetails,
  cancellationSignal,
  heartbeat,
  log,
} from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import type { ApiCalls, LargeRunConfirmations } from '../../src/contract/run.ts';
import { RowmillError } from '../../src/errors.ts';
import { createFence, withinFence } from '../../src/fence.ts';
import type { CallContext } from '../../src/providers/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { toFailure } from './failure.ts';
import { startHeartbeats } from './heartbeats.ts';
import { sleepWhile } from './sleep.ts';
import { classifyTrouble, troubleBefore, type FailureTolerance } from './trouble.ts';
import type { WaitReason } from './metric-events.ts';

/**
 * Time for a confirmation in steps without a heartbeat time-out, whose other time-outs are longer.
 */
const CONFIRM_WITHIN_MS = 30_000;

/** Payload of a heartbeat, by which an attempt restores its predecessor's details. */
export interface HeartbeatDetails<D> {
  /** Shown with the pending activity in the UI. */
  message: string | null;
  calls: ApiCalls;
  confirmed: LargeRunConfirmations;
  /** Details of the step. */
  details: D | null;
  /** Time since when requests have failed without any progress, epoch ms. */
  troubleSinceMs?: number;
  /** The attempt of this number has ended, and neither it nor those before it had sent anything. */
  nothingSentInAttempt?: number;
  /** Consecutive attempts that ended with a defect, this one included. */
  defects?: number;
}

/** A defect that shows so often in a row shows every time. */
const MAX_DEFECTS = 4;

/** Attempt of one API step. */
export interface ActivityAttempt<D> {
  /** Context of provider calls: cancellation, and counts of requests and confirmations. */
  ctx: CallContext;
  /** An attempt before this one may have sent what must not be sent twice. */
  previousAttemptMayHaveSent: boolean;
  /** Sends what must not be sent twice; one request, cleanly refused, counts as nothing sent. */
  send<T>(request: () => Promise<T>): Promise<T>;
  /** Details of the last heartbeat of the attempt before, unchecked. */
  previous: unknown;
  calls: ApiCalls;
  confirmed: LargeRunConfirmations;
  /** Sent with the next heartbeat. */
  heartbeat(details: D, message: string): void;
  /** Waits; ends early by throwing when the step is cancelled. */
  sleep(ms: number): Promise<void>;
  /** Returns true if the workflow cancelled the step, false if the worker stops. */
  isCancelled(): boolean;
  /** Waits while a request with a lost reply may still be committed. */
  waitForLateCommit(ms: number): Promise<void>;
}

const noCalls = (): ApiCalls => ({ total: 0, polls: 0 });
const nothingConfirmed = (): LargeRunConfirmations => ({ requests: 0, cells: 0 });

/** Counts of earlier attempts, as far as their heartbeats arrived. */
const CountsBefore = z
  .object({
    calls: z.object({ total: z.number(), polls: z.number() }).catch(noCalls),
    confirmed: z.object({ requests: z.number(), cells: z.number() }).catch(nothingConfirmed),
  })
  .catch(() => ({ calls: noCalls(), confirmed: nothingConfirmed() }));

/** A first attempt has no predecessor; a killed one reported nothing, and may have sent everything. */
function previousMayHaveSent(attempt: number, beat: unknown): boolean {
  if (beat === undefined) return attempt > 1;
  if (typeof beat !== 'object' || beat === null || !('nothingSentInAttempt' in beat)) return true;
  return beat.nothingSentInAttempt !== attempt - 1;
}

const DefectsBefore = z.object({ defects: z.int() }).catch({ defects: 0 });

const detailsBefore = (beat: unknown): unknown =>
  typeof beat === 'object' && beat !== null && 'details' in beat ? beat.details : null;

/**
 * An activity: what it does with its input, and how it takes failing requests. `Report` is what its
 * heartbeats remember. Given the process's dependencies, it is the function that the worker registers.
 */
export const activity =
  <Input, Result, Report = null>(
    body: (input: Input, step: ActivityAttempt<Report>, deps: ActivityDeps) => Promise<Result>,
    tolerance?: (input: Input) => FailureTolerance,
  ) =>
  (deps: ActivityDeps) =>
  (input: Input): Promise<Result> =>
    runActivity<Report, Result>(deps, (step) => body(input, step, deps), tolerance?.(input));

/**
 * Runs one step inside an activity: heartbeats while it lives, stops it when it is cancelled, and
 * turns what it throws into Temporal's failures.
 */
export async function runActivity<D, R>(
  deps: ActivityDeps,
  body: (step: ActivityAttempt<D>) => Promise<R>,
  tolerance: FailureTolerance = {},
): Promise<R> {
  const { attempt } = activityInfo();
  const heartbeatDetails: unknown = activityInfo().heartbeatDetails;
  const signal = cancellationSignal();
  const counts = CountsBefore.parse(heartbeatDetails);
  const previous = detailsBefore(heartbeatDetails);
  // Until this attempt has details of its own, its heartbeats keep those of the one before.
  const beat: HeartbeatDetails<unknown> = { message: null, ...counts, details: previous };
  const previousAttemptMayHaveSent = previousMayHaveSent(attempt, heartbeatDetails);
  const { defects } = DefectsBefore.parse(heartbeatDetails);
  let requestSent = previousAttemptMayHaveSent;
  let reportedBefore = JSON.stringify(previous);
  let troubleSinceMs = tolerance.trouble?.sinceMs ?? troubleBefore(heartbeatDetails);
  const sleep = (ms: number): Promise<void> => sleepWhile(signal, ms);
  const step: ActivityAttempt<D> = {
    ctx: {
      signal,
      onRequest: () => (beat.calls.total += 1),
      onConfirmed: (cells) => {
        beat.confirmed.requests += 1;
        beat.confirmed.cells += cells;
        heartbeat(beat);
        log.info('confirmed a large run', { cells });
      },
    },
    previousAttemptMayHaveSent,
    send: async (request) => {
      const before = { requestSent, requests: beat.calls.total };
      requestSent = true;
      try {
        return await request();
      } catch (error) {
        const refused = error instanceof RowmillError && !error.ambiguous;
        if (refused && beat.calls.total - before.requests <= 1) ({ requestSent } = before);
        throw error;
      }
    },
    previous,
    ...counts,
    heartbeat: (details, message) => {
      beat.details = details;
      beat.message = message;
      // Said once more, it is no progress.
      const reported = JSON.stringify(details);
      if (reported !== reportedBefore) troubleSinceMs = null;
      reportedBefore = reported;
      heartbeats.news();
    },
    sleep,
    isCancelled: () => cancellationDetails()?.cancelRequested === true,
    waitForLateCommit: (ms) => sleep(ms * (deps.commitWaitFactor ?? 1)),
  };
  const heartbeats = startHeartbeats(() => heartbeat(beat));
  try {
    return await fenced(deps, beat, () => body(step));
  } catch (error) {
    const stopped = signal.aborted || error instanceof CancelledFailure;
    const isDefect = !stopped && (!(error instanceof RowmillError) || error.code === 'internal');
    const paid = tolerance.paid === true || requestSent;
    const { sinceMs, next } = classifyTrouble(deps, error, { ...tolerance, paid }, troubleSinceMs);
    // Sends the counts since the last heartbeat, which would be lost.
    heartbeat({
      ...beat,
      ...(sinceMs === null ? {} : { troubleSinceMs: sinceMs }),
      ...(requestSent ? {} : { nothingSentInAttempt: attempt }),
      ...(isDefect ? { defects: defects + 1 } : {}),
    } satisfies HeartbeatDetails<unknown>);
    // A cancelled request fails with the abort's reason or with a plain AbortError.
    const isReported = error instanceof RowmillError && error.code !== 'step_taken_over';
    if (signal.aborted && !isReported) {
      // The abort's reason is Temporal's own failure: it must go out unwrapped.
      throw signal.reason;
    }
    if (error instanceof CancelledFailure) throw error;
    const last = isDefect && defects + 1 >= MAX_DEFECTS;
    const reported = tolerance.reportsDetails === true ? { lastDetails: beat.details } : {};
    const failure = toFailure(error, { requestSent, ...counts, ...next, ...reported }, last);
    const code = error instanceof RowmillError ? error.code : 'internal';
    deps.onEvent?.({ type: 'step failed', code });
    log.warn('step failed', {
      code,
      error: failure.message,
    });
    throw failure;
  } finally {
    heartbeats.stop();
  }
}

/**
 * Runs the body of a step so that what it changes leaves only while the server keeps the step for this
 * attempt (src/fence.ts).
 */
function fenced<R>(deps: ActivityDeps, beat: unknown, body: () => Promise<R>): Promise<R> {
  const { confirmAttempt } = deps;
  if (confirmAttempt === undefined) return body();
  const { taskToken, heartbeatTimeoutMs = 0, startToCloseTimeoutMs } = activityInfo();
  const fence = createFence({
    confirm: () => {
      // The SDK keeps an older heartbeat back, which must not arrive later than this one.
      heartbeat(beat);
      return confirmAttempt(taskToken, beat);
    },
    // The server says 0 of a step without a heartbeat time-out.
    heartbeatTimeoutMs: heartbeatTimeoutMs === 0 ? CONFIRM_WITHIN_MS : heartbeatTimeoutMs,
    startToCloseMs: startToCloseTimeoutMs,
    signal: cancellationSignal(),
    over: () => new RowmillError('step_taken_over', 'Temporal does not confirm the step'),
  });
  return withinFence(fence, body);
}

/** Reports the run as waiting (metric `rowmill_waiting_runs`) while `wait` is pending. */
export async function trackWaiting<R>(
  deps: ActivityDeps,
  provider: string,
  reason: WaitReason,
  wait: () => Promise<R>,
): Promise<R> {
  deps.onEvent?.({ type: 'wait began', provider, for: reason });
  try {
    return await wait();
  } finally {
    deps.onEvent?.({ type: 'wait ended', provider, for: reason });
  }
}
