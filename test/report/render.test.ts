import { expect, test } from '@jest/globals';
import { renderReport } from '../../src/report/render.ts';
import { hugeFacts, reportFacts } from './facts.ts';

const ATTACK = `</td><script>alert(1)</script><img src=x onerror="alert(2)">`;

const headings = (page: string): string[] =>
  [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title = '']) => title);

test('sections come in the order of the manual', () => {
  const page = renderReport(reportFacts());
  expect(page.indexOf('12 of 1,509 cells have no answer')).toBeLessThan(
    page.indexOf('class="tiles"'),
  );
  expect(headings(page)).toEqual([
    'Cells over time',
    'Columns',
    'Passes',
    'Last 14 runs of this pipeline',
    'Quarantine',
    'Expectations',
    'Changes',
    'First 20 rows',
    'How to repeat',
  ]);
});

test('markup from a cell, a column, a reason or a run stays text', () => {
  const page = renderReport(
    reportFacts({
      pipeline: ATTACK,
      summary: {
        ...reportFacts().summary,
        workflowId: ATTACK,
        reason: ATTACK,
        sourceWarnings: [ATTACK],
      },
      byColumn: { [ATTACK]: { done: 1, empty: 0, failed: 0, blocked: 0, pending: 0 } },
      reasons: [{ reason: ATTACK, cells: 1 }],
      columns: [ATTACK],
      sample: [{ key: ATTACK, cells: { [ATTACK]: { status: 'done', text: ATTACK, sources: [] } } }],
      changes: [
        {
          key: ATTACK,
          change: 'changed',
          columns: { [ATTACK]: { from: ATTACK, to: ATTACK } },
          at: '',
        },
      ],
    }),
  );
  expect(page).not.toMatch(/<script|<img/i);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
});

test('only an address of the web becomes a link', () => {
  const source = (url: string) => ({ text: 'source', url });
  const page = renderReport(
    reportFacts({
      tableUrl: 'javascript:alert(1)',
      columns: ['sector'],
      sample: [
        {
          key: 'MMM',
          cells: {
            sector: {
              status: 'done',
              text: 'Industrials',
              sources: [
                source('https://example.test/?a="onclick="x'),
                source('javascript:alert(1)'),
                source('data:text/html,x'),
              ],
            },
          },
        },
      ],
    }),
  );
  expect([...page.matchAll(/<a [^>]*>/g)].map(String)).toEqual([
    '<a href="https://example.test/?a=&quot;onclick=&quot;x" rel="noopener noreferrer nofollow">',
  ]);
});

test('a page has no part that loads something', () => {
  const page = renderReport(reportFacts());
  expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
  expect(page.replace(/<a href="[^"]*"/g, '<a')).not.toMatch(
    /\b(?:src|href|action|data)=|url\(|@import/,
  );
});

test('the page of 100,000 rows, 500 columns and the longest texts is under 300 KB', () => {
  const bytes = Buffer.byteLength(renderReport(hugeFacts()));
  expect(bytes).toBeLessThan(300_000);
  expect(headings(renderReport(hugeFacts()))).toHaveLength(9);
});

test('the same facts give the same page', () => {
  expect(renderReport(reportFacts())).toBe(renderReport(reportFacts()));
});

test('a run that read nothing has a page', () => {
  const page = renderReport(
    reportFacts({
      byColumn: {},
      readings: [],
      passes: [],
      runs: [],
      reasons: [],
      changes: [],
      columns: [],
      sample: [],
    }),
  );
  expect(page).toContain('Too few readings');
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
});

test('a run id with quotes is one word of the commands', () => {
  const page = renderReport(
    reportFacts({ summary: { ...reportFacts().summary, workflowId: "it's; rm -rf ~" } }),
  );
  expect(page).toContain('\nrowmill rerun &#39;it&#39;\\&#39;&#39;s; rm -rf ~&#39;');
});
