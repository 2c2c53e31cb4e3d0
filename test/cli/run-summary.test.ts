import { expect, test } from '@jest/globals';
import { nextCommand, summaryText } from '../../src/cli/io/summary.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { runSummary } from '../support/run-summary.ts';

const summary = runSummary();
const usage = { requests: 1_502, price: 0.808162, inputTokens: 210_797, outputTokens: 48_321 };

/** The lines about money. */
const costs = (changes: Partial<RunSummary>): string[] =>
  summaryText({ ...summary, ...changes }, null)
    .split('\n')
    .filter((line) => /^ {2}(credits|balance|price)/.test(line));

const PRICE =
  '  price       0.8082 (1,502 requests, 210,797 tokens in, 48,321 out; last computation of each cell)';

test('credits come from the cells asked for', () => {
  expect(costs({ creditsSpent: 12, estimatedCredits: 10, balanceChange: -1_659 })).toEqual([
    '  credits     12 by cells asked for; about 10 were estimated',
    '  balance     -1,659 since the start, other work on the account included',
  ]);
});

test('the summary includes a price that the provider reports', () => {
  expect(costs({ creditsSpent: 12, usage })).toEqual([
    '  credits     12 by cells asked for; about 0 were estimated',
    PRICE,
  ]);
});

test('duplicate rows and cancelled cells are named only where there are any', () => {
  const some = { ...summary, duplicateRows: 1, cellsCancelled: 1_200 };
  expect(summaryText(some, null)).toContain(
    '\n  duplicates  1 row added twice: never run or published' +
      '\n  cancelled   1,200 cells, requested and never started',
  );
  expect(summaryText({ ...some, cellsCancelledIsMinimum: true }, null)).toContain(
    '\n  cancelled   at least 1,200 cells, requested and never started',
  );
  expect(summaryText({ ...summary, cellsCancelledIsMinimum: true }, null)).toContain(
    '\n  cancelled   unknown: the reply to a cancel was lost',
  );
  expect(summaryText(summary, null)).not.toMatch(/duplicates|cancelled/);
});

test.each([
  [{ outcome: 'cancelled' }, 'rowmill results nightly, or rowmill rerun nightly'],
  [{ outcome: 'partial' }, 'rowmill rerun nightly'],
  [{ outcome: 'completed' }, 'rowmill results nightly --format csv'],
  [{ outcome: 'cancelled', tableId: null }, 'rowmill run FILE --id nightly'],
] as const)('the next command after %j', (changes, command) => {
  expect(nextCommand({ ...summary, ...changes }, false)).toBe(command);
});

test('the summary names the report, where there is one', () => {
  expect(summaryText(runSummary({ report: '/out/leads.report.html' }), null)).toMatch(
    /^ {2}report +\/out\/leads\.report\.html$/m,
  );
  expect(summaryText(runSummary(), null)).not.toContain('report');
});
