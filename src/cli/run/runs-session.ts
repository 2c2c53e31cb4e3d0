import type { Cli } from '../io/context.ts';
import { stateToOpen } from './local-state.ts';
import { closing, withSession, type Session } from './session.ts';

export interface HereFlags {
  /** The state of embedded runs in the working folder, whatever server is configured. */
  embedded?: true;
}

/**
 * Opens a session for a command about runs that are there. Where no server is configured and none
 * answers, these are the embedded runs of the working folder.
 * @throws RowmillError as `openSession`, and `usage` when the folder has no embedded runs
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
