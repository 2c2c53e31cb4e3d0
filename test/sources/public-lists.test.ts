import { expect, test } from '@jest/globals';
import { createDigestDraft } from '../../src/sources/digest-draft.ts';
import { takeSnapshot } from '../../src/sources/snapshot.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { newPlace } from '../store/place.ts';
import { LISTS } from './lists.ts';
import { outcomeOf, rowsFile } from './rows-file.ts';

test.each(Object.entries(LISTS))('lists as they are: %s', async (_, list) => {
  const { text, format = 'csv', key = 'Symbol', input = 'Security', skipBad, expected } = list;
  const source = await rowsFile(text, format);
  const rows = {
    source,
    key,
    map: { input },
    ...(skipBad === undefined ? {} : { skipBad }),
  };
  if (expected instanceof RegExp) {
    expect(await outcomeOf(takeSnapshot(rows, ['input'], createDigestDraft()))).toMatch(expected);
    return;
  }
  const folder = createFileStore(newPlace()).run({ workflowId: 'w', firstRunId: 'r' });
  const { warnings, kept } = await takeSnapshot(rows, ['input'], await folder.create('rows.jsonl'));
  const read: unknown[] = [];
  for await (const line of folder.lines('rows.jsonl')) {
    const row = JSON.parse(line) as { key: string; input: { input: unknown } };
    read.push([row.key, row.input.input]);
  }
  expect(read).toEqual(expected);
  expect(warnings).toEqual((list.warnings ?? []).map((text) => expect.stringMatching(text)));
  expect(kept).toEqual(list.kept ?? []);
});
