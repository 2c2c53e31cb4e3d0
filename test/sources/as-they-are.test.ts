import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { Json } from '../../src/contract/json.ts';
import type { RowsFormat, RowsSpec } from '../../src/contract/pipeline.ts';
import { takeSnapshot, type Snapshot } from '../../src/sources/snapshot.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { newPlace } from '../store/place.ts';
import { outcomeOf, rowsFile } from './rows-file.ts';

/**
 * Lists as spreadsheets, exports and scripts write them. Each kind is read as its writer meant it, or
 * refused with the place and the reason.
 */

interface Taken extends Snapshot {
  /** Key, input and other columns of each row. */
  lines: { key: string; input: Record<string, Json>; source?: Record<string, Json> }[];
  leftOut: Record<string, Json>[];
}

async function take(
  text: string | Uint8Array,
  { format = 'csv', ...fields }: Partial<RowsSpec> & { format?: RowsFormat } = {},
): Promise<Taken> {
  const store = createFileStore(newPlace());
  const folder = store.run({ workflowId: 'w', firstRunId: 'r' });
  const source = await rowsFile(text, format);
  const rows = { source, key: 'id', map: { input: 'site' }, ...fields };
  const snapshot = await takeSnapshot(rows, ['input'], await folder.create('rows.jsonl'), {
    leftOut: () => folder.create('bad-rows.jsonl'),
    countRepeats: true,
  });
  const linesOf = async <T>(name: string): Promise<T[]> => {
    if (!(await folder.exists(name))) return [];
    const lines = (await readFile(folder.locate(name), 'utf8')).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as T);
  };
  return {
    ...snapshot,
    lines: await linesOf('rows.jsonl'),
    leftOut: await linesOf('bad-rows.jsonl'),
  };
}

const pairs = ({ lines }: Taken): [string, Json][] =>
  lines.map(({ key, input }) => [key, input['input'] ?? null]);

const failure = (...args: Parameters<typeof take>): Promise<string> => outcomeOf(take(...args));

const TWO: [string, Json][] = [
  ['1', 'acme.example'],
  ['2', 'bravo.example'],
];

test.each<[string, string | Uint8Array, string]>([
  [
    'empty columns at the end, as Excel leaves them',
    'id,site,,,\n1,acme.example,,,\n2,bravo.example,,,\n',
    'columns 3, 4, 5 of the header have no name: they are ignored',
  ],
  [
    'a column without a name before the others, as pandas writes its index',
    ',id,site\n0,1,acme.example\n1,2,bravo.example\n',
    'column 1 of the header has no name: it is ignored',
  ],
  [
    'two columns of one name that is not mapped',
    'id,site,Total,Total\n1,acme.example,2,3\n2,bravo.example,4,5\n',
    'columns 3, 4 of the header are all called "Total": they are ignored',
  ],
  [
    'rows of nothing but delimiters',
    'id,site,x\n1,acme.example,1\n,,\n,,,,\n2,bravo.example,\n ,,\u00A0\n',
    '3 rows without any content skipped',
  ],
  [
    'the header again in the middle, as of joined files',
    '\uFEFFid,site\r\n1,acme.example\r\n\uFEFFid,site\r\n2,bravo.example\r\n',
    'the header stands again on line 3: skipped',
  ],
  [
    'sep= again in the middle',
    'sep=;\nid;site\n1;acme.example\nsep=;\nid;site\n2;bravo.example\n',
    'the header stands again on lines 4, 5: skipped',
  ],
])('%s: read, with a warning', async (_, text, warning) => {
  const taken = await take(text);
  expect(pairs(taken)).toEqual(TWO);
  expect(taken.warnings).toEqual([expect.stringMatching(/rows-\d+\.csv: /)]);
  expect(taken.warnings[0]).toContain(warning);
});

test.each<[string, string | Uint8Array]>([
  ['a delimiter after each row', 'id,site\n1,acme.example,\n2,bravo.example,,\n'],
  ['a line sep=; first', 'sep=;\r\nid;site\r\n1;acme.example\r\n2;bravo.example\r\n'],
  ['a quoted line sep=; first', '"sep=;"\nid;site\n1;acme.example\n2;bravo.example\n'],
  ['sep=| with a byte order mark', '\uFEFFsep=|\nid|site\n1|acme.example\n2|bravo.example\n'],
  [
    'a header with invisible characters',
    'id\u200B,\u00ADsi\u2060te\n1,acme.example\n2,bravo.example',
  ],
  ['a header with hard spaces', '\u00A0id\u00A0,site \n1,acme.example\n2,bravo.example\n'],
  ['no line end at the end, old Mac ends', 'id,site\r1,acme.example\r2,bravo.example'],
  ['blanks behind a closing quote', '"id" ,"site"\n"1" ,"acme.example"\n"2","bravo.example"\t\n'],
])('%s: read without a word', async (_, text) => {
  const taken = await take(text);
  expect(pairs(taken)).toEqual(TWO);
  expect(taken.warnings).toEqual([]);
  expect(taken.kept).toEqual([]);
});

test('lines are counted from the file, with a line sep= before the header', async () => {
  expect(await failure('sep=;\nid;site\n1;a.example\n1;b.example\n')).toContain(
    'line 4: the key "1" stands on line 3 already',
  );
});

test.each([
  ['decomposed in the file', 'cafe\u0301', 'caf\u00E9'],
  ['decomposed in the pipeline', 'caf\u00E9', 'cafe\u0301'],
])('a header with an accent, %s: matched', async (_, there, wanted) => {
  const csv = await take(`id,${there}\n1,a\n`, { map: { input: wanted } });
  expect(pairs(csv)).toEqual([['1', 'a']]);
  expect(csv.kept).toEqual([]);
  const json = await take(`{"id":1,"${there}":"a"}\n`, { map: { input: wanted }, format: 'jsonl' });
  expect(pairs(json)).toEqual([['1', 'a']]);
});

test('names that only look alike are shown with escapes', async () => {
  const found = await failure('i\u200Bd,i\u00ADd,site\n1,2,a\n');
  expect(found).toContain('there is no column "id"');
  expect(found).toContain('columns: "i\\u200Bd", "i\\u00ADd", "site"');
});

test('a mapped column that stands twice is refused, with both places', async () => {
  expect(await failure('id,site,site\n1,a,b\n')).toContain(
    'there are 2 columns "site" (2, 3); give each a name of its own',
  );
});

test('a quote inside an unquoted field is text, as spreadsheets read it', async () => {
  const sizes = Array.from({ length: 40 }, (_, n) => `${n},acme${n}.example,${n}" pipe`);
  const taken = await take(`id,site,size\n${sizes.join('\n')}\n`);
  expect(taken.lines).toHaveLength(40);
  expect(taken.lines[7]).toMatchObject({ key: '7', source: { size: '7" pipe' } });
  // Nor does it hide delimiters from the search for them.
  expect(pairs(await take('id;site 5"\n1;a,b\n2;c,d"\n', { map: { input: 'site 5"' } }))).toEqual([
    ['1', 'a,b'],
    ['2', 'c,d"'],
  ]);
});

test('quotes that cannot be read are named all at once', async () => {
  const found = await failure('id,site\n1,"a"x\n2,b\n3,"c" d\n4,"e\n5,f\n');
  expect(found.split('\n')).toEqual([
    expect.stringContaining('line 5: a quote is opened in this row and never closed'),
    'before it:',
    expect.stringContaining('line 2: text behind a closing quote'),
    expect.stringContaining('line 4: text behind a closing quote'),
  ]);
});

test('a quote that would swallow the next row never does', async () => {
  const text = 'id,size,site\n1,"5 inch,a.example\n2,"6 inch,b.example\n3,"7 inch,c.example\n';
  expect(await failure(text)).toMatch(/^(source_unreadable|rows_invalid): .*line [234]/s);
});

test('the header again with its columns in another order ends the reading', async () => {
  const found = await failure('id,site\n1,a.example\nsite,id\nb.example,2\n');
  expect(found).toMatch(
    /^source_unreadable: .*line 3: the header again, with its columns in another/,
  );
});

test('a header of other columns in the middle is a bad row', async () => {
  const found = await failure('id,site,size\n1,a.example,5\nid,site,phone\n2,b.example,7\n');
  expect(found).toContain('line 3: the header again, with other columns than the first one');
});

test.each([
  '\u200B',
  '\u00AD',
  '\uFEFF',
  '\u2060\u200D',
  '\u3164',
  '\u2800',
  '\u00A0 \t',
  '\u0001',
])('an input of %j is empty', async (blank) => {
  expect(await failure(`id,site,x\n1,"${blank}",1\n`)).toContain('line 2: "site" is empty');
  const json = JSON.stringify({ id: 1, site: blank });
  expect(await failure(`${json}\n`, { format: 'jsonl' })).toContain('line 1: "site" is empty');
});

test('a key is the same with or without invisible characters around it', async () => {
  const taken = await take('id,site\n\u200B1\uFEFF,a.example\n2\u00A0,b.example\n');
  expect(pairs(taken).map(([key]) => key)).toEqual(['1', '2']);
  expect(taken.warnings[0]).toContain('invisible characters around 2 keys');
  expect(await failure('id,site\n1,a\n\u200B1,b\n')).toContain('stands on line 2 already');
  // What belongs to the last character stays.
  expect(pairs(await take('id,site\n❤\uFE0F,a\n'))[0]?.[0]).toBe('❤\uFE0F');
});

test.each([
  ['a page', '<!DOCTYPE html>\n<html><body>Sign in</body></html>'],
  ['a page behind a comment', '\uFEFF\n <!-- x --><html lang="en">\n'],
  ['a table that calls itself Excel', '<table border=1><tr><td>id</td></tr></table>'],
])('a web page saved as a list is refused: %s', async (_, page) => {
  for (const format of ['csv', 'jsonl', 'json'] as const) {
    expect(await failure(page, { format })).toMatch(
      /^source_unreadable: .*this is a web page \(HTML\), not a list; download the file itself/,
    );
  }
});

test('XML and old Excel files are refused by name', async () => {
  expect(await failure('<?xml version="1.0"?><Workbook/>')).toContain('this is an XML file');
  const xls = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
  expect(await failure(xls)).toContain('this is an old Excel file');
});

test.each([
  ['{"id":1,"site":"a.com","x":NaN}', 'column 28: NaN is not JSON'],
  ['{"id":1,"site":"a.com","x":-Infinity}', 'column 28: -Infinity is not JSON'],
  ['{"id":1,"site":None}', 'column 16: None is not JSON'],
  ["{'id':1}", 'column 2: a name in double quotes is expected'],
  ['{"id":1,}', 'column 9: a comma too many'],
  ['{"id":1 "site":2}', 'column 9: a comma is missing before "'],
  ['{"id":01}', 'column 7: 01 is not JSON'],
  ['{"id":"a', 'column 7: a text that is never closed'],
  ['{"id":"a\tb"}', 'column 9: a control character in a text'],
  ['{"id":"\\x"}', 'column 8: a backslash that begins no escape'],
  ['{"id":1}{"id":2}', 'column 9: { behind the end of the value'],
  ['[{"id":1},', 'column 11: the text ends too early'],
])('broken JSON is reported with place and reason: %s', async (line, what) => {
  expect(await failure(`${line}\n`, { format: 'jsonl' })).toContain(
    `line 1: broken JSON at ${what}`,
  );
});

test('broken JSON of a list is reported with line and column', async () => {
  expect(await failure('[{"id":1,\n"x":NaN}]', { format: 'json' })).toContain(
    'line 2, column 5: broken JSON: NaN is not JSON',
  );
});

test('joined JSON Lines keep no byte order mark', async () => {
  const text = '\uFEFF{"id":1,"site":"acme.example"}\n\uFEFF{"id":2,"site":"bravo.example"}\n{}\n';
  expect(pairs(await take(text, { format: 'jsonl' }))).toEqual(TWO);
});

test('numbers lose no digits unnoticed', async () => {
  const refused = await failure('{"id":1,"site":0.12345678901234567891}\n', { format: 'jsonl' });
  expect(refused).toContain(
    'line 1: "site" holds the number 0.12345678901234567891, which would be read as 0.12345678901234568; write it as text',
  );
  expect(await failure('{"id":12345678901234567890,"site":"a"}\n', { format: 'jsonl' })).toContain(
    'the key "id" is the number 12345678901234567890',
  );
  const line = '{"id":1.0,"site":"a","big":12345678901234567890,"in":[1.10,1e400],"ok":1e3}\n';
  const [row] = (await take(line, { format: 'jsonl' })).lines;
  expect(row).toEqual({
    key: '1',
    input: { input: 'a' },
    source: { big: '12345678901234567890', in: [1.1, '1e400'], ok: 1000 },
  });
});

const LEADS =
  'company,website\nAcme,acme.example\nBravo,\nCharlie,charlie.example\nAcme,x.example\n';
const LEADS_SPEC = { key: 'company', map: { input: 'website' } };

test('bad rows within the tolerated share are left out', async () => {
  const taken = await take(LEADS, { ...LEADS_SPEC, skipBad: 0.5 });
  expect(pairs(taken)).toEqual([
    ['Acme', 'acme.example'],
    ['Charlie', 'charlie.example'],
  ]);
  expect(taken.bad).toMatchObject({ rows: 2, of: 4 });
  expect(taken.ref.badRows?.rows).toBe(2);
  const bad = { column: null, status: 'bad row', attempts: 0 };
  expect(taken.leftOut).toEqual([
    { ...bad, key: 'Bravo', line: 3, reason: 'line 3: "website" is empty' },
    { ...bad, key: 'Acme', line: 5, reason: 'line 5: the key "Acme" stands on line 2 already' },
  ]);
});

test('with `duplicates: first` later rows of a key are left out', async () => {
  const repeated = 'company,website\nAcme,acme.example\nBravo,b.example\nAcme,x.example\n Acme ,\n';
  const taken = await take(repeated, { ...LEADS_SPEC, duplicates: 'first' });
  expect(pairs(taken)).toEqual([
    ['Acme', 'acme.example'],
    ['Bravo', 'b.example'],
  ]);
  expect(taken.bad).toBeNull();
  expect(taken.repeatedKeys).toMatchObject({ rows: 2, of: 4 });
  expect(taken.ref.badRows?.rows).toBe(2);
  expect(taken.leftOut.map(({ key, line, reason }) => [key, line, reason])).toEqual([
    ['Acme', 4, 'line 4: the key "Acme" stands on line 2 already'],
    ['Acme', 5, 'line 5: the key "Acme" stands on line 2 already'],
  ]);
});

test('duplicates: first leaves no unusable row out', async () => {
  expect(await failure(LEADS, { ...LEADS_SPEC, duplicates: 'first' })).toMatch(
    /^rows_invalid: .*1 of 4 rows cannot be used\nline 3: "website" is empty/,
  );
  const both = await take(LEADS, { ...LEADS_SPEC, duplicates: 'first', skipBad: 0.25 });
  expect([both.bad?.rows, both.repeatedKeys?.rows, both.ref.rows]).toEqual([1, 1, 2]);
});

test.each([{}, { duplicates: 'refuse' } as const])(
  'later rows of a key are refused: %j',
  async (fields) => {
    const list = 'company,website\nA,a.example\nA,b.example\n';
    expect(await failure(list, { ...LEADS_SPEC, ...fields })).toMatch(
      /^rows_invalid: .*\nline 3: the key "A" stands on line 2 already/,
    );
  },
);

test('a list of which only repeats of a bad row remain has no usable row', async () => {
  const spec = { ...LEADS_SPEC, duplicates: 'first', skipBad: 0.5 } as const;
  expect(await failure('company,website\nA,\nA,a.example\n', spec)).toMatch(
    /^rows_invalid: .*1 of 2 rows cannot be used/,
  );
});

test('more bad rows than the share allows are refused as before', async () => {
  expect(await failure(LEADS, { ...LEADS_SPEC, skipBad: 0.49 })).toMatch(
    /^rows_invalid: .*2 of 4 rows cannot be used; rows\.skipBad allows 49%\nline 3/,
  );
  expect(await failure('id,site\n1,\n', { skipBad: 1 })).toMatch(/^rows_invalid: .*1 of 1 rows/);
});

test('rows that cannot be read are bad rows as well', async () => {
  const taken = await take(
    '{"id":1,"site":"a"}\n{"id":2,"site":NaN}\n[3]\n{"id":4,"site":"d"}\n[5]\n',
    {
      format: 'jsonl',
      skipBad: 0.6,
    },
  );
  expect(pairs(taken).map(([key]) => key)).toEqual(['1', '4']);
  expect(taken.leftOut.map(({ key, line }) => [key, line])).toEqual([
    [null, 2],
    [null, 3],
    [null, 5],
  ]);
});

test('the digest differs for lists with different bad rows', async () => {
  const digests = await Promise.all(
    ['1,a\n2,\n', '1,a\n3,\n'].map(async (text) => {
      const { ref } = await take(`id,site\n${text}`, { skipBad: 0.5 });
      return [ref.digest, ref.badRows?.digest];
    }),
  );
  expect(digests[0]?.[0]).toBe(digests[1]?.[0]);
  expect(digests[0]?.[1]).not.toBe(digests[1]?.[1]);
});

test('rows that ask what another row asks are counted', async () => {
  const sites = ['acme.com', 'acme.com', 'www.acme.com', 'https://acme.com/', 'ACME.com', 'b.com'];
  const text = sites.map((site, n) => `${n},${site}\n`).join('');
  expect((await take(`id,site\n${text}`)).repeats).toEqual({ exact: 1, alike: 3 });
});

test('`keep` chooses the other columns that come back', async () => {
  const text = 'id,site,owner,note\n1,a.example,Ann,\n';
  expect((await take(text)).lines[0]?.source).toEqual({ owner: 'Ann', note: '' });
  expect((await take(text)).kept).toEqual(['owner', 'note']);
  const named = await take(text, { keep: ['note', 'site'] });
  expect(named.lines[0]?.source).toEqual({ note: '', site: 'a.example' });
  expect((await take(text, { keep: [] })).lines[0]).toEqual({
    key: '1',
    input: { input: 'a.example' },
  });
  const missing = await failure(text, { keep: ['ownr'] });
  expect(missing).toContain('there is no column "ownr" · did you mean "owner"?');
  const listed = await failure('{"id":1,"site":"a"}\n', { keep: ['owner'], format: 'jsonl' });
  expect(listed).toContain('there is no column "owner"');
});

test('a value too large to come back stops no row', async () => {
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
  const text = `{"id":1,"site":"a","deep":${deep},"long":"${'x'.repeat(300_000)}","half":"\\ud800"}\n`;
  const taken = await take(text, { format: 'jsonl' });
  expect(taken.lines[0]?.source).toEqual({ half: '\uFFFD' });
  expect(taken.warnings).toEqual([expect.stringContaining('2 fields are too large or too deep')]);
});

test('columns beyond those that every kind of results can have are a warning', async () => {
  const width = async (count: number) => {
    const names = Array.from({ length: count }, (_, at) => `c${at}`);
    return take(`id,site,${names.join(',')}\n1,acme.com${',x'.repeat(count)}\n`);
  };
  expect((await width(1_000)).warnings).toEqual([]);
  const taken = await width(1_001);
  expect(taken.kept).toHaveLength(1_000);
  expect(taken.warnings).toEqual([expect.stringContaining('other results have the first 1000')]);
});
