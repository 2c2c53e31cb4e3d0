import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { WORKFLOW_TYPE } from '../../contract/names.ts';
import type { EnrichTableInput } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import { inlineCode } from '../../text/markdown.ts';
import { withInlineRows } from '../pipelines/read.ts';
import { describeRun } from './lookup/describe.ts';
import { ownedMemo, ownerOf, withOwner, type Owned } from './lookup/ownership.ts';
import { initialSearchAttributes, listed, storeMemo } from './metadata.ts';
import { endedRun, type EndedRun, latestRun } from './previous.ts';
import { attachedTo, type StartedRun } from './start.ts';
import { approveIfWaiting } from './update.ts';

export interface RerunOptions extends Owned {
  taskQueue: string;
  /** True if the server has rowmill's search attributes. */
  searchAttributes: boolean;
  /** Marks the estimate as approved. */
  approved?: boolean;
  /** Store that has the runs expired in Temporal. */
  store?: Store;
}

/**
 * Continues a run that has ended: a new run `<id>-rerun-<n>` on the same table. It requests only
 * cells without an answer and publishes all results again. Completed cells are never paid twice.
 * @throws RowmillError `action_refused` (in progress, or never had a table), `run_not_found`
 */
export async function rerunRun(
  client: Client,
  workflowId: string,
  options: RerunOptions,
): Promise<StartedRun> {
  const store = options.store ?? null;
  const latest = await latestRun(client, workflowId, store);
  if (latest.isRunning) {
    throw new RowmillError('action_refused', 'the run is in progress', {
      where: `run ${latest.workflowId}`,
      remedy: 'Ask it for one more pass (the update rerunFailed), or wait until it has ended.',
    });
  }
  const { description, nextId } = latest;
  const ended = await endedRun(client, latest.workflowId, description, store);
  try {
    // A rerun keeps the owner of the run.
    const owner = options.owner ?? (description === null ? undefined : ownerOf(description));
    return await start(client, nextId, ended, { ...options, owner });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Another client made the same request first.
    const there = attachedTo(await describeRun(client, nextId));
    if (options.approved === true) await approveIfWaiting(client, there);
    return there;
  }
}

async function start(
  client: Client,
  workflowId: string,
  { key, pipeline, tableId, previousRun }: EndedRun,
  { taskQueue, searchAttributes, approved, owner, startedBy, store }: RerunOptions,
): Promise<StartedRun> {
  const { source } = pipeline.rows;
  const input: EnrichTableInput = {
    // Inline rows are dropped: the store has them.
    pipeline: source.type === 'inline' ? withInlineRows(pipeline, []) : pipeline,
    previousRun: {
      ...key,
      ...(tableId === null ? {} : { tableId }),
      ...(previousRun === null ? {} : { previousRun }),
    },
    ...(approved === true ? { approved } : {}),
  };
  const handle = await client.workflow.start(WORKFLOW_TYPE, {
    workflowId,
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: { ...storeMemo(store), ...ownedMemo({ owner, startedBy }) },
    staticSummary: `Rerun failed and open cells of ${key.workflowId} with ${pipeline.provider}`,
    staticDetails: [
      `- **goes on with** run ${inlineCode(key.workflowId)}, its table and its rows`,
      `- **pipeline** ${inlineCode(pipeline.name)}, provider ${inlineCode(pipeline.provider)}`,
      `- **results** ${listed(pipeline.results.map(({ to }) => to))}`,
    ].join('\n'),
    ...(searchAttributes
      ? {
          typedSearchAttributes: withOwner(
            initialSearchAttributes({ pipeline, rows: null }),
            owner,
          ),
        }
      : {}),
  });
  return { workflowId, runId: handle.firstExecutionRunId, taskQueue, attached: false };
}
