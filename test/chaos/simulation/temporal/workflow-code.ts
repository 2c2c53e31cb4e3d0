import { readFile } from 'node:fs/promises';
import type { WorkflowInfo } from '@temporalio/workflow';
// The SDK runs workflows in here; driven by hand, the very code of a worker needs no server.
/* eslint-disable temporal/no-temporal-internal-imports */
import type { Workflow } from '@temporalio/worker/lib/workflow/interface.js';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
/* eslint-enable temporal/no-temporal-internal-imports */
import { TypedSearchAttributes } from '@temporalio/common';
import { workflowBundle } from '../../../support/workflow-bundle.ts';
import type { ActivityFunction } from './deployment.ts';

export type { Workflow };

const LONGEST_TASK_MS = 60_000;

/** The bundled workflows, as a worker loads them. */
export class WorkflowCode {
  readonly #creator: ReusableVMWorkflowCreator;

  private constructor(creator: ReusableVMWorkflowCreator) {
    this.#creator = creator;
  }

  static async load(activities: Record<string, ActivityFunction>): Promise<WorkflowCode> {
    const path = await workflowBundle();
    if (path === null) throw new Error('there are no workflows to bundle');
    // Stack traces of every promise: no test reads them, and they take most of the time.
    globalHandlers.installed = true;
    const code = await readFile(path, 'utf8');
    const bundle = parseWorkflowCode(code, path);
    const names = new Set(Object.keys(activities));
    return new WorkflowCode(await ReusableVMWorkflowCreator.create(bundle, LONGEST_TASK_MS, names));
  }

  /** Opens a run with the same info and seed each time it is loaded again. */
  open(execution: Execution): Promise<Workflow> {
    return this.#creator.createWorkflow({
      info: infoOf(execution),
      randomnessSeed: [1, 2, 3, 4, 5, 6, 7, 8],
      now: execution.startedAtMs,
      showStackTraceSources: false,
    });
  }
}

export interface Execution {
  workflowId: string;
  workflowType: string;
  runId: string;
  firstRunId: string;
  taskQueue: string;
  startedAtMs: number;
}

function infoOf(execution: Execution): WorkflowInfo {
  const { workflowId, workflowType, runId, firstRunId, taskQueue, startedAtMs } = execution;
  const startedAt = new Date(startedAtMs);
  return {
    workflowId,
    workflowType,
    runId,
    taskQueue,
    namespace: 'default',
    firstExecutionRunId: firstRunId,
    // Of those before it, any will do.
    ...(runId === firstRunId ? {} : { continuedFromExecutionRunId: firstRunId }),
    startTime: startedAt,
    runStartTime: startedAt,
    searchAttributes: {},
    typedSearchAttributes: new TypedSearchAttributes(),
    taskTimeoutMs: 10_000,
    attempt: 1,
    historyLength: 1,
    historySize: 0,
    continueAsNewSuggested: false,
    targetWorkerDeploymentVersionChanged: false,
    unsafe: {
      now: () => Date.now(),
      isReplaying: false,
      isReplayingHistoryEvents: false,
      random: { random: () => 0.5 },
    },
  } as unknown as WorkflowInfo;
}
