import { afterEach, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../src/contract/json.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import { CASES } from '../support/providers/cases.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

const ROWS = Array.from({ length: 12 }, (_, n) => ({
  Symbol: `S${n}`,
  Security: `Company ${n}`,
  Employees: String(n * 10),
}));
const BIG = ROWS.filter(({ Employees: employees }) => Number(employees) >= 50);
const CLEAN = { failRate: 0, alwaysFailsRate: 0 };

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const rowsIn = async (): Promise<ResultRow[]> =>
  (await readFile(join(testEnv.folder, 'out', 'results.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultRow);

describe.each([...CASES])('$name', (provider) => {
  const keysOf = (table: 'two' | 'chain'): [string, string] => {
    const { columns } = provider.tables[table];
    const keys = columns
      .map((column) => column['key'] ?? column['title'])
      .filter((key): key is string => typeof key === 'string');
    return [keys.at(-2) ?? '', keys.at(-1) ?? ''];
  };
  const run = async (table: 'two' | 'chain', fields: Record<string, unknown>) =>
    executeRun(
      testEnv,
      `when-${testEnv.taskQueue}`,
      await pipelineInputFor(testEnv, ROWS, { table: provider.tables[table], ...fields }, provider),
    );
  const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

  test('a column is asked for only where a column of the source fits', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const [sector, size] = keysOf('two');
    const when = { [size]: { Employees: { atLeast: 50 } } };
    const summary = await run('two', { when });
    expect(summary).toMatchObject({
      outcome: 'completed',
      reason: null,
      cells: { failed: 0, blocked: 0, pending: 0, skipped: ROWS.length - BIG.length },
      quarantine: null,
    });
    expect(paid()).toBe(ROWS.length + BIG.length);
    for (const { key, cells, complete } of await rowsIn()) {
      const isBig = BIG.some((row) => row.Symbol === key);
      expect([key, cells[sector]?.status, cells[size]?.status, complete]).toEqual([
        key,
        'done',
        isBig ? 'done' : 'skipped',
        true,
      ]);
    }
  });

  test('a column is asked for only where the answer of another one fits, stage by stage', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const [sector, pitch] = keysOf('chain');
    const input = await pipelineInputFor(testEnv, ROWS, { table: provider.tables.chain }, provider);
    const answerOf = (row: (typeof ROWS)[number]): Json => {
      const [name = ''] = Object.keys(provider.map);
      const wanted = { key: row.Symbol, input: { [name]: row.Security } };
      return provider.truth(testEnv.sandbox, input.pipeline, wanted, sector).answer;
    };
    const [first = ''] = ROWS.map(answerOf).filter((answer) => typeof answer === 'string');
    const fitting = ROWS.filter((row) => answerOf(row) === first).length;
    const when = { [pitch]: { [sector]: { oneOf: [first] } } };
    const summary = await run('chain', { when });
    expect(summary).toMatchObject({
      outcome: 'completed',
      passes: 2,
      cells: { skipped: ROWS.length - fitting, pending: 0 },
    });
    expect(paid()).toBe(ROWS.length + fitting);
  });

  test('a condition on a column that failed cannot be decided: nothing is asked for', async () => {
    testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0.4 } });
    const [sector, size] = keysOf('two');
    const when = { [size]: { [sector]: { empty: true } } };
    const summary = await run('two', { when, run: { failedPasses: 1, minPollInterval: '100ms' } });
    expect(summary.cells.failed).toBeGreaterThan(0);
    expect(summary.cells.blocked).toBe(summary.cells.failed);
    expect(summary.outcome).toBe('partial');
    const done = (await rowsIn()).filter(({ cells }) => cells[sector]?.status === 'done');
    for (const { cells } of done) expect(cells[size]?.status).toBe('skipped');
  });

  test('where no condition holds nothing is paid for', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const [sector, size] = keysOf('two');
    const none = { Security: { matches: '^Nothing' } };
    const summary = await run('two', { when: { [sector]: none, [size]: none } });
    expect(summary).toMatchObject({ outcome: 'completed', passes: 0, creditsSpent: 0 });
    expect(summary.cells.skipped).toBe(2 * ROWS.length);
    expect(paid()).toBe(0);
  });
});
