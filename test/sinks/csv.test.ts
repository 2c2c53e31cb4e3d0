import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { Json } from '../../src/contract/json.ts';
import type { CsvOptions } from '../../src/contract/pipeline.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import { csvHeader } from '../../src/sinks/formats/csv-layout.ts';
import type { ResultColumns } from '../../src/sinks/port/sink.ts';
import { publishTo } from '../../src/sinks/publish.ts';
import { newPlace } from '../store/place.ts';
import { Missing, resultRow } from './result-row.ts';
import { newFolder, RESULTS, storeResults } from './results.ts';

const csvOf = async (
  rows: ResultRow[],
  columns: ResultColumns,
  csv?: CsvOptions,
): Promise<string> => {
  const folder = newFolder();
  await storeResults(folder, rows);
  const to = join(newPlace(), 'results.csv');
  const target = { to, format: 'csv' as const, ...(csv === undefined ? {} : { csv }) };
  const { rows: count } = await publishTo(target, folder, RESULTS, columns);
  expect(count).toBe(rows.length);
  return readFile(to, 'utf8');
};

const recordsOf = (csv: string): string[][] => parse(csv, { record_delimiter: '\n' });

test('one line a row: key, inputs, answers, status', async () => {
  const csv = await csvOf(
    [
      resultRow('MMM', { input: '3M' }, { sector: 'Industrials', employees: 61_500 }),
      resultRow('AOS', { input: 'A. O. Smith, "AOS"' }, { sector: ['a', 'b'], employees: -12.5 }),
    ],
    { columns: ['employees', 'sector'], inputs: ['input'] },
  );
  expect(csv).toBe(
    'key,input,employees,sector,_status\n' +
      'MMM,3M,61500,Industrials,complete\n' +
      'AOS,"A. O. Smith, ""AOS""",-12.5,"[""a"",""b""]",complete\n',
  );
});

test('the status of a row that left the source says so', async () => {
  const left = { ...resultRow('AOS', {}, { sector: 'a' }), vanished: true as const };
  const open = {
    ...resultRow('MMM', {}, { sector: new Missing('failed') }),
    vanished: true as const,
  };
  expect(await csvOf([left, open], { columns: ['sector'], inputs: [] })).toBe(
    'key,sector,_status\nAOS,a,vanished\nMMM,,vanished;sector=failed\n',
  );
});

test('no rows: the header alone', async () => {
  expect(await csvOf([], { columns: ['a'], inputs: [] })).toBe('key,a,_status\n');
});

test('the status says which columns have no answer and why', async () => {
  const csv = await csvOf(
    [
      resultRow(
        '1',
        {},
        { sector: new Missing('failed'), peer: new Missing('blocked'), size: 'big' },
      ),
      resultRow('2', {}, { sector: 'x', peer: new Missing('empty') }),
      { ...resultRow('3', {}, { sector: 'x', peer: 'y', size: 'z' }), complete: false },
    ],
    { columns: ['sector', 'peer', 'size'], inputs: [] },
  );
  expect(recordsOf(csv).slice(1)).toEqual([
    ['1', '', '', 'big', 'sector=failed;peer=blocked'],
    ['2', 'x', '', '', 'peer=empty;size=pending'],
    ['3', 'x', 'y', 'z', 'partial'],
  ]);
});

test.each([
  '=1+1',
  '+49 30',
  '-2+3',
  '@SUM(A1)',
  '\tx',
  '\rx',
  '\n=x',
  '=',
  '-',
  '＝1',
  '-1-2',
  '--1',
])('a formula is disarmed wherever it comes from: %j', async (evil) => {
  const csv = await csvOf([resultRow(evil, { [evil]: evil }, { [evil]: evil })], {
    columns: [evil],
    inputs: [evil],
  });
  const disarmed = `'${evil}`;
  expect(recordsOf(csv)).toEqual([
    ['key', `input.${disarmed}`, disarmed, '_status'],
    // Joins go by the key: it is not touched.
    [evil, disarmed, disarmed, 'complete'],
  ]);
});

test('text that begins like a formula is verbatim or quoted everywhere, as the target says', async () => {
  const phone = '+49 170 1';
  const rows = [resultRow(phone, { input: phone }, { a: phone })];
  const columns = { columns: ['a'], inputs: ['input'] };
  const recordOf = async (csv?: CsvOptions) => recordsOf(await csvOf(rows, columns, csv))[1];
  const quoted = `'${phone}`;
  expect(await recordOf()).toEqual([phone, quoted, quoted, 'complete']);
  expect(await recordOf({ formulas: 'verbatim' })).toEqual([phone, phone, phone, 'complete']);
  expect(await recordOf({ formulas: 'quoted' })).toEqual([quoted, quoted, quoted, 'complete']);
});

test('a byte order mark, explanations and sources are written on request', async () => {
  const row = resultRow('1', {}, { a: 'x', b: new Missing('failed') });
  row.cells['a'] = {
    status: 'done',
    value: 'x',
    explanation: 'so',
    sources: ['https://x.example'],
  };
  const columns = { columns: ['a', 'b'], inputs: [] };
  const csv = await csvOf([row], columns, { bom: true, explanations: true, sources: true });
  expect(csv).toBe(
    '\uFEFFkey,a,a_explanation,a_sources,b,b_explanation,b_sources,_status\n' +
      '1,x,so,"[""https://x.example""]",,,,b=failed\n',
  );
  expect((await csvOf([row], columns, { sources: true })).split('\n')[0]).toBe(
    'key,a,a_sources,b,b_sources,_status',
  );
});

test('other columns of the source stand between inputs and answers', async () => {
  const rows = [
    { ...resultRow('1', { input: 'x' }, { a: 'y' }), source: { owner: 'Ann', list: [1], a: '=1' } },
    resultRow('2', { input: 'x' }, { a: 'y' }),
  ];
  const csv = await csvOf(rows, {
    columns: ['a'],
    inputs: ['input'],
    source: ['owner', 'list', 'a'],
  });
  expect(recordsOf(csv)).toEqual([
    ['key', 'input', 'owner', 'list', 'source.a', 'a', '_status'],
    ['1', 'x', 'Ann', '[1]', "'=1", 'y', 'complete'],
    ['2', 'x', '', '', '', 'y', 'complete'],
  ]);
});

test('numbers stay numbers, as values and as text', async () => {
  const numbers = [-12.5, 0, 1e21, -3e-7];
  const texts = ['-12.5', '-1', '-1e5', '1.50', '007'];
  const csv = await csvOf(
    [...numbers, ...texts].map((value, index) => resultRow(`${index}`, {}, { value })),
    { columns: ['value'], inputs: [] },
  );
  const values = recordsOf(csv).slice(1);
  expect(values.map(([, value]) => value)).toEqual(['-12.5', '0', '1e+21', '-3e-7', ...texts]);
});

test('equal names in the header are distinguished', () => {
  expect(csvHeader({ inputs: ['input', 'sector'], columns: ['sector', 'peer'] })).toEqual([
    'key',
    'input',
    'input.sector',
    'sector',
    'peer',
    '_status',
  ]);
  expect(csvHeader({ inputs: ['key', '_status', 'input.key'], columns: ['key'] })).toEqual([
    'key',
    'input.input.key',
    'input._status',
    'input.key',
    'column.key',
    '_status',
  ]);
});

test('columns named like object properties keep their values', async () => {
  const row = JSON.parse(
    '{"key":"1","rowId":"r","input":{},"complete":true,"cells":{"__proto__":{"status":"done","value":"x"}}}',
  ) as ResultRow; // a literal could not have this key
  const csv = await csvOf([row], {
    columns: ['__proto__', 'constructor'],
    inputs: ['toString'],
  });
  expect(recordsOf(csv)[1]).toEqual(['1', '', 'x', '', 'constructor=pending']);
});

test('a damaged line leaves the old results in place', async () => {
  const folder = newFolder();
  const draft = await folder.create(RESULTS);
  await draft.line(JSON.stringify(resultRow('1', {}, {})));
  await draft.line('{"secret');
  await draft.commit();
  const to = join(newPlace(), 'results.csv');
  await writeFile(to, 'old');
  const error = await publishTo({ to, format: 'csv' }, folder, RESULTS, {
    columns: [],
    inputs: [],
  }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'store_unreadable',
    where: `${folder.locate(RESULTS)}:2`,
    message: expect.not.stringContaining('secret'),
  });
  expect(await readFile(to, 'utf8')).toBe('old');
});

test('whatever the answers are, the CSV reads back as the JSON Lines', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('=x', "'", '"', ',', '\r', '\n', '\r\n', ' a ', '-', '-1', '\ufeff', '\u2028'),
  );
  const value = fc.oneof(
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(text, { maxLength: 3 }),
    fc.dictionary(fc.string(), fc.oneof(text, fc.integer()), { noNullPrototype: true }),
  );
  const sample = fc.record({ key: text, input: value, answer: value });
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { maxLength: 20 }), async (samples) => {
      const rows = samples.map(({ key, input, answer }) => resultRow(key, { input }, { answer }));
      const csv = await csvOf(rows, { columns: ['answer'], inputs: ['input'] });
      expect(recordsOf(csv)).toEqual([
        ['key', 'input', 'answer', '_status'],
        ...samples.map(({ key, input, answer }) => [key, shown(input), shown(answer), 'complete']),
      ]);
    }),
    { numRuns: 50 },
  );
});

/** Returns the expected content of a cell, by other code than the product's. */
const shown = (value: Json): string => {
  if (value === null) return '';
  if (typeof value !== 'string') return JSON.stringify(value);
  const isNegative = value.startsWith('-') && Number.isFinite(Number(value.slice(1) || 'x'));
  const isFormula = value !== '' && '=+-@\t\r\n＝＋－＠'.includes(value.charAt(0));
  return isFormula && !isNegative ? `'${value}` : value;
};

test('a bare CR in a cell ends no row', async () => {
  const evil = 'x\r=cmd()';
  const csv = await csvOf([resultRow(evil, { input: evil }, { a: evil })], {
    columns: ['a'],
    inputs: ['input'],
  });
  // Spreadsheets and our own source end a row at CR, LF or both.
  expect(parse(csv, { record_delimiter: ['\r\n', '\n', '\r'] })).toEqual([
    ['key', 'input', 'a', '_status'],
    [evil, evil, evil, 'complete'],
  ]);
});
