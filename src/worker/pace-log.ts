import type { Logger } from '@temporalio/worker';
import type { ProviderLook } from './shared-paces.ts';

/** Logs who shares a token when that changes, and when the store stops or starts answering. */
export function paceLog(logger: Logger): (look: ProviderLook) => void {
  const last = new Map<string, { workers: number; answers: boolean }>();
  return ({ provider, workers, problem }) => {
    const before = last.get(provider) ?? { workers: 1, answers: true };
    const answers = problem === null;
    last.set(provider, { workers: answers ? workers : before.workers, answers });
    if (problem !== null) {
      if (!before.answers) return;
      const { code, where } = problem;
      const what = `the pace of ${provider} is not shared: ${problem.message}`;
      const then = 'This worker keeps its share for 5 s, then half of it, after 30 s a tenth.';
      logger.warn(`${what}. ${then}`, { code, where });
      return;
    }
    if (!before.answers) logger.info(`the pace of ${provider} is shared again`, { workers });
    else if (before.workers !== workers) {
      logger.info(`${workers} workers share the pace of ${provider}`, { workers });
    }
  };
}
