import { proxyActivities, type RetryPolicy, workflowInfo } from '@temporalio/workflow';
import { pollQueueOf } from '../src/contract/names.ts';
import type { Activities, PollActivities } from '../activities/index.ts';

/**
 * Builds a retry policy. The table of error codes decides which errors are retried; policies only
 * set the pace. They never count attempts, which deploys and crashes would use up. The run's
 * deadline bounds a step (`scheduleToClose`, given at each call).
 */
const retry = (policy: RetryPolicy): RetryPolicy => ({
  backoffCoefficient: 2,
  // A result too large for Temporal fails the same way for ever.
  nonRetryableErrorTypes: ['PayloadsTooLarge'],
  ...policy,
});

/** A lost worker is noticed after this long. */
const HEARTBEAT = '30s';

/** A step that is cancelled has come to its end before anything follows: never two writers at once. */
const cancellationType = 'WAIT_CANCELLATION_COMPLETED';

/** Local files and one request: what fails here is worth a quick second try. */
export const { prepareRows } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '30m',
  retry: retry({ initialInterval: '1s', maximumInterval: '30s' }),
});

/** Local files only: compares two lists of rows. */
export const { openNight } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '30m',
  retry: retry({ initialInterval: '1s', maximumInterval: '30s' }),
});

/** A few requests; only an operator lets it change columns. */
export const { matchColumns } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '30m',
  retry: retry({ initialInterval: '2s', maximumInterval: '2m' }),
});

/** Reads the whole table, and changes rows; what an attempt has changed, the next one finds. */
export const { changeInputs } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '12h',
  retry: retry({ initialInterval: '2s', maximumInterval: '2m' }),
});

/** Long, because it sends several requests; a table of many columns takes time while many fail. */
export const { ensureTable } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '30m',
  retry: retry({ initialInterval: '5s', maximumInterval: '2m' }),
});

/** 100 k rows at 10 requests a second take 4 minutes; an attempt goes on where the last one was. */
export const { loadRows } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '12h',
  retry: retry({ initialInterval: '2s', maximumInterval: '2m' }),
});

/** Updates of a workflow on the same server. */
export const { joinBudget, reserveBudget } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '5m',
  retry: retry({ initialInterval: '1s', maximumInterval: '30s' }),
});

/** Money: a slow second try, after the status had time to show what the first one did. */
export const { startPass } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '15m',
  retry: retry({ initialInterval: '5s', maximumInterval: '5m' }),
});

/** Reads only; goes on at the last part that was written. */
export const { collectResults } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '12h',
  retry: retry({ initialInterval: '2s', maximumInterval: '1m' }),
});

/** Disks fill up and are cleared; an operator may have to make room. */
export const { publishResults } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '2h',
  retry: retry({ initialInterval: '2s', maximumInterval: '1m' }),
});

/** Sends one cheap request. */
export const { checkCredits } = proxyActivities<Activities>({
  cancellationType,
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '5m',
  retry: retry({ initialInterval: '2s', maximumInterval: '1m' }),
});

/** The operator who cancels waits for this: a few attempts, then the run ends without it. */
export const { cancelQueuedCells } = proxyActivities<Activities>({
  heartbeatTimeout: HEARTBEAT,
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '5m',
  retry: retry({ initialInterval: '1s', maximumInterval: '20s' }),
});

/** A receiver that is down for longer is recorded in the manifest; the run does not wait for it. */
export const { sendNotification } = proxyActivities<Activities>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '10m',
  retry: retry({ initialInterval: '2s', maximumInterval: '1m' }),
});

/** Best effort: keeps the run open for at most 10 minutes. */
export const { recordNotifications } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '10m',
  retry: retry({ initialInterval: '2s', maximumInterval: '1m' }),
});

/** A failed poll costs nothing but time: soon again, for as long as the run may last. */
export const pollingSteps = () =>
  proxyActivities<PollActivities>({
    taskQueue: pollQueueOf(workflowInfo().taskQueue),
    cancellationType,
    heartbeatTimeout: HEARTBEAT,
    startToCloseTimeout: '25h',
    retry: retry({ initialInterval: '1s', maximumInterval: '30s' }),
  });
