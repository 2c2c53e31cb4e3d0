import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import type { TypePolicy } from '../../src/contract/pipeline.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import { publishTo } from '../../src/sinks/publish.ts';
import type { ResultColumns } from '../../src/sinks/port/sink.ts';
import { newPlace } from '../store/place.ts';
import { Missing, resultRow } from './result-row.ts';
import { newFolder, RESULTS, storeResults } from './results.ts';

const COLUMNS: ResultColumns = {
  columns: ['revenue', 'staff', 'public', 'board', 'note', 'key'],
  inputs: ['input', 'board'],
  source: ['Symbol'],
  answers: {
    revenue: { type: 'number' },
    staff: { type: 'integer' },
    public: { type: 'boolean' },
    board: { type: 'array', items: { type: 'string' } },
  },
};

const publish = async (rows: ResultRow[], columns = COLUMNS, types?: TypePolicy) => {
  const folder = newFolder();
  await storeResults(folder, rows);
  const to = join(newPlace(), 'out', 'results.parquet');
  const target = { to, format: 'parquet', ...(types === undefined ? {} : { types }) };
  const file = await publishTo(target, folder, RESULTS, columns);
  const buffer = await asyncBufferFromFile(to);
  const found = await parquetReadObjects({ file: buffer });
  return { file, found, metadata: await parquetMetadataAsync(buffer), to };
};

const full = {
  ...resultRow(
    'MMM',
    { input: '3M "é"\n', board: 'x' },
    { revenue: 0.1, staff: 92000, public: true, board: ['Ada'], note: { a: [1] }, key: 'k' },
  ),
  source: { Symbol: 'MMM' },
};

test('answers have the types of their columns', async () => {
  const { found, metadata, file } = await publish([full]);
  expect(file.rows).toBe(1);
  expect(found).toEqual([
    {
      key: 'MMM',
      input: '3M "é"\n',
      'input.board': 'x',
      Symbol: 'MMM',
      revenue: 0.1,
      staff: 92000n,
      public: true,
      board: ['Ada'],
      note: '{"a":[1]}',
      'column.key': 'k',
      _status: 'complete',
      _sources: [],
    },
  ]);
  const types = parquetSchema(metadata).children.map(({ element }) => [element.name, element.type]);
  expect(types).toContainEqual(['staff', 'INT64']);
  expect(types).toContainEqual(['revenue', 'DOUBLE']);
});

test('an answer that is missing or of another type is null', async () => {
  const row = resultRow('A', {}, { revenue: 'n/a', staff: new Missing('failed') });
  const { found } = await publish([row], { ...COLUMNS, columns: ['revenue', 'staff'] });
  expect(found).toMatchObject([
    { revenue: null, staff: null, input: null, _status: 'revenue=invalid;staff=failed' },
  ]);
});

test('without types every answer is text', async () => {
  const { found } = await publish([full], COLUMNS, 'off');
  expect(found).toMatchObject([{ revenue: '0.1', staff: '92000', board: '["Ada"]' }]);
});

test('sources of all answers are a list, each once', async () => {
  const row = resultRow('A', {}, { revenue: 1, staff: 2 });
  const sources = { revenue: ['https://a.example', { url: 'b' }], staff: ['https://a.example'] };
  for (const [column, found] of Object.entries(sources)) {
    const cell = row.cells[column];
    if (cell !== undefined) cell.sources = found;
  }
  const { found } = await publish([row]);
  expect(found).toMatchObject([{ _sources: ['https://a.example', '{"url":"b"}'] }]);
});

test('a file without rows has its columns', async () => {
  const { found, metadata, to } = await publish([]);
  expect(found).toEqual([]);
  expect(parquetSchema(metadata).children).toHaveLength(12);
  expect((await readFile(to)).subarray(0, 4).toString()).toBe('PAR1');
});

test('30 000 rows are in row groups, cell by cell those of the JSON Lines', async () => {
  const columns = {
    columns: ['staff'],
    inputs: ['input'],
    answers: { staff: { type: 'integer' } },
  };
  const rows = Array.from({ length: 30_000 }, (_, n) =>
    resultRow(
      `k${n}`,
      { input: `Company ${n}` },
      { staff: n % 7 === 0 ? new Missing('empty') : n },
    ),
  );
  const { found, metadata } = await publish(rows, columns);
  expect(metadata.row_groups.length).toBeGreaterThan(1);
  expect(found.map((row): unknown[] => [row['key'], row['input'], row['staff']])).toEqual(
    rows.map(({ key, input, cells }) => {
      const value = cells['staff']?.value;
      return [key, input['input'], typeof value === 'number' ? BigInt(value) : null];
    }),
  );
});

test('names are unique without regard to case, the answer having its own', async () => {
  const row = resultRow('A', { input: 'i' }, { sector: 'Energy', _Status: 'x', SECTOR: 'y' });
  const source = { Sector: 'list', KEY: 'k' };
  const { metadata, found } = await publish([{ ...row, source }], {
    columns: ['sector', '_Status', 'SECTOR'],
    inputs: ['input'],
    source: ['Sector', 'KEY'],
  });
  expect(parquetSchema(metadata).children.map(({ element }) => element.name)).toEqual([
    ...['key', 'input', 'source.Sector', 'source.KEY'],
    ...['sector', 'column._Status', 'column.SECTOR', '_status', '_sources'],
  ]);
  expect(found).toMatchObject([{ sector: 'Energy', 'source.Sector': 'list', _status: 'complete' }]);
});
