import { NEEDS_PERSON, needsPerson } from '../../client/runs/lookup/needs-person.ts';
import { Rowmill } from '../../client/rowmill.ts';
import type { RowmillRun } from '../../client/rowmill-run.ts';
import type { RunInfo } from '../../client/runs/lookup/list.ts';
import type { RowmillError } from '../../errors.ts';
import { uiLink, uiListLink } from '../../text/ui-link.ts';
import type { Cli } from '../io/context.ts';

/** Connection to a Temporal server, with all that a command about runs needs. */
export interface Session {
  rowmill: Rowmill;
  /** Returns the page of a run in the Temporal UI, if there is one. */
  readonly linkTo: (run: { workflowId: string; runId: string }) => string | null;
  /** Returns the page of the runs that a list filter finds. */
  readonly linkToList: (query: string) => string | null;
  /** `host:port` of an embedded server, which ends with the session. */
  readonly ownAddress?: string;
  /** Resolves with an error when the embedded server or worker is lost; undefined without them. */
  readonly broken?: Promise<RowmillError>;
  /** Starts a worker for the task queue of one run; undefined if workers run elsewhere. */
  readonly wake?: (taskQueue: string) => Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a session with the configured server. @throws RowmillError `temporal_unreachable`,
 * `temporal_unsupported`, `usage`
 */
export async function openSession(cli: Cli): Promise<Session> {
  const rowmill = await Rowmill.connect({ env: cli.env });
  const { namespace } = rowmill;
  const uiUrl = cli.env['ROWMILL_UI_URL']?.trim() || null;
  return {
    rowmill,
    linkTo: (run) => uiLink(uiUrl, namespace, run),
    linkToList: (query) => uiListLink(uiUrl, namespace, query),
    close: () => rowmill.close(),
  };
}

/** Opens a session, runs `work`, and always closes the session. */
export async function withSession<T>(cli: Cli, work: (session: Session) => Promise<T>): Promise<T> {
  return closing(await openSession(cli), work);
}

/** Runs `work` in a session, and always closes the session. */
export async function closing<T>(
  session: Session,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/**
 * Finds the run that a command acts on. Starts a worker for an embedded run that is asleep, for the
 * duration of the command.
 * @throws RowmillError `run_not_found`
 */
export async function runToActOn(
  cli: Cli,
  session: Session,
  workflowId: string,
): Promise<RowmillRun> {
  const run = await session.rowmill.attach(workflowId);
  if (await isAsleep(session, run)) {
    cli.log(`${workflowId} was asleep: it goes on while this command runs`);
    await session.wake?.(run.taskQueue);
  }
  return run;
}

/** Checks for an unfinished run without a worker. */
export async function isAsleep({ wake }: Session, run: RowmillRun): Promise<boolean> {
  if (wake === undefined) return false;
  const availability = await run.workerAvailability();
  return availability !== null && availability !== 'yes';
}

/**
 * Returns the page of the runs that need an operator; `null` if none of these does, or without a
 * UI.
 */
export const linkToNeedsPerson = (
  { linkToList }: Session,
  runs: readonly RunInfo[],
): string | null => (runs.some(needsPerson) ? linkToList(NEEDS_PERSON) : null);

/** Prints how another shell reaches a run on the embedded server. */
export function printConnectHint(cli: Cli, { ownAddress }: Session, workflowId: string): void {
  if (ownAddress === undefined) return;
  cli.log(`From another shell here: TEMPORAL_ADDRESS=${ownAddress} rowmill status ${workflowId}`);
}
