import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readServerState } from '../../src/dev/temporal/server-state.ts';
import { endProcess } from '../../src/process/process-mark.ts';

/** A folder for commands that bring their own Temporal server. */
export interface Place {
  cwd: string;
  /** The bundle of the test run: making one for each process takes longer than the test. */
  env: Record<string, string>;
  /** Ends what a command that was killed left running. */
  remove(): Promise<void>;
}

export async function openPlace(folder: string): Promise<Place> {
  const cwd = await mkdtemp(join(tmpdir(), 'rowmill-place-'));
  return {
    cwd,
    env: { ROWMILL_WORKFLOW_BUNDLE: process.env['ROWMILL_TEST_BUNDLE'] ?? '' },
    remove: async () => {
      const left = readServerState(join(cwd, folder, 'temporal.db'));
      if (left !== null) await endProcess(left.server, 0);
      await rm(cwd, { recursive: true, force: true });
    },
  };
}
