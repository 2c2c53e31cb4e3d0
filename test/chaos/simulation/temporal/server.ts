import proto from '@temporalio/proto';
import type { FinishedSteps } from '../../../support/invariants/finished-steps.ts';
import type { Action } from '../script.ts';
import type { Timeline } from '../virtual-time.ts';
import { ActivityTask, type AttemptFault } from './activity-task.ts';
import type { Deployment, Worker } from './deployment.ts';
import {
  ms,
  timestamp,
  toPayload,
  type Command,
  type Failure,
  type Job,
  type Payload,
} from './proto.ts';
import type { Execution, WorkflowCode } from './workflow-code.ts';
import { WorkflowRun, type TaskEnd } from './workflow-run.ts';

export type WorkflowEnd =
  | { how: 'completed'; result: Payload | null }
  | { how: 'failed'; failure: Failure }
  | { how: 'cancelled' }
  /** Ended by a client, at once: the workflow does not notice. */
  | { how: 'terminated' }
  /** A workflow task fails each time it is tried: the run never ends. */
  | { how: 'broken'; why: string };

/** Requests of a workflow to the other workflows of its namespace. */
export interface OtherWorkflows {
  /** Returns the run id; `null`: a workflow of that id is open. */
  startChild: (child: ChildStart, ended: (end: WorkflowEnd) => void) => string | null;
  /** Returns `false` where no workflow of that id is open. */
  signal: (workflowId: string, name: string, args: Payload[]) => boolean;
}

export interface ChildStart {
  workflowId: string;
  workflowType: string;
  input: Payload[];
}

export interface ServerOptions {
  timeline: Timeline;
  deployment: Deployment;
  code: WorkflowCode;
  workflowId: string;
  /** Number of this workflow among those of the script. */
  number: number;
  workflowType: string;
  taskQueue: string;
  throttleMs: (taskQueue: string) => number;
  continueAsNewAfterEvents: number | null;
  faultFor: (what: string) => AttemptFault;
  /** The other workflows of the namespace. */
  others: OtherWorkflows;
  /** Adds a line to the trace. */
  note: (what: string) => void;
}

/** An update that the workflow has taken on. */
export interface Accepted {
  name: string;
  input: Action['with'];
}

/** A workflow task that a worker has, or will get. */
interface OpenTask {
  worker: Worker | null;
  jobs: Job[];
}

const { StartChildWorkflowExecutionFailedCause: WHY_NO_CHILD } = proto.coresdk.child_workflow;
const ALREADY_OPEN =
  WHY_NO_CHILD.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS;

/** A lost workflow task is given to another worker after this. */
const TASK_TIMEOUT_MS = 10_000;

/** Temporal for one workflow: it keeps, and loses, what the real server does. */
export class TemporalServer {
  readonly #options: ServerOptions;
  readonly #activities = new Map<number, ActivityTask>();
  readonly #timers = new Map<number, () => void>();
  readonly runs: WorkflowRun[] = [];
  end: WorkflowEnd | null = null;
  endedAtMs = Infinity;
  /** Time of the first request to cancel it. */
  cancelledAtMs: number | null = null;
  readonly startedAtMs: number;
  readonly input: Payload;
  #jobs: Job[] = [];
  #task: OpenTask | null = null;
  readonly #asked = new Map<string, Accepted>();
  readonly accepted: Accepted[] = [];
  readonly finished: FinishedSteps = new Map();
  /** Changes by a step that another worker may have had already. */
  readonly changesTooLate: string[] = [];

  #ended: ((end: WorkflowEnd) => void) | null = null;

  constructor(options: ServerOptions, input: Payload) {
    this.#options = options;
    this.startedAtMs = options.timeline.nowMs;
    this.input = input;
    options.deployment.onGone((worker, how) => this.#workerGone(worker, how));
    this.#begin([input]);
  }

  onEnd(react: (end: WorkflowEnd) => void): void {
    this.#ended = react;
  }

  get #run(): WorkflowRun {
    const run = this.runs.at(-1);
    if (run === undefined) throw new Error('there is no run yet');
    return run;
  }

  get workflowId(): string {
    return this.#options.workflowId;
  }

  get type(): string {
    return this.#options.workflowType;
  }

  get taskQueue(): string {
    return this.#options.taskQueue;
  }

  get firstRunId(): string {
    return this.#run.execution.firstRunId;
  }

  cancel(): void {
    if (this.end !== null) return;
    this.cancelledAtMs ??= this.#options.timeline.nowMs;
    this.#activate({ cancelWorkflow: { reason: 'asked for' } });
  }

  /** Terminates the workflow; its steps in progress go on until their next heartbeat. */
  terminate(): void {
    if (this.end === null) this.#finish({ how: 'terminated' });
  }

  signal(signalName: string, input: Payload[] = []): void {
    if (this.end === null) this.#activate({ signalWorkflow: { signalName, input, headers: {} } });
  }

  update(name: string, argument?: Action['with']): void {
    if (this.end !== null) return;
    const id = `update-${this.#asked.size + 1}`;
    this.#asked.set(id, { name, input: argument });
    const input = argument === undefined ? [] : [toPayload(argument)];
    this.#activate({
      doUpdate: { id, protocolInstanceId: id, name, input, headers: {}, runValidator: true },
    });
  }

  query(name: string): void {
    this.#options.deployment.whenUp((worker) => {
      if (this.#task !== null || this.end !== null || this.#run.history.length === 0) return;
      this.#run.query(worker, name).catch((error: unknown) => {
        this.#finish({ how: 'broken', why: String(error) });
      });
    });
  }

  /** A deploy: attempts in the old worker are asked to stop; the new one comes when they have. */
  deploy(): void {
    const { deployment, timeline } = this.#options;
    deployment.downMs = 500;
    deployment.replace((worker, done) => {
      const running = [...this.#activities.values()].flatMap((one) => one.attemptIn(worker) ?? []);
      for (const attempt of running) attempt.cancel('WORKER_SHUTDOWN');
      const wait = (): void => {
        if (running.every(({ over }) => over)) timeline.in(10, done, null);
        else timeline.in(100, wait, null);
      };
      timeline.in(20, wait, null);
    });
  }

  #begin(input: Payload[]): void {
    const { timeline, code, workflowId, number, workflowType, taskQueue } = this.#options;
    const first = this.runs[0]?.execution;
    const digits = (value: number, length: number): string => String(value).padStart(length, '0');
    const runId = `${digits(number, 8)}-0000-4000-8000-${digits(this.runs.length + 1, 12)}`;
    const execution: Execution = {
      workflowId,
      workflowType,
      runId,
      firstRunId: first?.firstRunId ?? runId,
      taskQueue,
      startedAtMs: timeline.nowMs,
    };
    this.runs.push(new WorkflowRun(execution, code, timeline));
    this.#activate({
      initializeWorkflow: {
        workflowType,
        workflowId,
        arguments: input,
        headers: {},
        firstExecutionRunId: execution.firstRunId,
        attempt: 1,
        startTime: timestamp(timeline.nowMs),
      },
    });
  }

  #activate(job: Job): void {
    this.#jobs.push(job);
    this.#schedule(2);
  }

  #schedule(afterMs: number): void {
    if (this.#task !== null || this.#jobs.length === 0 || this.end !== null) return;
    const task: OpenTask = { worker: null, jobs: [] };
    this.#task = task;
    const { timeline, deployment } = this.#options;
    timeline.in(afterMs, () => deployment.whenUp((worker) => this.#work(task, worker)), null);
  }

  #work(task: OpenTask, worker: Worker): void {
    const { faultFor, timeline, continueAsNewAfterEvents, deployment } = this.#options;
    if (this.#task !== task || this.end !== null) return;
    task.worker = worker;
    task.jobs = this.#jobs.splice(0);
    const { kill, downMs } = faultFor('workflow');
    if (kill !== null) {
      worker.process.scheduleKill({ ...kill, step: 1 });
      deployment.downMs = downMs;
    }
    const run = this.#run;
    const suggested = continueAsNewAfterEvents !== null && run.events >= continueAsNewAfterEvents;
    void run.activate(worker, task.jobs, suggested).then((end) => {
      // Killed when it was decided, and the server does not know.
      if (kill !== null && !worker.process.step()) return;
      timeline.in(3, () => this.#taskOver(task, end), null);
    });
  }

  #taskOver(task: OpenTask, end: TaskEnd): void {
    if (this.#task !== task) return;
    this.#task = null;
    if ('broken' in end) {
      this.#finish({ how: 'broken', why: end.broken });
      return;
    }
    const { commands } = end;
    // The server does not let a run end while there is news that it has not heard.
    if (this.#jobs.length > 0 && commands.some(isEnd)) {
      this.#jobs.unshift(...task.jobs);
      void this.#run.evict().then(() => this.#schedule(2));
      return;
    }
    this.#run.remember(end);
    for (const command of commands) this.#obey(command);
    this.#schedule(2);
  }

  #obey(command: Command): void {
    const { timeline } = this.#options;
    if (command.scheduleActivity != null) this.#startActivity(command.scheduleActivity);
    else if (command.updateResponse != null) this.#answered(command.updateResponse);
    else if (command.requestCancelActivity != null) {
      this.#activities.get(command.requestCancelActivity.seq ?? 0)?.requestCancel();
    } else if (command.startTimer != null) {
      const { seq, startToFireTimeout } = command.startTimer;
      const fire = (): void => this.#activate({ fireTimer: { seq: seq ?? 0 } });
      const timer = timeline.in(ms(startToFireTimeout) ?? 0, fire, null);
      this.#timers.set(seq ?? 0, () => timer.cancel());
    } else if (command.signalExternalWorkflowExecution != null) {
      this.#signalOther(command.signalExternalWorkflowExecution);
    } else if (command.startChildWorkflowExecution != null) {
      this.#startChild(command.startChildWorkflowExecution);
    } else if (command.cancelTimer != null) this.#timers.get(command.cancelTimer.seq ?? 0)?.();
    else if (command.completeWorkflowExecution != null) {
      const { result } = command.completeWorkflowExecution;
      this.#finish({ how: 'completed', result: result ?? null });
    } else if (command.failWorkflowExecution != null) {
      this.#finish({ how: 'failed', failure: command.failWorkflowExecution.failure ?? {} });
    } else if (command.cancelWorkflowExecution != null) this.#finish({ how: 'cancelled' });
    else if (command.continueAsNewWorkflowExecution != null) {
      this.#options.note('continued as new');
      this.#letGo();
      this.#begin(command.continueAsNewWorkflowExecution.arguments ?? []);
    }
  }

  #answered({ protocolInstanceId, accepted }: NonNullable<Command['updateResponse']>): void {
    const asked = this.#asked.get(protocolInstanceId ?? '');
    if (accepted == null || asked === undefined) return;
    this.accepted.push(asked);
    this.#options.note(`accepted: ${asked.name}`);
  }

  #signalOther({ seq, ...signal }: NonNullable<Command['signalExternalWorkflowExecution']>): void {
    const { others } = this.#options;
    const workflowId = signal.workflowExecution?.workflowId ?? signal.childWorkflowId ?? '';
    const isOpen = others.signal(workflowId, signal.signalName ?? '', signal.args ?? []);
    const failure = { message: 'there is no such workflow' };
    this.#activate({
      resolveSignalExternalWorkflow: { seq: seq ?? 0, ...(isOpen ? {} : { failure }) },
    });
  }

  /** A child outlives its parent: no other policy is in use. */
  #startChild(command: NonNullable<Command['startChildWorkflowExecution']>): void {
    const { others } = this.#options;
    const seq = command.seq ?? 0;
    const workflowId = command.workflowId ?? '';
    const workflowType = command.workflowType ?? '';
    const run = this.#run;
    const child = { workflowId, workflowType, input: command.input ?? [] };
    const runId = others.startChild(child, (end) => {
      // The run that goes on as a new one knows the child no longer.
      if (this.end !== null || this.#run !== run) return;
      const result =
        end.how === 'completed' ? { completed: { result: end.result } } : { cancelled: {} };
      this.#activate({ resolveChildWorkflowExecution: { seq, result } });
    });
    const failed = { workflowId, workflowType, cause: ALREADY_OPEN };
    this.#activate({
      resolveChildWorkflowExecutionStart:
        runId === null ? { seq, failed } : { seq, succeeded: { runId } },
    });
  }

  #startActivity(command: NonNullable<Command['scheduleActivity']>): void {
    const { timeline, deployment, throttleMs, faultFor, note } = this.#options;
    const task = new ActivityTask({
      timeline,
      deployment,
      command,
      throttleMs: throttleMs(command.taskQueue ?? ''),
      faultFor,
      attempted: (type, attempt) => note(`${type} ${attempt}`),
      completed: (type, span) => this.finished.set(type, span),
      changedTooLate: (type, what) => this.changesTooLate.push(`${type}: ${what}`),
      resolve: (job) => {
        this.#activities.delete(command.seq ?? 0);
        this.#activate(job);
      },
    });
    this.#activities.set(command.seq ?? 0, task);
  }

  #workerGone(worker: Worker, how: string): void {
    this.#options.note(`worker ${how}`);
    const task = this.#task;
    if (task?.worker !== worker) return;
    this.#task = null;
    this.#jobs.unshift(...task.jobs);
    this.#schedule(TASK_TIMEOUT_MS);
  }

  #finish(end: WorkflowEnd): void {
    const isFirst = this.end === null;
    this.end ??= end;
    this.endedAtMs = Math.min(this.endedAtMs, this.#options.timeline.nowMs);
    this.#letGo();
    if (isFirst) this.#ended?.(end);
  }

  #letGo(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const activity of this.#activities.values()) activity.abandon();
    this.#activities.clear();
    void this.#run.evict();
  }
}

const isEnd = (command: Command): boolean =>
  command.completeWorkflowExecution != null ||
  command.failWorkflowExecution != null ||
  command.cancelWorkflowExecution != null ||
  command.continueAsNewWorkflowExecution != null;
