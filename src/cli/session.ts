import { Client } from '@temporalio/client';
import { connectTemporal } from '../client/connection.ts';
import { taskQueueOf, wantsSearchAttributes } from '../client/environment.ts';
import { knowsSearchAttributes } from '../client/search-attributes.ts';
import type { RowmillError } from '../errors.ts';
import type { Cli } from './context.ts';
import { uiLink } from './ui-link.ts';

/** A Temporal server to talk to, and what else a command about runs needs to know. */
export interface Session {
  client: Client;
  taskQueue: string;
  /** Whether the server knows rowmill's search attributes. */
  searchAttributes: boolean;
  /** Page of a run in the Temporal UI, where there is one. */
  readonly linkTo: (run: { workflowId: string; runId: string }) => string | null;
  /** `host:port` of a server of our own, which ends with the session. */
  readonly ownAddress?: string;
  /** Settles when the server or the worker of the session is lost; without it neither is ours. */
  readonly broken?: Promise<RowmillError>;
  close(): Promise<void>;
}

/** @throws RowmillError `temporal_unreachable`, `temporal_unsupported`, `usage` */
export async function openSession(cli: Cli): Promise<Session> {
  const { connection, namespace } = await connectTemporal({ env: cli.env });
  const uiUrl = cli.env['ROWMILL_UI_URL']?.trim() || null;
  return {
    client: new Client({ connection, namespace }),
    taskQueue: taskQueueOf(cli.env),
    searchAttributes:
      wantsSearchAttributes(cli.env) && (await knowsSearchAttributes(connection, namespace)),
    linkTo: (run) => uiLink(uiUrl, namespace, run),
    close: () => connection.close(),
  };
}

/** Opens a session, does the work, and closes it whatever happens. */
export async function withSession<T>(cli: Cli, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(cli);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** How another shell reaches a run whose server is ours. */
export function sayWhere(cli: Cli, { ownAddress }: Session, workflowId: string): void {
  if (ownAddress === undefined) return;
  cli.say(`From another shell here: TEMPORAL_ADDRESS=${ownAddress} rowmill status ${workflowId}`);
}
