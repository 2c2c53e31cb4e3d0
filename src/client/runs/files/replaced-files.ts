import type { PublishedFile } from '../../../contract/results.ts';
import { publisherOf } from '../../../sinks/files/target-state.ts';
import type { RunKey } from '../../../store/store.ts';

/** A published file in whose place another run has published since. */
export interface ReplacedFile {
  path: string;
  /** The run whose results are there now. */
  workflowId: string;
}

/** Published files of a run that another run has replaced. A place that cannot be read here counts as kept. */
export async function replacedFiles(
  run: RunKey,
  results: readonly Pick<PublishedFile, 'path'>[],
): Promise<ReplacedFile[]> {
  const found = await Promise.all(
    results.map(async ({ path }): Promise<ReplacedFile[]> => {
      const there = await publisherOf(path).catch(() => null);
      if (there === null) return [];
      const isOwn = there.workflowId === run.workflowId && there.firstRunId === run.firstRunId;
      return isOwn ? [] : [{ path, workflowId: there.workflowId }];
    }),
  );
  return found.flat();
}
