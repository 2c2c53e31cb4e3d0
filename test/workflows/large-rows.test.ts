import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { Action, Intercept } from '../../sandbox/http/intercept.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { CASES, companies, wantedRows } from '../support/providers/cases.ts';

/** Refusal of a body above a gateway's limit, of which nothing was read. */
const TOO_LARGE: Action = {
  do: 'reply',
  status: 413,
  headers: { 'content-type': 'text/html' },
  body: '<h1>413 Request Entity Too Large</h1>',
};

/** Refuses larger bodies, and collects their sizes in bytes. */
function withBodiesUpTo(bytes: number): { refused: number[]; intercept: Intercept } {
  const refused: number[] = [];
  const intercept: Intercept = ({ phase, body }) => {
    const size = JSON.stringify(body ?? null).length;
    if (phase !== 'before' || size <= bytes) return undefined;
    refused.push(size);
    return TOO_LARGE;
  };
  return { refused, intercept };
}

const run = { minPollInterval: '100ms', maxPollInterval: '1s', deadline: '10m' };

test.each(CASES)(
  'rows that are too large for one request travel in several ($name)',
  async (provider) => {
    const { refused, intercept } = withBodiesUpTo(20_000);
    // Of a request that is full no more than a quarter passes; of the later, smaller rows all do.
    const rows = companies(150).map((row, at) => ({
      ...row,
      Security: `${row.Security} ${'x'.repeat(at < 110 ? 900 : 10)}`,
    }));
    const testEnv = await startTestEnv({ sandbox: { intercept } });
    try {
      const workflowId = `large-rows-${testEnv.taskQueue}`;
      const overrides = { table: provider.tables.one, run };
      const input = await pipelineInputFor(testEnv, rows, overrides, provider);
      const ended = await executeRun(testEnv, workflowId, input);
      const wanted = wantedRows(provider, rows);
      await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
      // Twice or three times until the size is found; it is kept.
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThanOrEqual(3);
    } finally {
      await testEnv.close();
    }
  },
);

test.each(CASES)(
  'only a row that is too large by itself is quarantined ($name)',
  async (provider) => {
    const { intercept } = withBodiesUpTo(20_000);
    const rows = companies(5);
    const [, , third] = rows;
    if (third !== undefined) third.Security += 'x'.repeat(21_000);
    const testEnv = await startTestEnv({ sandbox: { intercept, failRate: 0, alwaysFailsRate: 0 } });
    try {
      const workflowId = `large-row-${testEnv.taskQueue}`;
      const overrides = { table: provider.tables.one, run };
      const input = await pipelineInputFor(testEnv, rows, overrides, provider);
      const ended = await executeRun(testEnv, workflowId, input);
      expect(ended).toMatchObject({ outcome: 'partial', cells: { done: 4, blocked: 1 } });
      const quarantine = await readFile(ended.quarantine?.path ?? '', 'utf8');
      expect(quarantine).toMatch(/"key":"S2".*refused the row: answered 413/);
      expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(4);
    } finally {
      await testEnv.close();
    }
  },
);
