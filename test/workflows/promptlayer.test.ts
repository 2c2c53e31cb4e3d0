import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { RunSummary } from '../../src/contract/run.ts';
import { inputFor, openHouse, type House } from '../support/house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse({
    sandbox: { failRate: 0, hopelessRate: 0, promptLayer: { confirmAbove: 10 } },
  });
});
afterAll(() => house.close());

const TABLE = {
  columns: [
    { title: 'Company', type: 'TEXT' },
    {
      title: 'Sector',
      type: 'PROMPT_TEMPLATE',
      config: {
        inline_template: {
          prompt_template: {
            type: 'completion',
            content: [{ type: 'text', text: 'Which GICS sector is {company} in?' }],
          },
        },
        prompt_template_variable_mappings: { company: 'Company' },
      },
    },
  ],
};

interface Line {
  key: string;
  cells: Record<string, { status: string; value: unknown }>;
}

test('rows go through PromptLayer, and more cells than it runs unasked are confirmed', async () => {
  const rows = Array.from({ length: 120 }, (_, nth) => ({
    Symbol: `S${nth}`,
    Security: nth === 0 ? '3M' : `Company ${nth}`,
  }));
  const input = await inputFor(house, rows, {
    provider: 'promptlayer',
    table: TABLE,
    rows: { inline: rows, key: 'Symbol', map: { Company: 'Security' } },
  });
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
