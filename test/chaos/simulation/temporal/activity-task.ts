import type { Break, Kill } from '../machine/worker-process.ts';
import type { Span } from '../../../support/invariants/finished-steps.ts';
import type { Appointment, Timeline } from '../virtual-time.ts';
import { Attempt, type Report } from './attempt.ts';
import type { Absence, Deployment, Worker } from './deployment.ts';
import {
  ActivityCancellationType,
  fromPayload,
  ms,
  RetryState,
  TimeoutType,
  toPayload,
  type Failure,
  type Job,
  type ScheduleActivity,
} from './proto.ts';
import { decideRetry } from './retries.ts';

export interface ActivityTaskOptions {
  timeline: Timeline;
  deployment: Deployment;
  command: ScheduleActivity;
  throttleMs: number;
  /** Returns the fault of the attempt that starts now. */
  faultFor: (type: string) => AttemptFault;
  resolve: (job: Job) => void;
  attempted: (type: string, attempt: number) => void;
  completed: (type: string, span: Span) => void;
  /** A change by an attempt of this type after another one may have started. */
  changedTooLate: (type: string, what: string) => void;
}

export interface AttemptFault {
  kill: Kill | null;
  downMs: number;
  /** The worker is absent for a while, beside a kill or without one. */
  absence: (Break & { how: Absence; forMs: number }) | null;
  /** Set if its end never reaches the server. */
  lost: boolean;
}

type Resolution = NonNullable<NonNullable<Job['resolveActivity']>['result']>;

/** An activity as the server sees it: attempts, time-outs, back-off, cancellation. */
export class ActivityTask {
  readonly #options: ActivityTaskOptions;
  readonly #type: string;
  readonly #scheduledAtMs: number;
  readonly #expiresAtMs: number | null;
  readonly #timers: Appointment[] = [];
  #attempt = 1;
  #queuedAtMs = 0;
  #running: Attempt | null = null;
  #heartbeatDetails: unknown;
  #heardAtMs = 0;
  #lastFailure: Failure | null = null;
  #cancelRequested = false;
  #closed = false;
  #resolved = false;

  constructor(options: ActivityTaskOptions) {
    const { timeline, command } = options;
    this.#options = options;
    this.#type = command.activityType ?? '';
    this.#scheduledAtMs = timeline.nowMs;
    const wholeMs = ms(command.scheduleToCloseTimeout) ?? null;
    this.#expiresAtMs = wholeMs === null ? null : this.#scheduledAtMs + wholeMs;
    if (wholeMs !== null)
      this.#after(wholeMs, () => this.#timeOut(TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE));
    this.#dispatch();
  }

  requestCancel(): void {
    if (this.#closed) return;
    const type = this.#options.command.cancellationType ?? ActivityCancellationType.TRY_CANCEL;
    if (type !== ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
      this.#resolve(this.#cancelled({}));
    if (type === ActivityCancellationType.ABANDON) return;
    this.#cancelRequested = true;
    // Sent with the answer to its next heartbeat; in between attempts there is no receiver.
    if (this.#running === null) this.#close(this.#cancelled({}));
  }

  /** Its workflow is over and does not wait for it. */
  abandon(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
  }

  /** The attempt that runs in a worker that is about to stop. */
  attemptIn(worker: Worker): Attempt | null {
    return this.#running?.options.worker === worker ? this.#running : null;
  }

  #dispatch(): void {
    this.#queuedAtMs = this.#options.timeline.nowMs;
    this.#options.deployment.whenUp((worker) => {
      if (!this.#closed && this.#running === null) this.#start(worker);
    });
  }

  #start(worker: Worker): void {
    const { timeline, command, throttleMs, faultFor, deployment, attempted, changedTooLate } =
      this.#options;
    const { kill, downMs, absence, lost } = faultFor(this.#type);
    worker.process.scheduleKill(kill);
    if (absence !== null) {
      const { how, forMs } = absence;
      worker.process.breakAt(absence, () => deployment.lose(worker, how, forMs));
    }
    if (kill !== null) deployment.downMs = downMs;
    const number = this.#attempt;
    const wholeMs = ms(command.startToCloseTimeout) ?? 0;
    attempted(this.#type, number);
    const attempt: Attempt = new Attempt({
      timeline,
      worker,
      type: this.#type,
      activityId: String(command.seq),
      number,
      scheduledAtMs: this.#queuedAtMs,
      input: fromPayload(command.arguments?.[0]),
      heartbeatTimeoutMs: ms(command.heartbeatTimeout) ?? null,
      startToCloseTimeoutMs: wholeMs,
      heartbeatDetails: this.#heartbeatDetails,
      throttleMs,
      heard: (details) => this.#heard(attempt, details),
      changedTooLate: (what) => changedTooLate(this.#type, what),
      ended: (report) => {
        worker.process.scheduleKill(null);
        if (!lost) this.#reported(attempt, report);
      },
    });
    this.#running = attempt;
    this.#heardAtMs = timeline.nowMs;
    if (wholeMs > 0)
      this.#afterIn(attempt, wholeMs, () => this.#timeOut(TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE));
    this.#watchHeartbeat(attempt);
    attempt.run();
  }

  #watchHeartbeat(attempt: Attempt): void {
    const timeoutMs = attempt.options.heartbeatTimeoutMs;
    if (timeoutMs === null) return;
    const leftMs = this.#heardAtMs + timeoutMs - this.#options.timeline.nowMs;
    if (leftMs <= 0) this.#timeOut(TimeoutType.TIMEOUT_TYPE_HEARTBEAT);
    else this.#afterIn(attempt, leftMs, () => this.#watchHeartbeat(attempt));
  }

  #heard(attempt: Attempt, details: unknown): boolean {
    if (this.#closed || this.#running !== attempt) return false;
    this.#heardAtMs = this.#options.timeline.nowMs;
    this.#heartbeatDetails = details;
    if (this.#cancelRequested) attempt.cancel('CANCELLED');
    return true;
  }

  #reported(attempt: Attempt, report: Report): void {
    if (this.#closed || this.#running !== attempt) return;
    this.#running = null;
    if ('completed' in report) {
      const { completed, timeline } = this.#options;
      completed(this.#type, { fromMs: attempt.startedAtMs, toMs: timeline.nowMs });
      this.#close({ completed: { result: toPayload(report.completed) } });
    } else if ('cancelled' in report && this.#cancelRequested) {
      this.#close(this.#cancelled(report.cancelled));
    } else {
      const failure = 'failed' in report ? report.failed : report.cancelled;
      if ('details' in report) this.#heartbeatDetails = report.details;
      this.#failed(failure, failure);
    }
  }

  #timeOut(timeoutType: TimeoutType): void {
    if (this.#closed) return;
    const attempt = this.#running;
    this.#running = null;
    const failure = timeoutFailure(timeoutType, this.#lastFailure);
    // "Not enough time to schedule next retry" is a time-out of the whole, too.
    const whole = timeoutFailure(TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, this.#lastFailure);
    // At the deadline of the step no other attempt takes over.
    if (this.#failed(failure, whole) && attempt !== null) attempt.isGivenUp = true;
  }

  /**
   * Returns true if another attempt follows. `closing`: the event for the workflow when there is no
   * time for one.
   */
  #failed(failure: Failure, closing: Failure): boolean {
    const { command, timeline } = this.#options;
    const tried = {
      attempt: this.#attempt,
      cancelRequested: this.#cancelRequested,
      expiresAtMs: this.#expiresAtMs,
    };
    const verdict = decideRetry(command, tried, failure, timeline.nowMs);
    if (!verdict.again) {
      const { retryState } = verdict;
      const reported = retryState === RetryState.RETRY_STATE_TIMEOUT ? closing : failure;
      this.#close({ failed: { failure: this.#wrapped(reported, retryState) } });
      return false;
    }
    this.#lastFailure = failure;
    this.#attempt += 1;
    this.#after(verdict.afterMs, () => this.#dispatch());
    return true;
  }

  #close(result: Resolution): void {
    if (this.#closed) return;
    this.abandon();
    this.#resolve(result);
  }

  #resolve(result: Resolution): void {
    if (this.#resolved) return;
    this.#resolved = true;
    const { resolve, command } = this.#options;
    resolve({ resolveActivity: { seq: command.seq ?? 0, result } });
  }

  #cancelled(cause: Failure): Resolution {
    const cancelled = { message: 'Activity cancelled', canceledFailureInfo: {}, ...cause };
    return {
      cancelled: { failure: this.#wrapped(cancelled, RetryState.RETRY_STATE_CANCEL_REQUESTED) },
    };
  }

  #wrapped(cause: Failure, retryState: RetryState): Failure {
    const { command } = this.#options;
    return {
      message: 'Activity task failed',
      source: 'Server',
      activityFailureInfo: {
        activityId: String(command.seq),
        activityType: { name: this.#type },
        retryState,
      },
      cause,
    };
  }

  #afterIn(attempt: Attempt, waitMs: number, act: () => void): void {
    this.#after(waitMs, () => {
      if (this.#running === attempt) act();
    });
  }

  #after(waitMs: number, act: () => void): void {
    const timer = this.#options.timeline.in(
      waitMs,
      () => {
        if (!this.#closed) act();
      },
      null,
    );
    this.#timers.push(timer);
  }
}

const timeoutFailure = (timeoutType: TimeoutType, cause: Failure | null): Failure => ({
  message: 'activity timeout',
  source: 'Server',
  timeoutFailureInfo: { timeoutType },
  cause,
});
