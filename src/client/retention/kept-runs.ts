import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { RUN_FILE, WORKFLOW_TYPE } from '../../contract/names.ts';
import { LASTING_TABLE_FILE, parseLastingTable } from '../../nights/lasting-table.ts';
import { runFolder } from '../../store/layout.ts';
import { safeName } from '../../store/safe-name.ts';
import type { RunKey, Store } from '../../store/store.ts';

/** Name of a run's folder, from the root of the store. */
export type RunFolderName = string;

export const folderNameOf = (names: readonly string[]): RunFolderName => names.join('/');

const nameOf = (key: RunKey): RunFolderName => folderNameOf(runFolder(key));

/** Statuses of ended runs; any other one is of a run in progress, such as one that an operator paused. */
const ENDED = ['Completed', 'Failed', 'Canceled', 'Terminated', 'ContinuedAsNew', 'TimedOut'].map(
  (status) => `'${status}'`,
);

/**
 * Lists workflows with a run in progress: their ids, by the names of their folders. The list may be
 * some seconds old. @throws gRPC errors
 */
export async function workflowsInProgress(client: Client): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.listWorkflowExecutions({
      namespace: client.options.namespace,
      query: [`WorkflowType = '${WORKFLOW_TYPE}'`, ...ENDED].join(' AND ExecutionStatus != '),
      pageSize: 1_000,
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
    });
    for (const { execution } of page.executions) {
      const id = execution?.workflowId ?? '';
      ids.set(safeName(id), id);
    }
    nextPageToken = page.nextPageToken.length === 0 ? undefined : page.nextPageToken;
  } while (nextPageToken !== undefined);
  return ids;
}

const runKey = z.object({ workflowId: z.string(), firstRunId: z.string() });
const PAST_RUN = /^(.+)\/past-runs\/[^/]+$/;

/**
 * Returns the runs that the next run of a pipeline reads. These are the runs of lasting tables, and the
 * newest of every pipeline, with which changes are compared.
 *
 * @throws RowmillError `store_unreadable`
 */
export async function runsNeeded({ pipelines }: Store): Promise<Set<RunFolderName>> {
  const needed = new Set<RunFolderName>();
  const newest = new Map<string, string>();
  for (const name of await pipelines.list('')) {
    const pipeline = PAST_RUN.exec(name)?.[1];
    // Their names sort by time.
    if (pipeline !== undefined && name > (newest.get(pipeline) ?? '')) newest.set(pipeline, name);
    if (!name.endsWith(`/${LASTING_TABLE_FILE}`)) continue;
    const table = parseLastingTable(await pipelines.readJson(name), pipelines.locate(name));
    const { origin, last, published } = table;
    for (const run of [origin, last, published]) if (run !== null) needed.add(nameOf(run));
  }
  for (const name of newest.values()) {
    const run = runKey.safeParse(await pipelines.readJson(name)).data;
    if (run !== undefined) needed.add(nameOf(run));
  }
  return needed;
}

/** Adds the runs that reruns among these continue: they read the files of those. */
export async function withPreviousRuns(
  store: Store,
  names: Iterable<RunFolderName>,
): Promise<Set<RunFolderName>> {
  const all = new Set<RunFolderName>();
  for (let next = [...names]; next.length > 0;) {
    const found: RunFolderName[] = [];
    for (const name of next) {
      if (all.has(name)) continue;
      all.add(name);
      const folder = store.folderOf({ names: name.split('/') });
      if (!(await folder.exists(RUN_FILE.previousRun))) continue;
      const previous = runKey.safeParse(await folder.readJson(RUN_FILE.previousRun)).data;
      if (previous !== undefined) found.push(nameOf(previous));
    }
    next = found;
  }
  return all;
}
