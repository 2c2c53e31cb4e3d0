import { until } from '../../../support/until.ts';
import type { Site, StepNow } from '../site.ts';

const WITHIN_MS = 120_000;

/** Until a worker has the wait for cells in hand. */
export async function untilItWaits(site: Site): Promise<StepNow & { holder: string }> {
  for (;;) {
    await until(
      'it waits for cells',
      async () => (await site.step())?.type === 'awaitIdle',
      WITHIN_MS,
    );
    const step = await site.step();
    if (step !== null && step.holder !== null) return { ...step, holder: step.holder };
  }
}

/** Until people see why it does not go on. */
export const untilItSays = (site: Site, code: string): Promise<void> =>
  until(
    `the step under way says ${code}`,
    async () => (await site.step())?.lastFailure?.includes(code) ?? false,
    WITHIN_MS,
  );
