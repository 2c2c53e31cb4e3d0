import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import type { QuarantineLine } from '../../src/contract/results.ts';
import { loadPipeline } from '../../src/spec/index.ts';
import { startTestEnv, type TestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/companies/pipeline.yaml', import.meta.url));
const COMPANIES = new URL('../../examples/companies/companies.csv', import.meta.url);

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({
    sandbox: { failRate: 0.05, alwaysFailsRate: 0.01, speed: 2_000 },
  });
});
afterAll(() => testEnv.close());

test('all answers of 503 companies are as expected', async () => {
  const { pipeline } = await loadPipeline(EXAMPLE, { outOverride: `${testEnv.folder}/out.jsonl` });
  pipeline.run = { ...pipeline.run, minPollIntervalMs: 200 };
  const summary = await executeRun(testEnv, 'companies', { pipeline });

  const companies = parse<Record<string, string>>(await readFile(COMPANIES), { columns: true });
  const wanted = companies.map((company) => ({
    key: company['Symbol'] ?? '',
    input: { input: company['Security'] ?? '' },
  }));
  expect(wanted).toHaveLength(503);
  await expectInvariants(testEnv, { workflowId: 'companies', pipeline, wanted, ended: summary });
  expect(summary.outcome).toBe('completed');

  const starts = new Map(
    testEnv.sandbox.ledger
      .cells(summary.tableId ?? '')
      .map((cell) => [`${cell.row}/${cell.column}`, cell.starts]),
  );
  // Paid once, and once more only where the first try failed.
  const { columns } = pipeline.table;
  for (const { input } of wanted) {
    for (const column of columns) {
      const truth = testEnv.sandbox.truth('company', input, column, columns);
      if (truth.alwaysFails || truth.blockedBy.length > 0) continue;
      const paid = starts.get(`${input.input}/${wordOf(column['key'])}`);
      expect([input.input, paid]).toEqual([input.input, truth.firstTryFails ? 2 : 1]);
    }
  }

  const quarantine = (await readFile(summary.quarantine?.path ?? '', 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as QuarantineLine);
  const { failed, blocked, empty } = summary.cells;
  expect(quarantine).toHaveLength(failed + blocked + empty);
  expect(failed).toBeGreaterThan(0);
  const inputs = new Map(wanted.map(({ key, input }) => [key, input.input]));
  for (const line of quarantine) {
    const paid = starts.get(`${inputs.get(line.key) ?? ''}/${line.column}`) ?? 0;
    expect([line.key, line.column, line.attempts]).toEqual([line.key, line.column, paid]);
  }
});

/** Inputs and keys of this pipeline are texts. */
const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '');
