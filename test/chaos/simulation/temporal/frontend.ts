import { Client, type ConnectionLike, type WorkflowService } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';
import type { Timeline } from '../virtual-time.ts';
import { AlreadyStarted, type Cluster } from './cluster.ts';
import { timestamp, type Payload } from './proto.ts';
import type { TemporalServer, WorkflowEnd } from './server.ts';

const { workflowservice } = proto.temporal.api;
const { WorkflowExecutionStatus: STATUS } = proto.temporal.api.enums.v1;

/** One way, between a client and the server. */
const WAY_MS = 4;

/** The list lags behind. */
const LISTED_AFTER_MS = 2_000;

/** Code of gRPC. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;

/** An error of gRPC, with no more to it than its code. */
const refused = (code: number, details: string): Error =>
  Object.assign(new Error(details), { code, details, metadata: { get: () => [] } });

interface Named {
  execution?: { workflowId?: string | null } | null;
}

/** The calls of the server that taking up a run again needs, answered by the simulated one. */
function serviceOf(cluster: Cluster, timeline: Timeline) {
  const onItsWay = (): Promise<void> => {
    return new Promise((resolve) => void timeline.in(WAY_MS, resolve, null));
  };

  async function answer<T>(act: () => T): Promise<Awaited<T>> {
    await onItsWay();
    try {
      return await act();
    } finally {
      await onItsWay();
    }
  }

  function find({ execution }: Named): TemporalServer {
    const found = cluster.find(execution?.workflowId ?? '');
    if (found === null) throw refused(NOT_FOUND, 'workflow not found');
    return found;
  }

  return {
    startWorkflowExecution: ({ workflowId, input }: Start) =>
      answer(async () => {
        try {
          const started = await cluster.start(workflowId ?? '', input?.payloads?.[0] ?? {});
          return { runId: started.firstRunId };
        } catch (error) {
          if (!(error instanceof AlreadyStarted)) throw error;
          throw refused(ALREADY_EXISTS, 'workflow execution already started');
        }
      }),

    describeWorkflowExecution: (request: Named) =>
      answer(() =>
        workflowservice.v1.DescribeWorkflowExecutionResponse.create({
          workflowExecutionInfo: infoOf(find(request)),
        }),
      ),

    /** Lists the workflows whose id begins so: nothing else is asked for. */
    listWorkflowExecutions: ({ query }: { query?: string | null }) =>
      answer(() => {
        const prefix = /STARTS_WITH '([^']*)'$/.exec(query ?? '')?.[1];
        if (prefix === undefined) throw new Error(`cannot be listed: ${String(query)}`);
        const listed = cluster.known.filter(
          ({ workflowId, startedAtMs }) =>
            workflowId.startsWith(prefix) && startedAtMs + LISTED_AFTER_MS <= timeline.nowMs,
        );
        return { executions: listed.map(infoOf), nextPageToken: new Uint8Array() };
      }),

    /** Returns the first event of a history, or its end. */
    getWorkflowExecutionHistory: (request: Named & { waitNewEvent?: boolean | null }) =>
      answer(() => {
        const { input, end } = find(request);
        const event = request.waitNewEvent === true ? closing(end) : opening(input);
        return { history: { events: [event] }, nextPageToken: new Uint8Array() };
      }),
  };
}

function infoOf({ workflowId, firstRunId, type, taskQueue, startedAtMs, end }: TemporalServer) {
  return proto.temporal.api.workflow.v1.WorkflowExecutionInfo.create({
    execution: { workflowId, runId: firstRunId },
    firstRunId,
    type: { name: type },
    taskQueue,
    status: end === null ? STATUS.WORKFLOW_EXECUTION_STATUS_RUNNING : STATUS_OF[end.how],
    startTime: timestamp(startedAtMs),
  });
}

interface Start {
  workflowId?: string | null;
  input?: { payloads?: Payload[] | null } | null;
}

const STATUS_OF: Record<WorkflowEnd['how'], temporal.api.enums.v1.WorkflowExecutionStatus> = {
  completed: STATUS.WORKFLOW_EXECUTION_STATUS_COMPLETED,
  failed: STATUS.WORKFLOW_EXECUTION_STATUS_FAILED,
  cancelled: STATUS.WORKFLOW_EXECUTION_STATUS_CANCELED,
  terminated: STATUS.WORKFLOW_EXECUTION_STATUS_TERMINATED,
  broken: STATUS.WORKFLOW_EXECUTION_STATUS_RUNNING,
};

const opening = (input: Payload) => ({
  workflowExecutionStartedEventAttributes: { input: { payloads: [input] } },
});

/** Returns the closing event; only the result of a run that has completed is ever asked for. */
function closing(end: WorkflowEnd | null) {
  if (end?.how !== 'completed') throw new Error('it has no result');
  const payloads = end.result === null ? [] : [end.result];
  return { workflowExecutionCompletedEventAttributes: { result: { payloads } } };
}

/** The SDK's own client, on the simulated server. */
export function clientOf(cluster: Cluster, timeline: Timeline): Client {
  const connection = {
    plugins: [],
    // The calls that are made, of some hundred.
    workflowService: serviceOf(cluster, timeline) as unknown as WorkflowService,
  };
  // The client asks its connection for nothing else.
  return new Client({ connection: connection as unknown as ConnectionLike });
}
