import { expect, test } from '@jest/globals';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { newPlace } from './place.ts';

/** Blocks of memory are used again by other files: none may show up in two of them. */
test('files written and read at the same time, some given up, keep to themselves', async () => {
  const folder = createFileStore(newPlace()).run({ workflowId: 'w', firstRunId: 'r' });
  const linesOf = (file: number): string[] =>
    Array.from({ length: 400 }, (_, at) => `${file}:${at}:`.padEnd(2_000, String(file)));

  const write = async (file: number, whole: boolean): Promise<void> => {
    const draft = await folder.create(`${file}.jsonl`);
    const lines = linesOf(file);
    for (const line of whole ? lines : lines.slice(0, 150)) await draft.line(line);
    if (whole) await draft.commit();
    // A second time, as after every commit: it must not give anything back twice.
    await draft.discard();
    await draft.discard();
  };
  const read = async (file: number, atMost: number): Promise<void> => {
    const found: string[] = [];
    for await (const line of folder.lines(`${file}.jsonl`)) {
      found.push(line);
      if (found.length === atMost) break;
    }
    expect(found).toEqual(linesOf(file).slice(0, atMost));
  };

  const files = [1, 2, 3, 4, 5, 6];
  await Promise.all(files.map((file) => write(file, true)));
  for (let round = 0; round < 3; round += 1) {
    await Promise.all([
      ...files.map((file) => read(file, file % 2 === 0 ? 400 : 170)),
      ...files.map((file) => write(file + 10, file % 2 === 0)),
    ]);
  }
  await Promise.all(files.filter((file) => file % 2 === 0).map((file) => read(file + 10, 400)));
});
