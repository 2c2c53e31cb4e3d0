import { Readable } from 'node:stream';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import type { RowsSource } from '../../src/contract/pipeline.ts';
import type { SourceRow } from '../../src/sources/rows/row.ts';
import { openSource } from '../../src/sources/source.ts';
import { outcomeOf, readAll, rowsFile } from './rows-file.ts';

async function all(source: RowsSource, stdin?: Readable): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of openSource(source, stdin === undefined ? {} : { stdin })) rows.push(row);
  return rows;
}

test('JSON Lines keep their line numbers across blank lines and CRLF', async () => {
  const { rows, problems } = await readAll(
    await rowsFile('\uFEFF{"a":1}\r\n\r\n[1]\n{"a":\n{"a":"ü"}', 'jsonl'),
  );
  expect(rows).toEqual([
    { line: 1, unit: 'line', values: { a: 1 } },
    { line: 5, unit: 'line', values: { a: 'ü' } },
  ]);
  expect(problems).toEqual([
    { line: 3, unit: 'line', what: 'a list instead of a row {…}' },
    { line: 4, unit: 'line', what: 'broken JSON at column 6: the text ends too early' },
  ]);
});

test('a line that is longer than a chunk of the file is one line', async () => {
  const long = 'ü😀'.repeat(50_000);
  const { rows } = await readAll(await rowsFile(`{"a":"${long}"}\n{"a":2}\n`, 'jsonl'));
  expect(rows.map(({ line, values: { a } }) => [line, a])).toEqual([
    [1, long],
    [2, 2],
  ]);
});

test('a JSON array is a list of rows', async () => {
  const { rows, problems } = await readAll(await rowsFile('[{"a":1},\n 5,\n{"a":2}]', 'json'));
  expect(rows).toEqual([
    { line: 1, unit: 'row', values: { a: 1 } },
    { line: 3, unit: 'row', values: { a: 2 } },
  ]);
  expect(problems).toEqual([{ line: 2, unit: 'row', what: 'a number instead of a row {…}' }]);
});

test.each([
  ['broken', '[{"a":1},\n{"a" 2}]', /line 2, column 6: broken JSON/],
  ['cut', '[{"a":1}', /broken JSON/],
  ['one object', '{"rows":[]}', /one JSON object; a list of rows is expected/],
])('JSON that is %s is refused', async (_, text, message) => {
  const found = await outcomeOf(readAll(await rowsFile(text, 'json')));
  expect(found).toMatch(/^source_unreadable/);
  expect(found).toMatch(message);
});

test.each([
  ['a JSON array', ' \n[{"a":"1"}]'],
  ['JSON Lines', '{"a":"1"}\n'],
  ['CSV', 'a\n1\n'],
])('standard input is recognised by its first character: %s', async (_, text) => {
  // Byte by byte: nothing may depend on how the pipe cuts.
  const stdin = Readable.from(Array.from(Buffer.from(text), (byte) => Buffer.from([byte])));
  expect((await all({ type: 'stdin' }, stdin)).map((row) => row.values)).toEqual([{ a: '1' }]);
});

test('standard input set to text is read as well', async () => {
  const rows = await all({ type: 'stdin', format: 'csv' }, Readable.from(['a,b\n', 'ü,2\n']));
  expect(rows.map((row) => row.values)).toEqual([{ a: 'ü', b: '2' }]);
});

test('inline rows are counted', async () => {
  const rows = await all({ type: 'inline', rows: [{ a: 1 }, { a: 2 }] });
  expect(rows.map(({ line, unit }) => [line, unit])).toEqual([
    [1, 'row'],
    [2, 'row'],
  ]);
});

test('a source that is no file is refused', async () => {
  const { path } = await rowsFile('');
  const missing = { type: 'file', path: `${path}.gone`, format: 'csv' } as const;
  expect(await outcomeOf(all(missing))).toMatch(/^source_not_found: .*there is no such file$/);
  const folder = { type: 'file', path: dirname(path), format: 'csv' } as const;
  expect(await outcomeOf(all(folder))).toMatch(/^source_not_found: .*is a folder, not a file$/);
});

test('without a listener the first bad row ends the reading', async () => {
  const found = await outcomeOf(all(await rowsFile('a,b\n1\n1,2\n')));
  expect(found).toMatch(/^source_unreadable: .*line 2: 1 field, the header has 2$/);
});

test('a reader may stop early', async () => {
  const file = await rowsFile(`a\n${'1\n'.repeat(100_000)}`);
  for await (const row of openSource(file)) {
    expect(row.line).toBe(2);
    break;
  }
});
