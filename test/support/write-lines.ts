import type { Folder, WrittenFile } from '../../src/store/store.ts';

/** Writes a file of a store's folder, line by line. */
export async function writeLines(
  folder: Folder,
  name: string,
  lines: readonly string[],
): Promise<WrittenFile> {
  const draft = await folder.create(name);
  for (const line of lines) await draft.line(line);
  return draft.commit();
}

/** Writes a file of JSON Lines. */
export const writeJsonLines = (
  folder: Folder,
  name: string,
  values: readonly unknown[],
): Promise<WrittenFile> =>
  writeLines(
    folder,
    name,
    values.map((value) => JSON.stringify(value)),
  );
