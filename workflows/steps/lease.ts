import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  setHandler,
  startChild,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { LEASE_WORKFLOW_TYPE } from '../../src/contract/names.ts';
import { waitWhilePaused } from '../control/pause.ts';
import { failureOf } from '../failures.ts';
import {
  contendSignal,
  leaseCheckSignal,
  leaseFreeSignal,
  releaseSignal,
  type LeaseInput,
} from '../lease-signals.ts';
import type { Run } from '../run.ts';

/** Time after which a run tries again to get the lease: a lease signals its end to those that wait. */
const TRY_EVERY_MS = { first: 5_000, most: 300_000, growth: 2 } as const;

/** Longest time for which a run waits until its lease has ended. */
const RELEASE_MS = 10_000;

const SUMMARY = 'Another run has the lasting table: wait until it ends';

/** Takes the lease of the pipeline's lasting table; waits while another run has it. */
export async function takeLease(run: Run): Promise<void> {
  const { state, pipeline } = run;
  if (pipeline.table.keep !== true) return;
  // Answers a lease that checks whether its holder is open.
  setHandler(leaseCheckSignal, () => undefined);
  if (state.lease !== undefined) return;
  let free = false;
  setHandler(leaseFreeSignal, () => {
    free = true;
  });
  const interrupted = state.stage;
  for (let everyMs: number = TRY_EVERY_MS.first; !(await isTaken(run));) {
    run.enter('waiting for the table');
    await waitWhilePaused(run);
    const waitMs = Math.min(everyMs, run.leftMs());
    await condition(() => free || state.pause !== null, waitMs, { summary: SUMMARY });
    free = false;
    if (run.isLate()) throw tooLate();
    everyMs = Math.min(everyMs * TRY_EVERY_MS.growth, TRY_EVERY_MS.most);
  }
  run.enter(interrupted);
}

/** Releases the lease; a run that cannot is found out by its lease once another run waits. */
export async function releaseLease(run: Run): Promise<void> {
  const { state, key } = run;
  const { lease } = state;
  if (lease === undefined || run.continuesAsNew) return;
  try {
    await CancellationScope.nonCancellable(async () => {
      await getExternalWorkflowHandle(lease).signal(releaseSignal, key);
      // The table is free once the run has ended; a lease without a worker does not delay it for long.
      if (run.leaseEnds !== null) await condition(() => run.leaseEnds === true, RELEASE_MS);
    });
  } catch (error) {
    log.warn('the lease of the table was not released', { error: failureOf(error).message });
  }
}

/** Starts the lease; `false` while another run has it. */
async function isTaken(run: Run): Promise<boolean> {
  const workflowId = leaseIdOf(run);
  const input: LeaseInput = { holder: run.key, quietMs: run.prepared.leaseQuietMs ?? 0 };
  try {
    const child = await startChild(LEASE_WORKFLOW_TYPE, {
      workflowId,
      args: [input],
      // It lasts as long as the run, which may continue as new; a cancelled run still publishes.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: `The lasting table of ${run.pipeline.name} is in use by ${run.key.workflowId}`,
    });
    run.state.lease = workflowId;
    run.leaseEnds = false;
    const ended = (): void => void (run.leaseEnds = true);
    child.result().then(ended, ended);
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await contend(workflowId, run);
    return false;
  }
}

/** Makes the lease check its holder, and signal this run at its end. */
async function contend(lease: string, { key }: Run): Promise<void> {
  try {
    await getExternalWorkflowHandle(lease).signal(contendSignal, key);
  } catch (error) {
    // The lease has just ended.
    log.info('no lease to wait for', { error: failureOf(error).message });
  }
}

/** Pipelines of two owners have two tables. No pipeline name contains `@`. */
const leaseIdOf = ({ pipeline, owner }: Run): string =>
  `rowmill-table:${pipeline.name}${owner === null ? '' : `@${owner}`}`;

const tooLate = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    'the deadline was reached while another run had the lasting table',
    'deadline_reached',
  );
