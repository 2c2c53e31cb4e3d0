import { Client } from '@temporalio/client';
import { connectTemporal } from '../client/connection.ts';
import { DEFAULT_TASK_QUEUE } from '../contract/names.ts';
import { missingSearchAttributes } from '../dev/temporal/search-attributes.ts';
import type { RowmillError } from '../errors.ts';
import type { Cli, Env } from './context.ts';
import { uiLink } from './ui-link.ts';

/** A Temporal server to talk to, and what else a command about runs needs to know. */
export interface Session {
  client: Client;
  taskQueue: string;
  /** Whether the server knows rowmill's search attributes. */
  searchAttributes: boolean;
  /** Page of a run in the Temporal UI, where there is one. */
  readonly linkTo: (run: { workflowId: string; runId: string }) => string | null;
  /** Settles when the server or the worker of the session is lost; without it neither is ours. */
  readonly broken?: Promise<RowmillError>;
  close(): Promise<void>;
}

export const taskQueueOf = (env: Env): string =>
  env['ROWMILL_TASK_QUEUE']?.trim() || DEFAULT_TASK_QUEUE;

/** @throws RowmillError `temporal_unreachable`, `temporal_unsupported`, `usage` */
export async function openSession(cli: Cli): Promise<Session> {
  const { connection, namespace } = await connectTemporal({ env: cli.env });
  const uiUrl = cli.env['ROWMILL_UI_URL']?.trim() || null;
  return {
    client: new Client({ connection, namespace }),
    taskQueue: taskQueueOf(cli.env),
    searchAttributes:
      !isOff(cli.env['ROWMILL_SEARCH_ATTRIBUTES']) &&
      (await knowsSearchAttributes(connection, namespace)),
    linkTo: (run) => uiLink(uiUrl, namespace, run),
    close: () => connection.close(),
  };
}

/** The worker would not keep them up to date then. */
const isOff = (text: string | undefined): boolean => /^(off|false|0|no)$/i.test(text?.trim() ?? '');

/** Not every account may ask; runs do without them then. */
const knowsSearchAttributes = (
  ...where: Parameters<typeof missingSearchAttributes>
): Promise<boolean> =>
  missingSearchAttributes(...where).then(
    (missing) => missing.length === 0,
    () => false,
  );

/** Opens a session, does the work, and closes it whatever happens. */
export async function withSession<T>(cli: Cli, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(cli);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
