import {
  activityInfo,
  cancellationDetails,
  cancellationSignal,
  heartbeat,
  log,
  sleep,
} from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import type { ApiCalls, Confirmed } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import type { CallContext } from '../src/providers/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { toFailure } from './failure.ts';
import { judgeTrouble, troubleBefore, type StepPatience } from './trouble.ts';

/** Often enough for a 30 s heartbeat time-out; the SDK throttles what is sent. */
const HEARTBEAT_EVERY_MS = 2_000;

/** What a heartbeat carries; the details of an earlier attempt come back in this shape. */
export interface Beat<D> {
  /** For people who look at the pending activity in the UI. */
  says: string | null;
  calls: ApiCalls;
  confirmed: Confirmed;
  /** What the step wants to remember. */
  details: D | null;
  /** Since then requests have failed, without a word of progress (epoch ms). */
  troubleSinceMs?: number;
  /** The attempt of this number has ended, and neither it nor those before it had sent anything. */
  sentNothing?: number;
  /** So many attempts in a row ended with a defect, this one included. */
  defects?: number;
}

/** A defect that shows so often in a row shows every time. */
const MOST_DEFECTS = 4;

/** One attempt of one API step. */
export interface Step<D> {
  /** For every call of the provider: carries cancellation, counts requests and confirmations. */
  ctx: CallContext;
  /** An attempt before this one may have sent what must not be sent twice. */
  begun: boolean;
  /** Sends what must not be sent twice; one request, cleanly refused, counts as nothing sent. */
  send<T>(request: () => Promise<T>): Promise<T>;
  /** Details of the last heartbeat of the attempt before, unchecked: it may be an older release. */
  previous: unknown;
  calls: ApiCalls;
  confirmed: Confirmed;
  /** Sent with the next heartbeat. */
  report(details: D, says: string): void;
  /** Waits; ends early by throwing when the step is cancelled. */
  sleep(ms: number): Promise<void>;
  /** Whether the workflow wants it to end; not: the worker stops. */
  isCancelled(): boolean;
  /** A pause in which a request whose fate is unknown may still land. */
  settle(ms: number): Promise<void>;
}

const noCalls = (): ApiCalls => ({ total: 0, polls: 0 });
const nothingConfirmed = (): Confirmed => ({ requests: 0, cells: 0 });

/** What the attempts before have counted, as far as their heartbeats arrived. */
const CountsBefore = z
  .object({
    calls: z.object({ total: z.number(), polls: z.number() }).catch(noCalls),
    confirmed: z.object({ requests: z.number(), cells: z.number() }).catch(nothingConfirmed),
  })
  .catch(() => ({ calls: noCalls(), confirmed: nothingConfirmed() }));

/** A first attempt has nothing before it; one that was killed tells nothing, and may have sent all. */
function begunBefore(attempt: number, beat: unknown): boolean {
  if (beat === undefined) return attempt > 1;
  if (typeof beat !== 'object' || beat === null || !('sentNothing' in beat)) return true;
  return beat.sentNothing !== attempt - 1;
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
    body: (input: Input, step: Step<Report>, deps: ActivityDeps) => Promise<Result>,
    patience?: (input: Input) => StepPatience,
  ) =>
  (deps: ActivityDeps) =>
  (input: Input): Promise<Result> =>
    runStep<Report, Result>(deps, (step) => body(input, step, deps), patience?.(input));

/**
 * Runs one step inside an activity: heartbeats while it lives, stops it when it is cancelled, and
 * turns what it throws into Temporal's failures.
 */
export async function runStep<D, R>(
  deps: ActivityDeps,
  body: (step: Step<D>) => Promise<R>,
  patience: StepPatience = {},
): Promise<R> {
  const { attempt } = activityInfo();
  const heartbeatDetails: unknown = activityInfo().heartbeatDetails;
  const signal = cancellationSignal();
  const counts = CountsBefore.parse(heartbeatDetails);
  const beat: Beat<D> = { says: null, ...counts, details: null };
  const begun = begunBefore(attempt, heartbeatDetails);
  const { defects } = DefectsBefore.parse(heartbeatDetails);
  let sent = begun;
  let reportedBefore = JSON.stringify(detailsBefore(heartbeatDetails));
  let troubleSinceMs = patience.trouble?.sinceMs ?? troubleBefore(heartbeatDetails);
  const step: Step<D> = {
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
    begun,
    send: async (request) => {
      const before = { sent, requests: beat.calls.total };
      sent = true;
      try {
        return await request();
      } catch (error) {
        const refused = error instanceof RowmillError && !error.ambiguous;
        if (refused && beat.calls.total - before.requests <= 1) ({ sent } = before);
        throw error;
      }
    },
    previous: detailsBefore(heartbeatDetails),
    ...counts,
    report: (details, says) => {
      beat.details = details;
      beat.says = says;
      // Said once more, it is no progress.
      const reported = JSON.stringify(details);
      if (reported !== reportedBefore) troubleSinceMs = null;
      reportedBefore = reported;
      heartbeat(beat);
    },
    sleep,
    isCancelled: () => cancellationDetails()?.cancelRequested === true,
    settle: (ms) => sleep(ms * (deps.settleFactor ?? 1)),
  };
  heartbeat(beat);
  const timer = setInterval(() => heartbeat(beat), HEARTBEAT_EVERY_MS);
  try {
    return await body(step);
  } catch (error) {
    const stopped = signal.aborted || error instanceof CancelledFailure;
    const isDefect = !stopped && (!(error instanceof RowmillError) || error.code === 'internal');
    const paid = patience.paid === true || sent;
    const { sinceMs, next } = judgeTrouble(deps, error, { ...patience, paid }, troubleSinceMs);
    // What was counted since the last one would be lost.
    heartbeat({
      ...beat,
      ...(sinceMs === null ? {} : { troubleSinceMs: sinceMs }),
      ...(sent ? {} : { sentNothing: attempt }),
      ...(isDefect ? { defects: defects + 1 } : {}),
    } satisfies Beat<D>);
    // A cancelled request fails with the abort's reason or with a plain AbortError.
    if (signal.aborted && !(error instanceof RowmillError)) {
      // The abort's reason is Temporal's own failure: it must go out unwrapped.
      throw signal.reason;
    }
    if (error instanceof CancelledFailure) throw error;
    const last = isDefect && defects + 1 >= MOST_DEFECTS;
    const failure = toFailure(error, { sent, ...counts, ...next }, last);
    const code = error instanceof RowmillError ? error.code : 'internal';
    deps.onEvent?.({ type: 'step failed', code });
    log.warn('step failed', {
      code,
      error: failure.message,
    });
    throw failure;
  } finally {
    clearInterval(timer);
  }
}
