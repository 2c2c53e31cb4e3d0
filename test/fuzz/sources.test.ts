import { Readable } from 'node:stream';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RowsFormat } from '../../src/contract/pipeline.ts';
import { csvCell, csvText } from '../../src/sinks/csv-cell.ts';
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
async function outcome(content: Buffer, pieceBytes: number, format: RowsFormat): Promise<string> {
  const pieces = [];
  for (let at = 0; at < content.length; at += pieceBytes) {
    pieces.push(content.subarray(at, at + pieceBytes));
  }
  const rows = { source: { type: 'stdin', format } as const, key: 'id', map: { x: 'x' } };
  try {
    const options = { stdin: Readable.from(pieces) };
    return (await takeSnapshot(rows, ['x'], createDigestDraft(), options)).ref.digest;
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
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 40 }), async (content, pieceBytes) => {
        const whole = await outcome(content, 1_000_000, format);
        expect(await outcome(content, 1_000_000, format)).toBe(whole);
        const cut = await outcome(content, pieceBytes, format);
        // A bad byte behind a bad row is met first or last.
        if (whole.startsWith('sha256:') || cut.startsWith('sha256:')) expect(cut).toBe(whole);
      }),
      fuzzing(250),
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
