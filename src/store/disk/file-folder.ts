import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fence } from '../../fence.ts';
import { foldersOf, jsonText, parseJson, refuseRange, segmentsOf } from '../file-names.ts';
import type { Folder } from '../store.ts';
import { openAtomicFile } from './atomic-file.ts';
import { errnoOf, reading, writing } from './disk-error.ts';
import { openDraft } from './draft.ts';
import { makeFolder } from './folders.ts';
import { readChunks, readLines, readPieces } from './lines.ts';
import { isDraftName, removeLeftovers } from './temp-files.ts';

/** Creates a folder of the file store. `prepare` runs before the first write. */
export const createFileFolder = (path: string, prepare: () => Promise<void>): Folder => {
  const locate = (name: string): string => join(path, ...segmentsOf(name));
  const cleaned = new Set<string>();

  const place = async (name: string): Promise<string> => {
    const file = locate(name);
    const folder = join(file, '..');
    await prepare();
    await writing(file, async () => {
      await makeFolder(folder);
      // Once per folder, not per file: a scan of a big table makes a thousand parts.
      if (!cleaned.has(folder)) await removeLeftovers(folder);
      cleaned.add(folder);
    });
    return file;
  };

  const sizeOf = async (name: string): Promise<number | null> => {
    const file = locate(name);
    return reading(file, async () => {
      try {
        const found = await stat(file);
        return found.isFile() ? found.size : null;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return null;
        throw error;
      }
    });
  };

  return {
    path,
    locate,
    size: sizeOf,
    exists: async (name) => (await sizeOf(name)) !== null,
    list: (prefix) => namesUnder(path, prefix),
    remove: async (name) => {
      const file = locate(name);
      await writing(file, () => fence().change(() => rm(file, { force: true })));
    },
    read: (name, range) => {
      const file = locate(name);
      refuseRange(range, file);
      return Readable.from(readChunks(file, range), { objectMode: false });
    },
    visit: async (name, visit) => {
      for await (const piece of readPieces(locate(name))) await visit(piece);
    },
    lines: (name) => readLines(locate(name)),
    readJson: async (name) => {
      const file = locate(name);
      return parseJson(await reading(file, () => readFile(file, 'utf8')), file);
    },
    writeJson: async (name, value) => {
      const text = jsonText(name, value);
      const file = await place(name);
      await writing(file, async () => {
        const draft = await openAtomicFile(file);
        try {
          await draft.write(Buffer.from(text, 'utf8'));
          await draft.commit();
        } finally {
          await draft.discard();
        }
      });
    },
    create: async (name) => openDraft(await place(name)),
  };
};

/** Lists the files under `path` whose names begin with `prefix`, sorted, without drafts. */
const namesUnder = async (path: string, prefix: string): Promise<string[]> => {
  const above = foldersOf(prefix);
  const names: string[] = [];
  const visit = async (segments: string[]): Promise<void> => {
    const folder = join(path, ...segments);
    for (const entry of await entriesOf(folder)) {
      const name = [...segments, entry.name];
      if (entry.isDirectory()) await visit(name);
      else if (entry.isFile() && !isDraftName(entry.name)) names.push(name.join('/'));
    }
  };
  await visit(above);
  return names.filter((name) => name.startsWith(prefix)).sort();
};

const entriesOf = (folder: string) =>
  reading(folder, async () => {
    try {
      return await readdir(folder, { withFileTypes: true });
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  });
