import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Lists the files in a folder and in those below it. */
export const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
