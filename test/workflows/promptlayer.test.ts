import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { RunSummary } from '../../src/contract/run.ts';
import { inputFor, openHouse, type House } from '../support/house.ts';
import { expectInvariants } from '../support/invariants.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import { until } from '../support/until.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse({
    sandbox: { failRate: 0, hopelessRate: 0, promptLayer: { confirmAbove: 10 } },
  });
});
afterAll(() => house.close());

interface Line {
  key: string;
  cells: Record<string, { status: string; value: unknown }>;
}

test('rows go through PromptLayer, and more cells than it runs unasked are confirmed', async () => {
  const rows = Array.from({ length: 120 }, (_, nth) => ({
    Symbol: `S${nth}`,
    Security: nth === 0 ? '3M' : `Company ${nth}`,
  }));
  const input = await inputFor(house, rows, {}, promptlayer);
  const summary = (await house.client.workflow.execute('enrichTable', {
    workflowId: 'promptlayer',
    taskQueue: house.taskQueue,
    args: [input],
  })) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'completed', rows: 120, cells: { done: 120 } });
  const text = await readFile(summary.results[0]?.path ?? '', 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  expect(lines.map(({ key }) => key)).toEqual(rows.map(({ Symbol }) => Symbol));
  expect(lines[0]?.cells['Sector']).toMatchObject({ status: 'done', value: 'Industrials' });
  expect(lines.every(({ cells }) => cells['Sector']?.status === 'done')).toBe(true);
  expect(house.sandbox.ledger.summary().cellsPaid).toBe(120);
});

test('rows that land a second time while cells run stay in the table, and are never paid', async () => {
  const slow = await openHouse({
    sandbox: {
      ...{ failRate: 0, hopelessRate: 0, speed: 2, concurrency: 200 },
      cellMs: { min: 16_000, max: 20_000 },
      faults: { requests: [{ on: 'add-rows', nth: 1, fault: 'late', afterMs: 9_000 }] },
    },
  });
  try {
    const rows = companies(120);
    const workflowId = `late-rows-${slow.taskQueue}`;
    const input = await inputFor(slow, rows, {}, promptlayer);
    const ended = (await slow.client.workflow.execute('enrichTable', {
      workflowId,
      taskQueue: slow.taskQueue,
      args: [input],
    })) as RunSummary;
    const { ledger } = slow.sandbox;
    // The blank one, ours, and the hundred that came twice.
    await until('the late rows have landed', () => ledger.summary().rowsLive === 221);
    expect(ended).toMatchObject({ outcome: 'completed', cells: { done: 120 } });
    expect(ledger.summary().cellsPaid).toBe(120);
    const wanted = wantedRows(promptlayer, rows);
    await expectInvariants(slow, { workflowId, pipeline: input.pipeline, wanted, ended });
  } finally {
    await slow.close();
  }
}, 120_000);
