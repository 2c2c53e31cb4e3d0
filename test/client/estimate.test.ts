import { expect, test } from '@jest/globals';
import { estimateOf } from '../../src/client/pipelines/estimate.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { CASES, companies } from '../support/providers/cases.ts';

test.each(CASES.map((provider) => ({ provider, name: provider.name })))(
  'a run over $name takes as many requests as check says, and polls',
  async ({ provider }) => {
    const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
    try {
      const table = provider.tables.two;
      const input = await pipelineInputFor(testEnv, companies(120), { table }, provider);
      const { apiCalls } = await executeRun(testEnv, `estimate-${testEnv.taskQueue}`, input);
      const wanted = estimateOf(input.pipeline, 120).apiCalls;
      expect(apiCalls.total - apiCalls.polls).toBe(wanted.total);
    } finally {
      await testEnv.close();
    }
  },
);

test.each(CASES.map((provider) => ({ provider, name: provider.name })))(
  'a rerun of failed cells over $name adds as many as it says',
  async ({ provider }) => {
    // Every cell fails once, and the first rerun mends all of them.
    const testEnv = await startTestEnv({ sandbox: { failRate: 1, alwaysFailsRate: 0 } });
    try {
      const input = await pipelineInputFor(testEnv, companies(120), {}, provider);
      const { apiCalls, passes } = await executeRun(testEnv, `rerun-${testEnv.taskQueue}`, input);
      expect(passes).toBe(2);
      const { total, eachRerun } = estimateOf(input.pipeline, 120).apiCalls;
      expect(apiCalls.total - apiCalls.polls).toBe(total + eachRerun);
    } finally {
      await testEnv.close();
    }
  },
);
