import type { Cli } from '../io/context.ts';
import { stateToOpen } from './local-state.ts';
import { closing, withSession, type Session } from './session.ts';

export interface HereFlags {
  /** Uses the embedded runs of the working folder, even if a server is configured. */
  embedded?: true;
}

/**
 * Opens a session for a command about existing runs. If no server is configured and none answers,
 * uses the embedded runs of the working folder.
 * @throws RowmillError as `openSession`, and `usage` if the folder has no embedded runs
 */
export async function withRuns<T>(
  cli: Cli,
  { embedded }: HereFlags,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const folder = await stateToOpen(cli.env, embedded === true);
  if (folder === null) return withSession(cli, work);
  const { openEmbeddedSession } = await import('./embedded-session.ts');
  return closing(await openEmbeddedSession(cli, { folder, ui: false }), work);
}
