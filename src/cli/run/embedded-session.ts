import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Rowmill } from '../../client/rowmill.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { taskQueueOf } from '../../env.ts';
import type { Cli, Env } from '../io/context.ts';
import { interruption } from './signals.ts';
import { EMBEDDED_FOLDER } from './local-state.ts';
import { uiLink, uiListLink } from '../../text/ui-link.ts';
import { openSession, type Session } from './session.ts';

/** Rejects the combination of the two flags. @throws RowmillError `usage` */
export function refuseDetached({ detach, embedded }: { detach?: true; embedded?: true }): void {
  if (detach === true && embedded === true) {
    throw new RowmillError('usage', '--detach and --embedded exclude each other', {
      remedy: 'An embedded run lives in this process: leave out one of them.',
    });
  }
}

/**
 * Rejects a missing token or an invalid address. @throws RowmillError `token_missing`,
 * `base_url_invalid`, `usage`
 */
export async function refuseWithoutToken(pipeline: Pipeline, env: Env): Promise<void> {
  const { createProviders } = await import('../../providers/registry.ts');
  // Created only because that checks the environment.
  createProviders({ ...env }).get(pipeline.provider);
}

export interface EmbeddedSessionOptions {
  folder: string;
  /** Provider whose token is checked before anything is started. */
  provider?: string | undefined;
  /** Serves the Temporal UI. @default true */
  ui?: boolean;
  /** Starts the worker of a new run at once, not when it is woken. @default false */
  startsRun?: boolean;
}

/**
 * Opens a Temporal server on a file for the duration of the session. Unfinished runs of the file
 * stay asleep: `wake` starts a worker for the task queue of one run.
 * @throws RowmillError `temporal_unavailable_here`, `token_missing`, …
 */
export async function openEmbeddedSession(
  cli: Cli,
  { folder, provider, ui = true, startsRun = false }: EmbeddedSessionOptions,
): Promise<Session> {
  const { openEmbedded } = await import('../../dev/embedded.ts');
  const say = (line: string): void => cli.log(line);
  // Each run has its own queue: a worker for one leaves the others asleep.
  const taskQueue = `${taskQueueOf(cli.env)}-${randomBytes(4).toString('hex')}`;
  const embedded = await openEmbedded({
    folder,
    env: cli.env,
    say,
    ui,
    asleep: true,
    ...(startsRun ? { soon: taskQueue } : {}),
    ...(provider === undefined ? {} : { provider }),
  });
  const { client, uiUrl, namespace, address, broken } = embedded;
  return {
    rowmill: await Rowmill.connect({ client, taskQueue, env: cli.env }),
    linkTo: (run) => uiLink(uiUrl, namespace, run),
    linkToList: (query) => uiListLink(uiUrl, namespace, query),
    ownAddress: address,
    broken,
    wake: (taskQueue) => embedded.serve(taskQueue),
    close: () => embedded.leave(),
  };
}

/**
 * Runs `work` in an embedded session or one with a server, as the flags say. The signal fires on
 * Ctrl-C.
 */
export async function withRunSession(
  cli: Cli,
  { embedded, provider }: { embedded?: true; provider?: string },
  work: (session: Session, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  // Until there is something to clean up, Ctrl-C just ends the process.
  const session = await (embedded === true
    ? openEmbeddedSession(cli, {
        folder: join(process.cwd(), EMBEDDED_FOLDER),
        provider,
        startsRun: true,
      })
    : openSession(cli));
  const stop = interruption();
  try {
    await work(session, stop.signal);
  } finally {
    await session.close();
    stop.release();
  }
}
