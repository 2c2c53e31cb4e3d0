import { expect, test } from '@jest/globals';
import { createDigestDraft } from '../../src/sources/digest-draft.ts';
import { takeSnapshot } from '../../src/sources/snapshot.ts';
import type { RowsFormat } from '../../src/contract/pipeline.ts';
import { outcomeOf, rowsFile } from './rows-file.ts';

const snapshotOf = async (text: string, format: RowsFormat, map: Record<string, string>) => {
  const source = await rowsFile(text, format);
  return outcomeOf(
    takeSnapshot({ source, key: 'id', map }, Object.keys(map), createDigestDraft()).then(
      ({ ref }) => ref.rows,
    ),
  );
};

test.each([
  [
    'more than any stack',
    `{"id":"a","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    'levels deep',
  ],
  [
    'a whole number beyond 2^53',
    '{"id":"a","x":12345678901234567890}',
    'read as 12345678901234567000',
  ],
  ['a number beyond all numbers', '{"id":"a","x":{"y":[1e999]}}', 'the number 1e999, which would'],
  [
    'a decimal beyond 17 digits',
    '{"id":"a","x":3.14159265358979323846}',
    'read as 3.141592653589793',
  ],
  ['a zero character', '{"id":"a","x":"b\\u0000"}', 'zero character'],
  ['half a character', '{"id":"a","x":["\\ud800"]}', 'half a character'],
  ['half a character in a name', '{"id":"a","x":{"\\udfff":1}}', 'half a character'],
])('an input with %s is named by its line', async (_what, line, says) => {
  const said = await snapshotOf(`{"id":"b","x":1}\n${line}\n`, 'jsonl', { x: 'x' });
  expect(said).toMatch(/^rows_invalid: .*1 of 2 rows cannot be used\nline 2: "x" /);
  expect(said).toContain(says);
});

test.each([
  ['half a character', '{"id":"\\ud800","x":1}', 'holds half a character'],
  ['an infinite number', '{"id":1e999,"x":1}', 'the number 1e999, which would'],
])('a key of %s is named by its line', async (_what, line, says) => {
  const said = await snapshotOf(`${line}\n`, 'jsonl', { x: 'x' });
  expect(said).toMatch(/line 1: the key "id" /);
  expect(said).toContain(says);
});

test.each(['__proto__', 'constructor', 'toString'])(
  'a column called %s is a column like any other',
  async (name) => {
    const csv = await snapshotOf(`id,${name}\na,1\n`, 'csv', { [name]: name });
    expect(csv).toBe('nothing went wrong: 1');
    const missing = await snapshotOf('id,x\na,1\n', 'csv', { [name]: name });
    expect(missing).toContain(`there is no column "${name}"`);
  },
);
