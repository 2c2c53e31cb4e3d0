import type { FaultScript, SandboxOptions } from '../../../sandbox/index.ts';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import type { DiskState } from './machine/stage.ts';
import type { Absence } from './temporal/deployment.ts';

/** All that is decided beforehand about one simulated run; plain data, so that it can be kept. */
export interface ChaosScript {
  provider: string;
  rows: number;
  /** Columns of the pipeline, by name in the provider's case. */
  columns: keyof ProviderCase['tables'];
  sandbox: {
    seed: number;
    failRate: number;
    alwaysFailsRate: number;
    statusLagMs: number;
    concurrency: number;
    cellMs: { min: number; max: number };
  };
  /** Choices that the reference of the provider leaves open; left out: the usual ones. */
  api?: NonNullable<SandboxOptions['promptLayer']>;
  /** Rows of a request, so that a short list takes many of them; left out: as many as the API takes. */
  limits?: { rowsPerAdd: number; rowsPerPage: number };
  run: { failedPasses: number; stallAfter: string; deadline: string; mode?: 'all' };
  approveAbove: number | null;
  /** Share of the estimate that the run may ask for, over all passes; left out: there is no limit. */
  ceiling?: { share: number; onCeiling: 'publish' | 'ask' };
  /** A budget of the day, by shares of the estimate; left out: the pipeline names none. */
  perDay?: { share: number; usedByOthers: number };
  /** The last column has a condition on the key, some rows go first, or both; left out: neither. */
  stages?: 'when' | 'canary' | 'both';
  /** The last column is expected to be filled, and what follows if it is not; left out: nothing is expected. */
  expect?: 'hold' | 'partial' | 'warn';
  faults: FaultScript;
  kills: Kill[];
  /** Left out: no worker is absent. */
  absences?: WorkerAbsence[];
  lost: LostResult[];
  actions: Action[];
  /** Requests to rerun it, each when the run before has ended; left out: there are none. */
  reruns?: Rerun[];
  /** Events after which the server suggests to continue as new; `null` = never. */
  continueAsNewAfterEvents: number | null;
}

/** A worker dies. */
export interface Kill {
  /** During an attempt of this activity, or in a `workflow` task. */
  during: string;
  /** The n-th attempt (or task), counted over the whole run. */
  nth: number;
  /** Number of the rerun: 1, 2, …; left out: the run itself. */
  rerun?: number;
  /**
   * Step of the kill: a request going out, being on its way, answered; a file; a pause; the end.
   */
  step: number;
  /** A request that is on its way when the worker dies commits so much later. */
  commitsLaterMs: number;
  downMs: number;
}

/** A worker is cut off from Temporal for a while, or stands still, and another one takes over. */
export interface WorkerAbsence {
  /** Activity of the step, which otherwise is that of a kill. */
  during: string;
  nth: number;
  rerun?: number;
  step: number;
  how: Absence;
  forMs: number;
  /** The reply to the request that is on its way comes so much later. */
  answeredLaterMs: number;
}

/** The n-th attempt of an activity ends, and the server never hears of it. */
export interface LostResult {
  of: string;
  nth: number;
  /** Number of the rerun, as of a kill. */
  rerun?: number;
}

/** Request to rerun a run that has ended. */
export interface Rerun {
  /** Time after its end. */
  afterMs: number;
  /** Delay of a second client with the same request; `null`: there is none. */
  alsoAfterMs: number | null;
  /** Set if its costs need no approval. */
  approved: boolean;
  /** Runs that have ended expire: before the first request, or before that of the second client. */
  expires?: 'before' | 'meanwhile' | null;
  /** Counted from the first request. */
  actions: Action[];
}

/** Action of an operator on the run. */
export interface Action {
  atMs: number;
  do: string;
  /** Input of `adjust`; of `clock`, which sets that of the worker's machine, how far; of `disk`, its fault. */
  with?: { deadline?: string; maxPollInterval?: string; aheadMs?: number; disk?: DiskState };
}
