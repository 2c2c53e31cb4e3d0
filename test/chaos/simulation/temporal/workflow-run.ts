import proto from '@temporalio/proto';
import type { Timeline } from '../virtual-time.ts';
import type { Worker } from './deployment.ts';
import { timestamp, type Activation, type Command, type Job } from './proto.ts';
import type { Execution, Workflow, WorkflowCode } from './workflow-code.ts';

const { WorkflowActivation: ACTIVATION } = proto.coresdk.workflow_activation;

/** A workflow task that is over: the input of the workflow, and its commands. */
interface Task {
  activation: Activation;
  wanted: string;
  patches: string[];
}

export type TaskEnd = TaskDone | { broken: string };

interface TaskDone {
  activation: Activation;
  commands: Command[];
}

/** One run of the workflow: its history, and its state in the worker that holds it. */
export class WorkflowRun {
  readonly execution: Execution;
  readonly history: Task[] = [];
  readonly #code: WorkflowCode;
  readonly #timeline: Timeline;
  readonly #flags = new Set<number>();
  #cached: { worker: Worker; workflow: Workflow } | null = null;
  /** Number of events, about as the server would count them. */
  events = 2;

  constructor(execution: Execution, code: WorkflowCode, timeline: Timeline) {
    this.execution = execution;
    this.#code = code;
    this.#timeline = timeline;
  }

  /** Passes events to the workflow; in the worker's turn. A new worker replays the past first. */
  async activate(worker: Worker, jobs: Job[], continueAsNewSuggested: boolean): Promise<TaskEnd> {
    try {
      const workflow = await this.#workflowIn(worker);
      const activation = this.#activation(jobs, continueAsNewSuggested);
      return await this.#take(workflow, activation);
    } catch (error) {
      return { broken: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Answers a query; nothing of it is remembered. */
  async query(worker: Worker, name: string): Promise<void> {
    const workflow = await this.#workflowIn(worker);
    const job = { queryWorkflow: { queryId: 'q', queryType: name, arguments: [], headers: {} } };
    // Queries are taken as they come off the wire, other activations in any shape.
    const activation = ACTIVATION.fromObject(this.#activation([job], false));
    const { successful } = await workflow.activate(activation);
    const failed = successful?.commands?.find(({ respondToQuery }) => respondToQuery?.failed);
    if (successful == null || failed !== undefined) throw new Error(`query ${name} failed`);
  }

  /** The worker's memory of it is gone. */
  async evict(): Promise<void> {
    const cached = this.#cached;
    this.#cached = null;
    await cached?.workflow.dispose();
  }

  /** Remembers a task for good, once the server has taken the commands. */
  remember({ activation, commands }: TaskDone): void {
    this.history.push({
      activation,
      wanted: wantedOf(commands),
      patches: commands.flatMap(({ setPatchMarker }) => setPatchMarker?.patchId ?? []),
    });
    this.events += 3 + (activation.jobs?.length ?? 0) + commands.length;
  }

  async #take(workflow: Workflow, activation: Activation): Promise<TaskEnd> {
    const { successful, failed } = await workflow.activate(activation);
    if (successful == null) return { broken: failed?.failure?.message ?? 'no reason given' };
    for (const flag of successful.usedInternalFlags ?? []) this.#flags.add(flag);
    return { activation, commands: successful.commands ?? [] };
  }

  async #workflowIn(worker: Worker): Promise<Workflow> {
    if (this.#cached?.worker === worker) return this.#cached.workflow;
    await this.evict();
    const workflow = await this.#code.open(this.execution);
    this.#cached = { worker, workflow };
    for (const [at, task] of this.history.entries()) {
      const patches = task.patches.map((patchId) => ({ notifyHasPatch: { patchId } }));
      const jobs = [...patches, ...(task.activation.jobs ?? [])];
      const end = await this.#take(workflow, { ...task.activation, jobs, isReplaying: true });
      const wanted = 'broken' in end ? end.broken : wantedOf(end.commands);
      if (wanted !== task.wanted) {
        throw new Error(`task ${at} replayed otherwise: ${wanted}, not ${task.wanted}`);
      }
    }
    return workflow;
  }

  #activation(jobs: Job[], continueAsNewSuggested: boolean): Activation {
    return {
      runId: this.execution.runId,
      timestamp: timestamp(this.#timeline.nowMs),
      isReplaying: false,
      historyLength: this.events,
      continueAsNewSuggested,
      availableInternalFlags: [...this.#flags],
      jobs,
    };
  }
}

/** The commands as a text, to compare. Details for people may differ: they decide nothing. */
const wantedOf = (commands: Command[]): string =>
  JSON.stringify(
    commands.filter(({ modifyWorkflowProperties }) => modifyWorkflowProperties == null),
    (key, value: unknown) => (key === 'userMetadata' ? undefined : value),
  );
