import { defineSignal } from '@temporalio/workflow';

/**
 * The lease of a lasting table: one run writes to it at a time.
 *
 * The lease is a workflow of its own, whose id names the table. Temporal opens no second workflow of
 * an id, also while networks are cut, so no second run gets the lease. A run starts it as a child and
 * releases it at its end. A run that was terminated cannot: other runs make the lease check whether
 * its holder is still open.
 */

/** A run, by ids that its retries, resets and continuations share. */
export interface LeaseRun {
  workflowId: string;
  firstRunId: string;
}

export interface LeaseInput {
  holder: LeaseRun;
  /** Time between the end of a holder that did not release and the next one: requests may be in progress. */
  quietMs: number;
}

/** The holder has ended its work on the table. */
export const releaseSignal = defineSignal<[LeaseRun]>('release');

/** Another run waits for the table. */
export const contendSignal = defineSignal<[LeaseRun]>('contend');

/** Sent by a lease to its holder: only an open run can be sent a signal. */
export const leaseCheckSignal = defineSignal('leaseCheck');

/** Sent by a lease to the runs that wait, when it ends. */
export const leaseFreeSignal = defineSignal('leaseFree');

/** Checks whether two runs are the same, across retries and continuations. */
export const isSameRun = (one: LeaseRun, other: LeaseRun): boolean =>
  one.workflowId === other.workflowId && one.firstRunId === other.firstRunId;
