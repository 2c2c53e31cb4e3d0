import type { Env } from '../../../env.ts';
import { connectToNamespace } from '../../../temporal/connection.ts';
import { openClient } from '../../../temporal/data-converter.ts';
import { runsInProgress } from './in-progress.ts';

/** Runs of a list that are in progress, by the server of the environment; all of them where none answers. */
export async function askInProgress(ids: readonly string[], env: Env): Promise<string[]> {
  try {
    const link = await connectToNamespace({ env, timeoutMs: 2_000 });
    try {
      return await runsInProgress(openClient(link, env), ids);
    } finally {
      await link.connection.close();
    }
  } catch {
    return [...ids];
  }
}
