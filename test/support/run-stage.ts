import type { WorkflowHandle } from '@temporalio/client';
import type { RunProgress } from '../../src/contract/run.ts';
import { eventually } from './eventually.ts';

/** Waits until a run is at a stage. */
export const stageIs = (run: Pick<WorkflowHandle, 'query'>, stage: string): Promise<void> =>
  eventually(
    `stage ${stage}`,
    async () => (await run.query<RunProgress>('progress')).stage === stage,
  );
