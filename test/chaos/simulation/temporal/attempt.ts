import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { ApplicationFailure, ensureApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { currentStep, type CurrentStep } from '../machine/stage.ts';
import type { Appointment, Timeline } from '../virtual-time.ts';
import type { Worker } from './deployment.ts';
import { toFailure, type Failure } from './proto.ts';

export type Report =
  { completed: unknown } | { failed: Failure; details: unknown } | { cancelled: Failure };

export interface AttemptOptions {
  timeline: Timeline;
  worker: Worker;
  type: string;
  activityId: string;
  number: number;
  /** Time at which it was given to the workers. */
  scheduledAtMs: number;
  input: unknown;
  heartbeatTimeoutMs: number | null;
  startToCloseTimeoutMs: number;
  /** Heartbeat of the attempt before, as far as the server has it. */
  heartbeatDetails: unknown;
  /** Minimum time between two heartbeats; the details in between never reach the server. */
  throttleMs: number;
  /** A heartbeat that gets through; `false`: the attempt is over. */
  heard: (details: unknown) => boolean;
  /** Its end, as the worker reports it. */
  ended: (report: Report) => void;
  /** A change by an attempt that the server has given up. */
  changedTooLate: (what: string) => void;
}

/** Value of src/temporal/confirm-attempt.ts. */
const CONFIRM_WITHIN_MS = 5_000;

let tokens = 0;

type CancelReason = 'CANCELLED' | 'NOT_FOUND' | 'WORKER_SHUTDOWN';

const quiet = () => undefined;
const LOGGER = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

const plain = (value: unknown): unknown =>
  value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);

/** One try of an activity, in a worker: the SDK's own context around the real function. */
export class Attempt implements CurrentStep {
  readonly options: AttemptOptions;
  readonly startedAtMs: number;
  readonly #environment: MockActivityEnvironment;
  #latest: unknown;
  #sentAtMs = -Infinity;
  #next: Appointment | null = null;
  #over = false;
  #cancelledFor: CancelReason | null = null;
  readonly #token: string;
  /** The server has heard nothing of it for too long: another attempt may start. */
  isGivenUp = false;

  constructor(options: AttemptOptions) {
    this.options = options;
    this.startedAtMs = options.timeline.nowMs;
    this.#latest = options.heartbeatDetails;
    const { number, type, activityId, heartbeatTimeoutMs, heartbeatDetails, worker } = options;
    this.#token = String((tokens += 1));
    worker.attempts.set(this.#token, this);
    this.#environment = new MockActivityEnvironment(
      {
        attempt: number,
        currentAttemptScheduledTimestampMs: options.scheduledAtMs,
        activityType: type,
        activityId,
        heartbeatDetails,
        taskToken: Buffer.from(this.#token),
        startToCloseTimeoutMs: options.startToCloseTimeoutMs,
        ...(heartbeatTimeoutMs === null ? {} : { heartbeatTimeoutMs }),
      },
      { logger: { ...LOGGER }, interceptors: [worker.clock.interceptor] },
    );
    this.#environment.on('heartbeat', (details: unknown) => this.#beat(details));
  }

  get over(): boolean {
    return this.#over;
  }

  /** Runs the attempt in the worker's turn. */
  run(): void {
    const { worker, type, input } = this.options;
    const act = worker.activities[type];
    if (act === undefined) throw new Error(`the worker has no activity ${type}`);
    currentStep
      .run(this, () => this.#environment.run(act, input))
      .then(
        (result) => this.#end({ completed: plain(result) }),
        (error: unknown) => this.#end(this.#reportOf(error)),
      );
  }

  change(what: string): void {
    if (this.isGivenUp) this.options.changedTooLate(what);
  }

  /** A heartbeat with its answer, as `confirmAttempt` has it. */
  confirm(details: unknown): Promise<boolean> {
    const { timeline, worker, heard } = this.options;
    return new Promise((resolve, reject) => {
      const unanswered = (): void => reject(new Error('the server does not answer'));
      const timeout = timeline.in(CONFIRM_WITHIN_MS, unanswered, worker.process);
      const answer = (isCurrent: boolean): void => {
        if (worker.cutOff) return;
        timeout.cancel();
        resolve(isCurrent);
      };
      const arrive = (): void => {
        if (worker.cutOff) return;
        const isCurrent = heard(plain(details));
        timeline.in(1, () => answer(isCurrent), worker.process);
      };
      timeline.in(1, arrive, null);
    });
  }

  cancel(reason: CancelReason): void {
    const { timeline, worker } = this.options;
    if (this.#over || this.#cancelledFor !== null) return;
    this.#cancelledFor = reason;
    const details = new ActivityCancellationDetails({
      cancelRequested: reason === 'CANCELLED',
      notFound: reason === 'NOT_FOUND',
      workerShutdown: reason === 'WORKER_SHUTDOWN',
    });
    timeline.in(1, () => this.#environment.cancel(reason, details), worker.process);
  }

  #end(report: Report): void {
    const { worker, timeline, ended } = this.options;
    this.#over = true;
    this.#next?.cancel();
    // Killed in the last moment, or its report is lost: the server does not know that it is over.
    worker.attempts.delete(this.#token);
    if (!worker.process.step()) return;
    const send = (): void => {
      if (worker.cutOff) worker.unsent.push(send);
      else ended(report);
    };
    timeline.in(3, send, null);
  }

  #reportOf(error: unknown): Report {
    const { aborted } = this.#environment.context.cancellationSignal;
    if (aborted && error instanceof CancelledFailure) {
      if (this.#cancelledFor !== 'WORKER_SHUTDOWN') return { cancelled: toFailure(error) };
      const failure = ApplicationFailure.retryable('Worker is shutting down', 'WorkerShutdown');
      return { failed: toFailure(failure), details: this.#latest };
    }
    return { failed: toFailure(ensureApplicationFailure(error)), details: this.#latest };
  }

  #beat(details: unknown): void {
    const { timeline, worker, throttleMs } = this.options;
    if (this.#over || !worker.process.alive) return;
    this.#latest = plain(details);
    if (this.#next !== null) return;
    const waitMs = this.#sentAtMs + throttleMs - timeline.nowMs;
    if (waitMs <= 0) this.#send();
    else {
      this.#next = timeline.in(
        waitMs,
        () => {
          this.#next = null;
          this.#send();
        },
        worker.process,
      );
    }
  }

  #send(): void {
    const { timeline, heard, worker } = this.options;
    if (this.#over) return;
    this.#sentAtMs = timeline.nowMs;
    if (!worker.cutOff && !heard(this.#latest)) this.cancel('NOT_FOUND');
  }
}
