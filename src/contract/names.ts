/** Names that clients, workers and workflows must agree on (the interface is a promise). */

export const WORKFLOW_TYPE = 'enrichTable';

/** Workflow type of the lease of a lasting table. */
export const LEASE_WORKFLOW_TYPE = 'tableLease';

export const DEFAULT_TASK_QUEUE = 'rowmill';

/** The queue of the long, cheap waits: many slots, short heartbeat throttle. */
export const pollQueueOf = (taskQueue: string): string => `${taskQueue}-polls`;

export const QUERY = { progress: 'progress' } as const;

export const UPDATE = {
  approveSpend: 'approveSpend',
  pause: 'pause',
  resume: 'resume',
  rerunFailed: 'rerunFailed',
  adjust: 'adjust',
} as const;

/** Signals of a run. `cancelRequest` comes just before a cancel and names its sender. */
export const SIGNAL = { cancelRequest: 'cancelRequest' } as const;

export const SEARCH_ATTRIBUTE = {
  pipeline: 'RowmillPipeline',
  stage: 'RowmillStage',
  outcome: 'RowmillOutcome',
  tableId: 'RowmillTableId',
  rows: 'RowmillRows',
  failedCells: 'RowmillFailedCells',
  owner: 'RowmillOwner',
  progress: 'RowmillProgress',
} as const;

/** Memo field with the digest of pipeline and rows: equal for runs of the same work. */
export const MEMO_FINGERPRINT = 'rowmillFingerprint';

/** Files of a run in the store, staged rows included. */
export const RUN_FILE = {
  rows: 'rows.jsonl',
  /** Rows of the source that `rows.skipBad` or `rows.duplicates` left out. */
  badRows: 'bad-rows.jsonl',
  /** Columns of the source that come back with the results. */
  columns: 'columns.json',
  /** The pipeline, for a rerun after the run has expired in Temporal. */
  pipeline: 'pipeline.json',
  /** The run that a rerun continues. */
  previousRun: 'previous-run.json',
  results: 'results.jsonl',
  quarantine: 'quarantine.jsonl',
  /** Rows that differ from the last publication at the first target. */
  changes: 'changes.jsonl',
  manifest: 'manifest.json',
  /** Facts of the report. */
  report: 'report.json',
} as const;

/** End of the name of a published report. */
export const REPORT_END = '.report.html';

/** Folder in the store, outside of runs, where runs of a gateway may publish. */
export const EXPORTS_FOLDER = 'exports';

/** Folders in a run's folder with files of a step in progress; a killed one may leave them. */
export const WORK_FOLDER = { scan: 'parts/', comparison: 'comparison/' } as const;

/** Memo field with the digest of the whole request, of runs that were started by a key. */
export const MEMO_REQUEST = 'rowmillRequest';

/** Memo fields of runs started through a gateway: their owner, and the token that started them. */
export const MEMO_OWNER = 'rowmillOwner';
export const MEMO_STARTED_BY = 'rowmillStartedBy';

/** Memo field with the store of the client that started the run. */
export const MEMO_STORE = 'rowmillStore';

/** Memo fields of scheduled runs: the file or the owner that the schedule is of, and when it runs. */
export const MEMO_FILE = 'rowmillFile';
export const MEMO_SCHEDULE = 'rowmillSchedule';

/** Activities of the main task queue: short and paging steps. */
export type MainStep =
  | 'prepareRows'
  | 'ensureTable'
  | 'loadRows'
  | 'startPass'
  | 'collectResults'
  | 'publishResults'
  | 'checkCredits'
  | 'cancelQueuedCells'
  | 'sendNotification'
  | 'recordNotifications';

/** Activities of the poll queue: the long, cheap waits. */
export type PollStep = 'awaitIdle' | 'awaitAccount';

/** Name of an activity, as in the history of a run. */
export type StepName = MainStep | PollStep;
