import { expect, test } from '@jest/globals';
import { estimateOf } from '../../src/client/pipelines/estimate.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { CASES, companies } from '../support/providers/cases.ts';

test.each(CASES.map((provider) => ({ provider, name: provider.name })))(
  'a run over $name sends as many requests besides polls as check says',
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
    // Every cell fails once, and the first rerun repairs all of them.
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

/** Ways to be asked for in several passes, by the two computed columns of `chain`. */
const STAGED: [string, (columns: [string, string]) => Record<string, unknown>][] = [
  [
    'with a condition on the source',
    ([, last]) => ({ when: { [last]: { Symbol: { empty: false } } } }),
  ],
  ['with a canary', () => ({ canary: { rows: 10, pick: 'first' } })],
];

const staged = CASES.flatMap((provider) =>
  STAGED.map(([what, fields]) => ({ provider, name: provider.name, what, fields })),
);

test.each(staged)(
  'a run over $name $what sends as many requests besides polls as check says',
  async ({ provider, fields }) => {
    const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
    try {
      const table = provider.tables.chain;
      const pipeline = { table, ...fields(computedOf(provider)) };
      const input = await pipelineInputFor(testEnv, companies(120), pipeline, provider);
      const { apiCalls } = await executeRun(testEnv, `staged-${testEnv.taskQueue}`, input);
      const wanted = estimateOf(input.pipeline, 120).apiCalls;
      expect(apiCalls.total - apiCalls.polls).toBe(wanted.total);
    } finally {
      await testEnv.close();
    }
  },
);

function computedOf({ tables }: ProviderCase): [string, string] {
  const keys = tables.chain.columns
    .map((column) => column['key'] ?? column['title'])
    .filter((key) => typeof key === 'string');
  return [keys.at(-2) ?? '', keys.at(-1) ?? ''];
}

test.each(CASES.map((provider) => ({ provider, name: provider.name })))(
  'a condition on an answer of $name adds the requests of one more pass',
  async ({ provider }) => {
    const testEnv = await startTestEnv();
    try {
      const [first, last] = computedOf(provider);
      const callsWith = async (condition: string) => {
        const when = { [last]: { [condition]: { empty: false } } };
        const pipeline = { table: provider.tables.chain, when };
        const input = await pipelineInputFor(testEnv, companies(1), pipeline, provider);
        return estimateOf(input.pipeline, 120).apiCalls;
      };
      const { total, eachRerun } = await callsWith('Symbol');
      expect((await callsWith(first)).total).toBe(total + eachRerun);
    } finally {
      await testEnv.close();
    }
  },
);
