import { NEEDS_PERSON, needsPerson } from '../../client/runs/needs-person.ts';
import { Rowmill } from '../../client/rowmill.ts';
import type { RowmillRun } from '../../client/rowmill-run.ts';
import type { RunInfo } from '../../client/runs/list.ts';
import type { RowmillError } from '../../errors.ts';
import type { Cli } from '../io/context.ts';

/** A Temporal server to talk to, and what else a command about runs needs to know. */
export interface Session {
  rowmill: Rowmill;
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
    return await work(session);
  } finally {
    await session.close();
  }
}

/**
 * Finds a run that a command is to act on. Where the run is asleep in the state of this folder, a
 * worker starts for it, as long as the command lives.
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

/** Unfinished, and without a worker that serves it. */
export async function isAsleep({ wake }: Session, run: RowmillRun): Promise<boolean> {
  if (wake === undefined) return false;
  const availability = await run.workerAvailability();
  return availability !== null && availability !== 'yes';
}

/** Page of the runs that need an operator; `null` where none of these does, or nothing shows it. */
export const linkToNeedsPerson = (
  { linkToList }: Session,
  runs: readonly RunInfo[],
): string | null => (runs.some(needsPerson) ? linkToList(NEEDS_PERSON) : null);

/** How another shell reaches a run whose server is ours. */
export function printConnectHint(cli: Cli, { ownAddress }: Session, workflowId: string): void {
  if (ownAddress === undefined) return;
  cli.log(`From another shell here: TEMPORAL_ADDRESS=${ownAddress} rowmill status ${workflowId}`);
}

/** A run's page in the Temporal UI, or `null` when nothing says where the UI is. */
export function uiLink(
  base: string | null,
  namespace: string,
  run: { workflowId: string; runId: string },
): string | null {
  return pageOf(base, ['namespaces', namespace, 'workflows', run.workflowId, run.runId, 'history']);
}

/** The UI's list of the runs that a list filter finds. */
export function uiListLink(base: string | null, namespace: string, query: string): string | null {
  const page = pageOf(base, ['namespaces', namespace, 'workflows']);
  return page === null ? null : `${page}?query=${encodeURIComponent(query)}`;
}

const pageOf = (base: string | null, path: readonly string[]): string | null =>
  base === null ? null : `${base.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`;
