import { join } from 'node:path';
import type { Pipeline } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import { createProviders } from '../providers/registry.ts';
import type { Cli, Env } from './context.ts';
import { interruption } from './interruption.ts';
import { openSession, type Session } from './session.ts';
import { uiLink } from './ui-link.ts';

/** State of embedded runs: the server's file and, unless ROWMILL_STORE says otherwise, the store. */
const EMBEDDED_FOLDER = '.rowmill';

/** @throws RowmillError `usage` */
export function refuseDetached({ detach, embedded }: { detach?: true; embedded?: true }): void {
  if (detach === true && embedded === true) {
    throw new RowmillError('usage', '--detach and --embedded exclude each other', {
      remedy: 'An embedded run lives in this process: leave out one of them.',
    });
  }
}

/** @throws RowmillError `token_missing`, `base_url_invalid`, `usage` */
export function refuseWithoutToken(pipeline: Pipeline, env: Env): void {
  // Made, not used: that is when the environment is judged.
  createProviders({ ...env }).get(pipeline.provider);
}

/**
 * A Temporal server on a file and a worker in this process, for as long as the session lasts. The
 * token of the provider, where it is known already, must be there before anything is started.
 * @throws RowmillError `temporal_unavailable_here`, `token_missing`, …
 */
async function openEmbeddedSession(cli: Cli, provider?: string): Promise<Session> {
  const { openEmbedded } = await import('../dev/embedded.ts');
  const folder = join(process.cwd(), EMBEDDED_FOLDER);
  const say = (line: string): void => cli.say(line);
  const embedded = await openEmbedded({
    ...{ folder, env: cli.env, say },
    ...(provider === undefined ? {} : { provider }),
  });
  const { client, taskQueue, uiUrl, namespace, address, broken } = embedded;
  return {
    client,
    taskQueue,
    searchAttributes: true,
    linkTo: (run) => uiLink(uiUrl, namespace, run),
    ownAddress: address,
    broken,
    close: () => embedded.stop(),
  };
}

/** Does the work where the flags want it; what Ctrl-C means from then on, the signal tells. */
export async function withRunSession(
  cli: Cli,
  { embedded, provider }: { embedded?: true; provider?: string },
  work: (session: Session, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  // Until there is something to leave in good order, Ctrl-C just ends the process.
  const session = await (embedded === true ? openEmbeddedSession(cli, provider) : openSession(cli));
  const stop = interruption();
  try {
    await work(session, stop.signal);
  } finally {
    await session.close();
    stop.release();
  }
}
