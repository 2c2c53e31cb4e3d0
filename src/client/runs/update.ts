import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { UPDATE } from '../../contract/names.ts';
import type { Adjusted, AdjustRequest, ApproveRequest, PauseRequest } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import {
  checkAdjustInput,
  checkApproveInput,
  checkPauseInput,
  type InputIssue,
} from '../../rules/input/update-input.ts';
import { isOutage } from '../../temporal/grpc-errors.ts';
import { errorOfServer } from '../../temporal/server-error.ts';
import { noWorkerText, workerAvailability } from '../../temporal/task-queue.ts';
import { errorOfRun } from './lookup/errors.ts';
import { liveProgress } from './lookup/live-progress.ts';

export { MAX_TEXT } from '../../rules/input/update-input.ts';

/** A running worker accepts an update within milliseconds. */
const WAIT_MS = 20_000;

/** Input and result of each update. */
export interface Updates {
  approveSpend: { takes: ApproveRequest; gives: undefined };
  pause: { takes: PauseRequest; gives: undefined };
  resume: { takes: undefined; gives: undefined };
  rerunFailed: { takes: undefined; gives: undefined };
  adjust: { takes: AdjustRequest; gives: Adjusted };
}

export type UpdateName = (typeof UPDATE)[keyof typeof UPDATE];

/**
 * Checks a request before any run is asked.
 * @param nameOf Name of a field as the caller wrote it, for errors.
 * @throws RowmillError `usage`
 */
export function checkRequest<N extends UpdateName>(
  update: N,
  request: Updates[N]['takes'] | undefined,
  nameOf = (field: string): string => `${update}.${field}`,
): void {
  const mistake = request === undefined ? null : (INPUT_CHECKS[update]?.(request) ?? null);
  if (mistake === null) return;
  const { field, what, remedy } = mistake;
  throw new RowmillError('usage', what, { where: field === null ? update : nameOf(field), remedy });
}

const INPUT_CHECKS: Partial<Record<UpdateName, (request: unknown) => InputIssue | null>> = {
  approveSpend: checkApproveInput,
  pause: checkPauseInput,
  adjust: checkAdjustInput,
};

/**
 * Sends an update to a run and waits until a worker has accepted it.
 * @throws RowmillError `action_refused` (wrong stage, run ended, no worker) with a remedy;
 * `ambiguous` if a worker may still accept the update
 */
export async function updateRun<N extends UpdateName>(
  client: Client,
  workflowId: string,
  taskQueue: string,
  update: N,
  request?: Updates[N]['takes'],
): Promise<Updates[N]['gives']> {
  const where = `run ${workflowId}`;
  const served = await workerAvailability(client, taskQueue);
  if (served === 'no') {
    throw new RowmillError('action_refused', noWorkerText(taskQueue), { where });
  }
  try {
    return await client.withDeadline(Date.now() + WAIT_MS, () => {
      const handle = client.workflow.getHandle(workflowId);
      return request === undefined
        ? handle.executeUpdate<Updates[N]['gives'], []>(update)
        : handle.executeUpdate<Updates[N]['gives'], [unknown]>(update, { args: [request] });
    });
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw errorOfRun(error, workflowId);
    if (error instanceof WorkflowNotFoundError) {
      throw new RowmillError('action_refused', 'the run has ended', { where, cause: error });
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isOutage(error)) {
      const lost = errorOfServer(error);
      const late = `no worker took it within ${WAIT_MS / 1000} s`;
      const unserved = served === 'yes' ? late : noWorkerText(taskQueue);
      // The server stores the update for the next worker; it cannot be withdrawn.
      const remedy = `The next worker may still carry it out: see \`rowmill status ${workflowId}\` before you ask again.`;
      throw new RowmillError(lost?.code ?? 'action_refused', lost?.what ?? unserved, {
        where,
        remedy,
        cause: error,
        ambiguous: true,
      });
    }
    throw error;
  }
}

/**
 * Approves the credits of a run that may not wait for approval, or not yet: it accepts none before
 * its rows are prepared.
 * @returns false if no worker answers, or an operator paused the run before
 */
export async function approveIfWaiting(
  client: Client,
  { workflowId, taskQueue, signal }: Approved,
): Promise<boolean> {
  while (signal?.aborted !== true && (await workerAvailability(client, taskQueue)) !== 'no') {
    const progress = await liveProgress(client.workflow.getHandle(workflowId));
    if (progress === null || progress.paused?.at === 'preparing rows') return false;
    // The approval of a spend is none of results, and none of what a canary found.
    const { failed, canary } = progress.pendingApproval ?? {};
    if (failed !== undefined || canary !== undefined) return false;
    if (progress.stage !== 'preparing rows') {
      await updateRun(client, workflowId, taskQueue, UPDATE.approveSpend).catch(unlessRefused);
      return true;
    }
    await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

interface Approved {
  workflowId: string;
  taskQueue: string;
  signal?: AbortSignal | undefined;
}

const CHECK_EVERY_MS = 500;

/** Ignores a rejection: the run does not wait for approval, or another operator approved it. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof RowmillError && error.code === 'action_refused')) throw error;
}
