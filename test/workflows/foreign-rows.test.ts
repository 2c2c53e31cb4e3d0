import { afterEach, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { SandboxOptions, Seen } from '../../sandbox/index.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, TOKEN, type TestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import { eventually } from '../support/eventually.ts';

/**
 * Edits of a run's sheet by another person, where rows are known by their place and a text alone.
 */

const SHEET = '/api/public/v2/tables/:table_id/sheets/:sheet_id';
const ROWS = companies(120);

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const open = async (sandbox: Partial<SandboxOptions>): Promise<void> => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, ...sandbox } });
};

/** Adds rows as another client would: of our keys, of none, and of one that is not ours. */
async function addRows(keys: readonly (string | null)[]): Promise<void> {
  const [book] = testEnv.sandbox.state.promptLayer.books.values();
  const [sheet] = book?.sheets ?? [];
  if (book === undefined || sheet === undefined) throw new Error('no sheet');
  const idOf = (title: string): string =>
    sheet.columns.find((column) => column.title === title)?.column.id ?? '';
  const values = keys.map((key) => ({
    [idOf('Company')]: 'somebody else',
    ...(key === null ? {} : { [idOf('rowmill key')]: key }),
  }));
  const reply = await fetch(
    `${testEnv.sandbox.url}/api/public/v2/tables/${book.id}/sheets/${sheet.id}/rows`,
    {
      method: 'POST',
      headers: { 'x-api-key': TOKEN, 'content-type': 'application/json' },
      body: JSON.stringify({ count: values.length, values }),
    },
  );
  if (!reply.ok) throw new Error(await reply.text());
}

const keys = ROWS.map((row) => String(Object.values(row)[0]));
const STRANGERS = [keys[3] ?? '', keys[3] ?? '', keys[110] ?? '', null, '', 'not-ours'];

async function start(): Promise<{ run: WorkflowHandle; ends: () => Promise<RunSummary> }> {
  const workflowId = `strangers-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, ROWS, {}, promptlayer);
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId,
    taskQueue: testEnv.taskQueue,
    args: [input],
  });
  return { run, ends: async () => (await run.result()) as RunSummary };
}

const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

test("foreign rows with the run's keys, added while cells run, are ignored", async () => {
  await open({ speed: 2, concurrency: 200, cellMs: { min: 16_000, max: 20_000 } });
  const { ends } = await start();
  await eventually('cells run', () => testEnv.sandbox.ledger.runs().length > 0);
  await addRows(STRANGERS);
  const ended = await ends();
  expect(ended).toMatchObject({ outcome: 'completed', rows: 120, cells: { done: 120 } });
  expect(paid()).toBe(120);
});

test('foreign rows are not mistaken for those of a lost request', async () => {
  let added: Promise<void> | undefined;
  await open({
    intercept: async ({ phase, method, route, nth }: Seen) => {
      if (phase !== 'before' || method !== 'POST' || route !== `${SHEET}/rows` || nth !== 1) return;
      // Nothing of it was done, but the sheet grows by as much.
      added ??= addRows(
        Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? `other-${at}` : null)),
      );
      await added;
      return { do: 'reset' };
    },
  });
  const { ends } = await start();
  const ended = await ends();
  expect(ended).toMatchObject({ outcome: 'completed', rows: 120, cells: { done: 120 } });
  expect(paid()).toBe(120);
});

test('each row of a constantly edited sheet is read once, with a caution', async () => {
  let version = 1_000;
  await open({
    intercept: ({ phase, method, route, reply }: Seen) => {
      if (phase !== 'after' || method !== 'GET' || route !== `${SHEET}/rows`) return undefined;
      if (reply === null) return undefined;
      const body = reply.body.replace(/"version":\d+/, `"version":${(version += 1)}`);
      return { do: 'reply', ...reply, body };
    },
  });
  const { ends } = await start();
  const ended = await ends();
  expect(ended).toMatchObject({
    outcome: 'completed',
    cells: { done: 120 },
    tableChangedDuringScan: true,
  });
  // Three scans of two pages, and what the sheet was made and filled with.
  expect(version - 1_000).toBeLessThan(20);
});
