import { expect, test } from '@jest/globals';
import { mistakes, parse, withLine } from './pipeline-text.ts';

const RESULTS = 'results: [{ to: out/demo.jsonl }]';
const withResults = (results: string): string => withLine(RESULTS, `results: [${results}]`);

test('a table of PostgreSQL is a target of its own, with upsert by default', () => {
  const { pipeline } = parse(
    withResults('{ to: a.jsonl }, { postgres: { urlEnv: DB, table: gtm.sp500 }, types: coerce }'),
  );
  expect(pipeline.results).toHaveLength(1);
  expect(pipeline.tables).toEqual([
    { postgres: { urlEnv: 'DB', table: 'gtm.sp500', mode: 'upsert' }, types: 'coerce' },
  ]);
});

test.each([
  ['no place', '{ when: always }', 'results[0]', 'no place'],
  ['two places', '{ to: a.csv, postgres: { urlEnv: DB, table: t } }', 'results[0].to', 'beside'],
  ['options of a CSV', '{ csv: {}, postgres: { urlEnv: DB, table: t } }', 'results[0].csv', 'csv'],
  [
    'an address',
    '{ postgres: { urlEnv: "pg://x", table: t } }',
    'results[0].postgres.urlEnv',
    'pg:',
  ],
  ['SQL', '{ postgres: { urlEnv: DB, table: "t; DROP" } }', 'results[0].postgres.table', 'DROP'],
  [
    'a mode',
    '{ postgres: { urlEnv: DB, table: t, mode: merge } }',
    'results[0].postgres.mode',
    'merge',
  ],
])('%s that does not fit is refused at its place', (_what, result, path, found) => {
  expect(mistakes(withResults(result))).toContainEqual(
    expect.objectContaining({ path, found: expect.stringContaining(found) }),
  );
});

test('a table is the target of one entry only', () => {
  const twice =
    '{ postgres: { urlEnv: DB, table: t } }, { postgres: { urlEnv: DB, table: public.t } }';
  expect(mistakes(withResults(twice))).toEqual([
    expect.objectContaining({
      path: 'results[1].postgres.table',
      found: expect.stringContaining('the table of results[0]'),
    }),
  ]);
  const others = '{ postgres: { urlEnv: DB, table: t } }, { postgres: { urlEnv: DB2, table: t } }';
  expect(parse(withResults(others)).pipeline.tables).toHaveLength(2);
});
