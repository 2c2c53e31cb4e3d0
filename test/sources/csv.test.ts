import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { outcomeOf, readAll, rowsFile } from './rows-file.ts';

const csv = async (text: string | Uint8Array) => readAll(await rowsFile(text));
const values = async (text: string) => (await csv(text)).rows.map((row) => row.values);
const failure = async (text: string | Uint8Array) => outcomeOf(csv(text));

test('quotes, a byte order mark and CRLF are read as spreadsheets write them', async () => {
  expect(await values('\uFEFFa,b\r\n"x ""y"", z","l1\r\nl2"\r\nü,\r\n')).toEqual([
    { a: 'x "y", z', b: 'l1\r\nl2' },
    { a: 'ü', b: '' },
  ]);
});

test.each([
  ['comma', 'a,b\n1;2,3\n', { a: '1;2', b: '3' }],
  ['semicolon', 'a;b\n1,5;2,5\n3,5;4,5\n', { a: '1,5', b: '2,5' }],
  ['semicolon, more commas than semicolons below', 'a;b\n"x,y,z";1\n', { a: 'x,y,z', b: '1' }],
  ['semicolon, a comma in the header', 'Name, legal;b\nx;1\ny;2\n', { 'Name, legal': 'x', b: '1' }],
  ['tab', 'a\tb\n1,2\t3;4\n', { a: '1,2', b: '3;4' }],
  ['quoted delimiters do not count', '"a;x;y",b\n1,2\n', { 'a;x;y': '1', b: '2' }],
  ['a single column', 'a\n1\n', { a: '1' }],
])('the delimiter is detected in the first lines: %s', async (_, text, first) => {
  expect((await values(text))[0]).toEqual(first);
});

test('a row is known by the line it starts on, whatever is in the rows before', async () => {
  const { rows } = await csv('a,b\r\n1,"x\r\n\r\ny"\r\n\r\n2,z\r\n"3\n",z\r\n4,z');
  expect(rows.map(({ line, values: { a } }) => [line, a])).toEqual([
    [2, '1'],
    [6, '2'],
    [7, '3\n'],
    [9, '4'],
  ]);
});

test('old Mac line ends count as lines', async () => {
  const { rows } = await csv('a,b\r1,2\r3,4\r');
  expect(rows.map(({ line }) => line)).toEqual([2, 3]);
});

test('rows with too few or too many fields are named by line', async () => {
  const { rows, problems } = await csv('a,b\n1\n1,2\n1,2,3\n');
  expect(rows.map(({ line }) => line)).toEqual([3]);
  expect(problems).toEqual([
    { line: 2, unit: 'line', what: '1 field, the header has 2' },
    { line: 4, unit: 'line', what: '3 fields, the header has 2' },
  ]);
});

test('a quote that is never closed is an error with its line', async () => {
  const found = await failure('a,b\n1,"x\r\ny"\n2,"x\n3,y\n');
  expect(found).toMatch(/^source_unreadable: .*line 4: a quote is opened in this row/);
});

test('text behind a closing quote spoils only its own row', async () => {
  const { rows, problems } = await csv('a,b\n"1"x,2\n3,"5 inch\n4,"6 inch\n5,"6" ,\n');
  expect(rows.map(({ line, values: { b } }) => [line, b])).toEqual([[5, '6']]);
  const what = expect.stringContaining('text behind a closing quote');
  expect(problems).toEqual([2, 3].map((line) => ({ line, unit: 'line', what })));
});

const utf16 = Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le');

test.each([
  ['UTF-16', utf16, 'this is UTF-16'],
  ['UTF-16, big endian', Buffer.from(utf16).swap16(), 'this is UTF-16'],
  ['UTF-16 without a mark', utf16.subarray(2), 'line 1: a zero byte'],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 97, 0, 0, 0]), 'this is UTF-32'],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'this is gzip data; unpack it first'],
  ['a workbook', Buffer.from('PK\u0003\u0004xx'), 'Excel file; save it as CSV'],
  ['Latin-1', Buffer.from('a,b\n1,2\nM\xfcller,3\n', 'latin1'), 'line 3: bytes that are not UTF-8'],
  ['binary', Buffer.from('a,b\n1,2\n\0,3\n'), 'line 3: a zero byte'],
])('%s is refused with a clear word', async (_, bytes, message) => {
  const found = await failure(bytes);
  expect(found).toMatch(/^source_unreadable/);
  expect(found).toContain(message);
});

test('an empty file has no rows', async () => {
  expect((await csv('')).rows).toEqual([]);
  expect((await csv('a,b\n')).rows).toEqual([]);
});

test('a column called __proto__ is a column', async () => {
  const [row] = (await csv('a,__proto__\n1,2\n')).rows;
  expect(Object.entries(row?.values ?? {})).toEqual([
    ['a', '1'],
    ['__proto__', '2'],
  ]);
});

const field = fc.string({
  unit: fc.constantFrom('a', 'ü', '😀', ',', ';', '"', '\n', '\r\n', ' '),
});

test('what a CSV writer wrote comes back, with the lines it stands on', async () => {
  // A row without any content is skipped.
  const filled = field.map((text) => `${text}.`);
  const tables = fc.array(fc.tuple(filled, field), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(tables, fc.constantFrom('\n', '\r\n'), async (table, end) => {
      const options = { record_delimiter: end, quoted: true };
      const text = stringify([['a', 'b'], ...table], options);
      const { rows, problems } = await csv(text);
      expect(problems).toEqual([]);
      expect(rows.map(({ values: { a, b } }) => [a, b])).toEqual(table);
      // The line a row starts on = 1 + line ends in everything before it.
      const lines = table.map((_, at) => {
        const before = stringify([['a', 'b'], ...table.slice(0, at)], options);
        return before.split('\n').length;
      });
      expect(rows.map(({ line }) => line)).toEqual(lines);
    }),
    { numRuns: 60 },
  );
});

test('any bytes are read or refused with a code', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .string({
        unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\t', ' ', '\uFEFF'),
        maxLength: 80,
      })
      .map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      expect(await failure(content)).toMatch(/^(nothing went wrong|source_unreadable): /);
    }),
    { numRuns: 150 },
  );
});
