import { log } from '@temporalio/activity';

/** Does what must not fail its step; a failure is logged as `message`. */
export async function bestEffort(message: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.warn(message, { error: error instanceof Error ? error.message : String(error) });
  }
}
