import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { RowmillError } from '../errors.ts';
import { openAtomicFile } from './atomic-file.ts';
import { errnoOf, reading, writing } from './disk-error.ts';
import { openDraft } from './draft.ts';
import { makeFolder } from './folders.ts';
import { isDraftName, removeLeftovers } from './leftovers.ts';
import { readChunks, readLines, readPieces } from './lines.ts';
import type { Folder } from './store.ts';

/** Allowed path segments: names inside a folder are rowmill's own, like `parts/2/000017.jsonl`. */
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._=-]{0,199}$/;

const segmentsOf = (name: string): string[] => {
  const segments = name.split('/');
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    throw new RowmillError('internal', `"${name}" cannot be the name of a file in the store`);
  }
  return segments;
};

/** Creates a folder of the file store. `prepare` runs before the first write. */
export const createFileFolder = (path: string, prepare: () => Promise<void>): Folder => {
  const locate = (name: string): string => join(path, ...segmentsOf(name));
  const swept = new Set<string>();

  const place = async (name: string): Promise<string> => {
    const file = locate(name);
    const folder = join(file, '..');
    await prepare();
    await writing(file, async () => {
      await makeFolder(folder);
      // Once per folder, not per file: a scan of a big table makes a thousand parts.
      if (!swept.has(folder)) await removeLeftovers(folder);
      swept.add(folder);
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
      await writing(file, () => rm(file, { force: true }));
    },
    read: (name, range) => {
      const file = locate(name);
      if (range !== undefined && !(range.start >= 0 && range.end >= range.start)) {
        throw new RowmillError('internal', `no such range: ${range.start}–${range.end}`, {
          where: file,
        });
      }
      return Readable.from(readChunks(file, range), { objectMode: false });
    },
    visit: async (name, visit) => {
      for await (const piece of readPieces(locate(name))) await visit(piece);
    },
    lines: (name) => readLines(locate(name)),
    readJson: async (name) => {
      const file = locate(name);
      const text = await reading(file, () => readFile(file, 'utf8'));
      try {
        const value: unknown = JSON.parse(text);
        return value;
      } catch {
        // The parser's message quotes the content, which must not leak into error texts.
        throw new RowmillError('store_unreadable', 'the file is not valid JSON', { where: file });
      }
    },
    writeJson: async (name, value) => {
      // `stringify` returns undefined for values that JSON cannot represent, although its type says
      // otherwise.
      const text = JSON.stringify(value, null, 2) as string | undefined;
      if (text === undefined) throw new RowmillError('internal', `${name} would not be JSON`);
      const file = await place(name);
      await writing(file, async () => {
        const draft = await openAtomicFile(file);
        try {
          await draft.write(Buffer.from(`${text}\n`, 'utf8'));
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
  const above = prefix.split('/').slice(0, -1);
  if (above.length > 0) segmentsOf(above.join('/'));
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
