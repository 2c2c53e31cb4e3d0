import { expect, test } from '@jest/globals';
import { summaryText } from '../../src/cli/run-summary.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { noCells } from '../../src/rules/outcome.ts';

const summary: RunSummary = {
  ...{ workflowId: 'nightly', runId: 'r', outcome: 'completed', tableId: 't', rows: 503 },
  ...{ cells: { ...noCells(), done: 1_502 }, passes: 1, apiCalls: { total: 41, polls: 12 } },
  ...{ creditsSpent: null, usage: null, results: [], quarantine: null, manifest: null },
  ...{ stillRunning: null, before: null },
};
const usage = { requests: 1_502, price: 0.808162, inputTokens: 210_797, outputTokens: 48_321 };

/** The lines about money. */
const costs = (changes: Partial<RunSummary>): string[] =>
  summaryText({ ...summary, ...changes }, null)
    .split('\n')
    .filter((line) => /^ {2}(credits|price)/.test(line));

const PRICE =
  '  price       0.8082 (1,502 requests, 210,797 tokens in, 48,321 out; last computation of each cell)';

test('a provider without a balance that tells prices: the price, and nothing about credits', () => {
  expect(costs({ usage })).toEqual([PRICE]);
});

test('one that tells both: both', () => {
  expect(costs({ creditsSpent: 12, usage })).toEqual(['  credits     12 spent', PRICE]);
});

test('one that tells neither is said to tell neither', () => {
  expect(costs({})).toEqual(['  credits     what was spent is not known']);
  expect(costs({ estimatedCredits: 1_503 })).toEqual([
    '  credits     what was spent is not known; about 1,503 were estimated',
  ]);
});

test('a run of an older version has no figure of the cells', () => {
  const { usage: _none, ...older } = summary;
  // What Temporal kept of it.
  expect(summaryText(older as RunSummary, null)).toContain(
    'credits     what was spent is not known',
  );
});

test('rows left out and cells given back are named, and only where there are any', () => {
  const some = { ...summary, rowsLeftOut: 1, cellsGivenBack: 1_200 };
  expect(summaryText(some, null)).toContain(
    '\n  left out    1 row landed twice: never run or published' +
      '\n  given back  1,200 cells, asked for and never begun',
  );
  expect(summaryText({ ...some, givenBackAtLeast: true }, null)).toContain(
    '\n  given back  at least 1,200 cells, asked for and never begun',
  );
  expect(summaryText({ ...summary, givenBackAtLeast: true }, null)).toContain(
    '\n  given back  not known: the reply to a cancel was lost',
  );
  expect(summaryText(summary, null)).not.toMatch(/left out|given back/);
});
