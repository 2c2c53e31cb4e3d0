import { Readable } from 'node:stream';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RowsFormat } from '../../src/contract/pipeline.ts';
import { csvCell, csvText } from '../../src/sinks/formats/csv-layout.ts';
import { publishTo } from '../../src/sinks/publish.ts';
import { createDigestDraft } from '../../src/sources/digest-draft.ts';
import { takeSnapshot } from '../../src/sources/snapshot.ts';
import { resultRow } from '../sinks/result-row.ts';
import { newFolder, RESULTS, storeResults } from '../sinks/results.ts';
import { readAll, rowsFile } from '../sources/rows-file.ts';
import { newPlace } from '../store/place.ts';
import { FUZZ_LIMIT_MS, fuzzing } from './fuzzing.ts';
import { codeOf, watchLooseEnds } from './loose-ends.ts';

watchLooseEnds();

const PIECES = [
  ...['sep=;\n', 'id,x,,\n', 'x,id\n', ',,\n', '\ufeffid,x\n', '5" a', '"a"b', '\u200b', 'e\u0301'],
  ...['<!doctype html>', 'NaN', '1.10', '0.12345678901234567891', '{"id":"a","x":NaN}\n'],
  ...['id,x\n', 'id;x\r\n', 'a,1\n', 'b,"2"\r', '"', '""', ',', ';', '\t', '\n', '\r\n', '\r', ' '],
  ...[
    '{"id":"a","x":1}',
    '{"id":1e999}',
    '[',
    ']',
    '{',
    '}',
    '\\ud800',
    '\ufeff',
    '\u0000',
    '\u2028',
  ],
];

const bytes = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PIECES).map((text) => Buffer.from(text)) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map((each) => Buffer.from(each)) },
    ),
    { maxLength: 30 },
  )
  .map((pieces) => Buffer.concat(pieces));

/** The digest, or the code and text of what is wrong. */
async function outcome(
  content: Buffer,
  pieceBytes: number,
  format: RowsFormat,
  skipBad = 0,
): Promise<string> {
  const pieces = [];
  for (let at = 0; at < content.length; at += pieceBytes) {
    pieces.push(content.subarray(at, at + pieceBytes));
  }
  const rows = { source: { type: 'stdin', format } as const, key: 'id', map: { x: 'x' }, skipBad };
  try {
    const options = { stdin: Readable.from(pieces) };
    const { ref, bad } = await takeSnapshot(rows, ['x'], createDigestDraft(), options);
    // Every row that was read is in one of the two files.
    if (bad !== null) expect(ref.rows + bad.rows).toBe(bad.of);
    expect(ref.badRows?.rows ?? 0).toBe(bad?.rows ?? 0);
    return `${ref.digest} ${ref.badRows?.digest ?? ''}`;
  } catch (error) {
    const code = codeOf(error);
    expect(code).toMatch(/^(source_unreadable|rows_invalid|rows_empty)$/);
    return code;
  }
}

test.each(['csv', 'jsonl', 'json'] as const)(
  '%s of any bytes is rows or an error with a code, however it is cut',
  async (format) => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 0.5, 1),
        async (content, pieceBytes, skipBad) => {
          const whole = await outcome(content, 1_000_000, format, skipBad);
          expect(await outcome(content, 1_000_000, format, skipBad)).toBe(whole);
          const cut = await outcome(content, pieceBytes, format, skipBad);
          // A bad byte behind a bad row is met first or last.
          if (whole.startsWith('sha256:') || cut.startsWith('sha256:')) expect(cut).toBe(whole);
          // What is read without bad rows is read as it is with them allowed.
          if (skipBad > 0 && whole.endsWith(' ')) {
            expect(await outcome(content, 1_000_000, format)).toBe(whole);
          }
        },
      ),
      fuzzing(250),
    );
  },
  FUZZ_LIMIT_MS,
);

/** One row of a list: what is meant by it. */
interface Meant {
  key: string;
  x: string;
  other: string;
}

/** Formatting that the writer of a list chooses. */
const writer = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t'),
  end: fc.constantFrom('\n', '\r\n'),
  mark: fc.constantFrom('', '\uFEFF'),
  sepLine: fc.boolean(),
  quoteAll: fc.boolean(),
  /** Empty columns behind the header and the rows, and behind the rows alone. */
  columns: fc.nat({ max: 3 }),
  trailing: fc.nat({ max: 2 }),
  /** Two columns of one name. */
  totals: fc.boolean(),
  /** Around and inside the names of the header. */
  unseen: fc.constantFrom('', '\u200B', '\u00A0', '\u00AD'),
  headerAgain: fc.array(fc.nat({ max: 8 }), { maxLength: 2 }),
  blankRows: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
});

type Writer = typeof writer extends fc.Arbitrary<infer T> ? T : never;

function written(rows: readonly Meant[], how: Writer): string {
  const { delimiter, end, mark, sepLine, quoteAll, columns, trailing, totals, unseen } = how;
  const quote = (text: string): string => {
    const must =
      [delimiter, '\n', '\r'].some((mark) => text.includes(mark)) || text.startsWith('"');
    return quoteAll || must ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (fields: readonly string[], more: number): string =>
    fields.map(quote).join(delimiter) + delimiter.repeat(more) + end;
  const names = ['id', 'x', 'other', ...(totals ? ['Total', 'Total'] : [])];
  const header = line(
    names.map((name) => `${unseen}${name}${unseen}`),
    columns,
  );
  const lines = rows.map(({ key, x, other }) =>
    line([key, x, other, ...(totals ? ['1', '2'] : [])], columns + trailing),
  );
  const blank = delimiter.repeat(names.length - 1 + columns) + end;
  for (const at of how.headerAgain) lines.splice(at, 0, mark + header);
  for (const at of how.blankRows) lines.splice(at, 0, blank);
  return mark + (sepLine ? `sep=${delimiter}${end}` : '') + header + lines.join('');
}

test(
  'a list is read as it was meant, however its writer dressed it',
  async () => {
    const text = fc
      .array(
        fc.constantFrom('a', 'ü', '5"', '""', ' ', ',', ';', '\t', '\n', '\r\n', '+', '=1', '😀'),
        {
          maxLength: 6,
        },
      )
      .map((parts) => parts.join(''));
    const texts = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(texts, writer, async (pairs, how) => {
        const meant = pairs.map(([x, other], n) => ({ key: `+k${n}`, x: `${x}.`, other }));
        const folder = newFolder();
        const source = await rowsFile(written(meant, how));
        const rows = { source, key: 'id', map: { x: 'x' } };
        await takeSnapshot(rows, ['x'], await folder.create(RESULTS));
        const read: unknown[] = [];
        for await (const line of folder.lines(RESULTS)) read.push(JSON.parse(line));
        expect(read).toEqual(
          meant.map(({ key, x, other }) => ({ key, input: { x }, source: { other } })),
        );
      }),
      fuzzing(150),
    );
  },
  FUZZ_LIMIT_MS,
);

test(
  'a CSV of ours is read back as it was written',
  async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('a\rb', 'a\r\n=1', '"', ',', ';;', '=1', ' x '),
    );
    const answers = fc.array(fc.tuple(text, fc.oneof(text, fc.integer(), fc.constant(null))), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(answers, async (pairs) => {
        const folder = newFolder();
        const rows = pairs.map(([input, a], n) => resultRow(`k${n}`, { input }, { a }));
        await storeResults(folder, rows);
        const to = join(newPlace(), 'r.csv');
        const columns = { columns: ['a'], inputs: ['input'] };
        await publishTo({ to, format: 'csv' }, folder, RESULTS, columns);
        const { rows: read, problems } = await readAll(await rowsFile(await readFile(to)));
        expect(problems).toEqual([]);
        expect(read.map(({ values }) => [values['key'], values['input'], values['a']])).toEqual(
          pairs.map(([input, a], n) => [`k${n}`, csvText(input), csvCell(a)]),
        );
      }),
      fuzzing(80),
    );
  },
  FUZZ_LIMIT_MS,
);
