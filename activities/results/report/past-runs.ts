import { createHash } from 'node:crypto';
import { z } from 'zod';
import { OUTCOMES } from '../../../src/contract/outcome.ts';
import { MAX_PAST_RUNS, type PastRun } from '../../../src/report/facts.ts';
import type { Folder } from '../../../src/store/store.ts';

/** Figures of the last runs of a pipeline: a file each, so that two runs that end at once keep both. */

const PREFIX = 'past-runs/';

const shape = z.object({
  workflowId: z.string(),
  firstRunId: z.string(),
  startedAt: z.string(),
  outcome: z.enum(OUTCOMES),
  filled: z.number().nullable(),
  credits: z.number(),
}) satisfies z.ZodType<PastRun>;

/** Adds a run, or replaces its figures, and returns the newest runs: the oldest first, this one last. */
export async function addPastRun(folder: Folder, run: PastRun): Promise<PastRun[]> {
  const own = fileOf(run);
  await folder.writeJson(own, run);
  const names = (await folder.list(PREFIX)).filter((name) => name !== own).sort();
  const shown = names.slice(-MAX_PAST_RUNS + 1);
  for (const name of names.slice(0, -MAX_PAST_RUNS)) await folder.remove(name);
  const runs: PastRun[] = [];
  for (const name of shown) {
    const parsed = shape.safeParse(await folder.readJson(name));
    if (parsed.success) runs.push(parsed.data);
  }
  return [...runs, run];
}

/** Name that sorts by the start of the run. */
function fileOf({ workflowId, firstRunId, startedAt }: PastRun): string {
  const digest = createHash('sha256').update(`${workflowId} ${firstRunId}`).digest('hex');
  return `${PREFIX}${startedAt.replace(/[^0-9TZ-]/g, '-')}.${digest.slice(0, 16)}.json`;
}
