import { Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { connectToNamespace } from '../client/connection.ts';
import { taskQueueOf, wantsSearchAttributes } from '../client/environment.ts';
import { describeRun } from '../client/find-run.ts';
import { knowsSearchAttributes } from '../client/search-attributes.ts';
import { inOurWords } from '../client/server-error.ts';
import type { StartedRun } from '../client/start-run.ts';
import { servedNow } from '../client/workers.ts';
import type { RowmillError } from '../errors.ts';
import type { Cli } from './context.ts';
import { uiLink, uiListLink } from './ui-link.ts';

/** A Temporal server to talk to, and what else a command about runs needs to know. */
export interface Session {
  client: Client;
  taskQueue: string;
  /** Whether the server knows rowmill's search attributes. */
  searchAttributes: boolean;
  /** Page of a run in the Temporal UI, where there is one. */
  readonly linkTo: (run: { workflowId: string; runId: string }) => string | null;
  /** Page of the runs that a list filter finds. */
  readonly linkToList: (query: string) => string | null;
  /** `host:port` of a server of our own, which ends with the session. */
  readonly ownAddress?: string;
  /** Settles when the server or the worker of the session is lost; without it neither is ours. */
  readonly broken?: Promise<RowmillError>;
  /** Starts a worker for the task queue of one run. Without it, workers are elsewhere. */
  readonly wake?: (taskQueue: string) => Promise<void>;
  close(): Promise<void>;
}

/** @throws RowmillError `temporal_unreachable`, `temporal_unsupported`, `usage` */
export async function openSession(cli: Cli): Promise<Session> {
  const { connection, namespace } = await connectToNamespace({ env: cli.env });
  const uiUrl = cli.env['ROWMILL_UI_URL']?.trim() || null;
  return {
    client: new Client({ connection, namespace }),
    taskQueue: taskQueueOf(cli.env),
    searchAttributes:
      wantsSearchAttributes(cli.env) && (await knowsSearchAttributes(connection, namespace)),
    linkTo: (run) => uiLink(uiUrl, namespace, run),
    linkToList: (query) => uiListLink(uiUrl, namespace, query),
    close: () => connection.close(),
  };
}

/** Opens a session, does the work, and closes it whatever happens. */
export async function withSession<T>(cli: Cli, work: (session: Session) => Promise<T>): Promise<T> {
  return closing(await openSession(cli), work);
}

/** Does the work of a session, and closes it whatever happens. */
export async function closing<T>(
  session: Session,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    return await inOurWords(session.client, () => work(session));
  } finally {
    await session.close();
  }
}

/**
 * Describes a run that a command is to act on. Where the run is asleep in the state of this folder, a
 * worker starts for it, as long as the command lives.
 * @throws RowmillError `run_not_found`
 */
export async function runToActOn(
  cli: Cli,
  session: Session,
  workflowId: string,
): Promise<WorkflowExecutionDescription> {
  const run = await describeRun(session.client, workflowId);
  if (await isAsleep(session, run)) {
    cli.say(`${workflowId} was asleep: it goes on while this command runs`);
    await session.wake?.(run.taskQueue);
  }
  return run;
}

/** Wakes a run of the state folder; gives back the task queue its worker polls. */
export async function workOn(
  { client, taskQueue, wake }: Session,
  { workflowId, runId, attached }: StartedRun,
): Promise<string> {
  if (wake === undefined) return taskQueue;
  const queue = attached ? (await describeRun(client, workflowId, runId)).taskQueue : taskQueue;
  await wake(queue);
  return queue;
}

/** Unfinished, and without a worker that serves it. */
export async function isAsleep(
  { client, wake }: Session,
  { status, taskQueue }: Pick<WorkflowExecutionDescription, 'status' | 'taskQueue'>,
): Promise<boolean> {
  if (wake === undefined || status.name !== 'RUNNING') return false;
  return (await servedNow(client, taskQueue)) !== 'yes';
}

/** How another shell reaches a run whose server is ours. */
export function sayWhere(cli: Cli, { ownAddress }: Session, workflowId: string): void {
  if (ownAddress === undefined) return;
  cli.say(`From another shell here: TEMPORAL_ADDRESS=${ownAddress} rowmill status ${workflowId}`);
}
