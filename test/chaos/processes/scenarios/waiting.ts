import { eventually } from '../../../support/eventually.ts';
import type { Command } from '../../../cli/command.ts';
import type { ProcessEnv, StepNow } from '../process-env.ts';

/** Waits until a worker has begun the wait for cells. */
export async function untilItWaits(site: ProcessEnv): Promise<StepNow & { holder: string }> {
  for (;;) {
    await eventually('it waits for cells', async () => (await site.step())?.type === 'awaitIdle');
    const step = await site.step();
    if (step !== null && step.holder !== null) return { ...step, holder: step.holder };
  }
}

/** Waits until this worker has begun some step; `false` when the run is over before. */
export async function untilStepBegun(site: ProcessEnv, { child }: Command): Promise<boolean> {
  const isHolder = async (): Promise<boolean> =>
    (await site.step())?.holder?.startsWith(`${child.pid}@`) ?? false;
  await eventually(
    'the worker has begun a step, or the run is over',
    async () => (await isHolder()) || (await site.isOver()),
  );
  return !(await site.isOver());
}

/** Waits until the status shows why the run does not go on. */
export const untilItSays = (site: ProcessEnv, code: string): Promise<void> =>
  eventually(
    `the step in progress says ${code}`,
    async () => (await site.step())?.lastFailure?.includes(code) ?? false,
  );
