import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { temporalTarget } from '../../temporal/connection.ts';
import { RowmillError } from '../../errors.ts';
import type { Env } from '../io/context.ts';

/** State folder of embedded runs: the server's file and, unless ROWMILL_STORE is set, the store. */
export const EMBEDDED_FOLDER = '.rowmill';

/** File of the Temporal server in a state folder. */
export const DATABASE = 'temporal.db';

const PROBE_MS = 500;

/**
 * Finds the state folder that a command about runs works on; `null`: use a server. Without the flag
 * it is the working folder's, if no server is configured and none answers.
 * @throws RowmillError `usage` if the folder was required and does not exist
 */
export async function stateToOpen(env: Env, wanted: boolean): Promise<string | null> {
  const folder = join(process.cwd(), EMBEDDED_FOLDER);
  const exists = existsSync(join(folder, DATABASE));
  if (wanted && !exists) {
    throw new RowmillError('usage', 'no embedded run was ever started in this folder', {
      where: folder,
      remedy: 'Change to the folder of `run --embedded`, or leave out --embedded.',
    });
  }
  const { configured, address } = temporalTarget({ env: { ...env } });
  return wanted || (exists && !configured && !(await answers(address))) ? folder : null;
}

function answers(address: string): Promise<boolean> {
  const at = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  return new Promise((settle) => {
    const end = (found: boolean): void => {
      socket.destroy();
      settle(found);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
    socket.setTimeout(PROBE_MS, () => end(false));
  });
}
